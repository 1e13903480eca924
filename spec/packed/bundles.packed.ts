/** An application in one file, as bundlers make it of the packed package: run where there is nothing but a SQLite. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { devDependencies } from '../../package.json'
import { Installation } from '../support/pack'

const installation = new Installation(
  ...['express', 'express-session', '@photostructure/sqlite'].map(
    (name) => `${name}@${Object(devDependencies)[name]}`,
  ),
  `esbuild@${devDependencies.esbuild}`,
  ...['webpack@5', '@vercel/ncc@0.45'],
)
const elsewhere = mkdtempSync(join(tmpdir(), 'lembro-bundle-'))
after(() => {
  installation.remove()
  rmSync(elsewhere, { recursive: true, force: true })
})

const USE = `
  const store = new Lembro({ interval: 0, saveFile: process.argv[2] })
  const app = express()
  app.use('/sessions', monitor(store, { authorize: () => true }))
  app.use(session({ store, secret: 's', resave: false, saveUninitialized: false }))
  app.get('/', (req, res) => {
    req.session.visits = 1
    res.send('visited')
  })
  const server = createServer(app).listen(0, '127.0.0.1', async () => {
    const url = 'http://127.0.0.1:' + server.address().port
    const text = async (path) => (await fetch(url + path)).text()
    const visited = await text('/')
    const [, title] = /<title>(.*)<\\/title>/.exec(await text('/sessions/'))
    console.log(visited, title, (await text('/sessions/main.js')).length > 1_000, await store.length())
    await store.save()
    console.log(store.stats().save.saving)
    server.close()
    server.closeAllConnections()
    store.close()
  })`
const USED = 'visited Sessions true 1\ntrue'

installation.write(
  'app.cjs',
  `const { createServer } = require('node:http')
  const express = require('express')
  const session = require('express-session')
  const { Lembro } = require('lembro')
  const { monitor } = require('lembro/monitor')
  ${USE}`,
)
installation.write(
  'app.mjs',
  `import { createServer } from 'node:http'
  import express from 'express'
  import session from 'express-session'
  import { Lembro } from 'lembro'
  import { monitor } from 'lembro/monitor'
  ${USE}`,
)

// No bundle has a SQLite in it: before Node 22.13 it is installed where the application runs.
mkdirSync(join(elsewhere, 'node_modules'))
symlinkSync(
  installation.path('node_modules/@photostructure'),
  join(elsewhere, 'node_modules/@photostructure'),
)

/** Runs a file of the installation alone, where there is nothing else but a SQLite. */
function alone(file: string): string {
  const copy = join(elsewhere, file.replaceAll('/', '-'))
  cpSync(installation.path(file), copy)
  const args = [copy, join(elsewhere, `${file.replaceAll('/', '-')}.db`)]
  return execFileSync(process.execPath, args, { encoding: 'utf8', cwd: elsewhere }).trim()
}

describe('a bundle with a store, its saveFile and the monitor', () => {
  const esbuild = (...args: string[]) =>
    installation.run('npx', '--no-install', 'esbuild', '--bundle', '--platform=node', ...args)

  it('is made by esbuild, of CommonJS', () => {
    esbuild('app.cjs', '--outfile=out/esbuild.cjs')
    assert.equal(alone('out/esbuild.cjs'), USED)
  })

  it('is made by esbuild, of ES modules', () => {
    // Express has to be given a `require` in such a bundle, with any store.
    const banner = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)`
    esbuild('app.mjs', '--format=esm', `--banner:js=${banner}`, '--outfile=out/esbuild.mjs')
    assert.equal(alone('out/esbuild.mjs'), USED)
  })

  it('is made by webpack', () => {
    const script = `
      const output = { path: __dirname + '/out', filename: 'webpack.cjs' }
      const settings = { mode: 'production', target: 'node', entry: './app.mjs', output }
      require('webpack')(settings, (error, stats) => {
        if (error || stats.hasErrors()) throw error ?? new Error(stats.toString())
      })`
    installation.script('webpack.cjs', script)
    assert.equal(alone('out/webpack.cjs'), USED)
  })

  it('is made by ncc', () => {
    installation.run('npx', '--no-install', 'ncc', 'build', 'app.cjs', '-o', 'out/ncc')
    assert.equal(alone('out/ncc/index.cjs'), USED)
  })
})
