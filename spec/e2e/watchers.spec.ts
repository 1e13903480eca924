/** Of docs/surviving.md, "Development with a watcher": sessions survive each restart, and no watcher is woken by them. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { newSaveFile } from '../support/folder'
import { Markdown } from '../support/markdown'
import { pause, type Scope } from '../support/redis'
import { newProject } from '../support/snippets'

const MODULES = path.resolve('node_modules')
const TOOLS = {
  'node --watch': ['--watch'],
  nodemon: [path.join(MODULES, 'nodemon/bin/nodemon.js')],
  'tsx watch': [path.join(MODULES, 'tsx/dist/cli.mjs'), 'watch'],
}

const block = (text: string) => {
  const { blocks } = new Markdown('docs/surviving.md')
  const found = blocks.find(({ code }) => code.includes(text))
  assert(found !== undefined)
  return found.code
}

/** A site that counts the visits of a session, the code of the store aside. */
const SITE = `
const app = express()
app.use(session({ store, secret: 'a secret', resave: false, saveUninitialized: false }))
app.get('/', (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1
  res.json({ version: VERSION, visits: req.session.visits })
})
`

/** Any port: others may use it by the next start. It is told outside of the folder, so that nothing is woken by it. */
const LISTEN = `
import { writeFileSync } from 'node:fs'

const listen = (app) => {
  const server = app.listen(0, '127.0.0.1', () => {
    writeFileSync(process.env.PORT_FILE, String(server.address().port))
  })
}
`

const ALONE = `${LISTEN}
import express from 'express'
import session from 'express-session'
import { Lembro } from 'lembro'

console.log('it starts')
const store = new Lembro({ saveFile: 'sessions.db' })
${SITE}
listen(app)
`

const BEFORE_VITE = `${LISTEN}
import express from 'express'
import { createServer } from 'vite'

const plugin = {
  name: 'spec',
  handleHotUpdate({ file }) {
    console.log('it is woken by ' + file)
  },
}
const server = { middlewareMode: true, ws: false }
const vite = await createServer({ server, plugins: [plugin], appType: 'custom' })
const site = express()
site.use(async (req, res) => {
  const { app } = await vite.ssrLoadModule('/app.mjs')
  app(req, res)
})
listen(site)
`

const IN_VITE = `
import express from 'express'
import session from 'express-session'
${block('??= new Lembro')}
${SITE}
export { app }
`

/** A folder with a site in it, run by a tool, and a browser that visits it. */
async function develop(t: Scope, args: readonly string[], files: Readonly<Record<string, string>>) {
  const folder = newProject(t)
  const write = (version: number) => {
    for (const [name, code] of Object.entries(files)) {
      const text = code.replace('VERSION', String(version))
      if (version === 1 || text !== code) fs.writeFileSync(path.join(folder, name), text)
    }
  }
  write(1)
  const portFile = newSaveFile()
  const child = spawn(process.execPath, args, {
    ...{ cwd: folder, env: { ...process.env, PORT_FILE: portFile }, detached: true },
  })
  t.after(() => end(child))
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      printed += chunk
    })
  }
  let cookie = ''
  const visit = async () => {
    const port = fs.readFileSync(portFile, 'utf8')
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } })
    cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie
    return (await answer.json()) as { version: number; visits: number }
  }
  return {
    write,
    printed: () => printed,
    /** So many visits, the first as soon as that version serves. Gives how many the session has counted. */
    async visit(version: number, times: number): Promise<number> {
      let seen = await visit().catch(() => undefined)
      for (let n = 0; seen?.version !== version; n++) {
        assert.ok(n < 300, `version ${version} does not come:\n${printed}`)
        await pause(100)
        // A visit of the earlier version counts too.
        seen = await visit().catch(() => undefined)
      }
      for (let n = 1; n < times; n++) seen = await visit()
      return (seen as { visits: number }).visits
    },
  }
}

function end({ pid, exitCode }: ChildProcess): void {
  if (exitCode === null && pid !== undefined) process.kill(-pid, 'SIGKILL')
}

describe('a session', () => {
  for (const [tool, args] of Object.entries(TOOLS)) {
    it(`survives the restarts of ${tool}, which it causes none of`, async (t) => {
      const file = tool === 'tsx watch' ? 'site.mts' : 'site.mjs'
      const site = await develop(t, [...args, file], { [file]: ALONE })
      let visits = await site.visit(1, 20)
      for (const version of [2, 3]) {
        site.write(version)
        const now = await site.visit(version, 20)
        assert.ok(
          now >= visits + 20,
          `${now} visits after ${visits} and 20 more:\n${site.printed()}`,
        )
        visits = now
      }
      assert.equal(site.printed().match(/it starts/g)?.length, 3, site.printed())
    })
  }

  it('survives what Vite loads anew, and wakes nothing there', async (t) => {
    const site = await develop(t, ['server.mjs'], {
      'server.mjs': BEFORE_VITE,
      'app.mjs': IN_VITE,
      'vite.config.mjs': block('ignored'),
    })
    let visits = await site.visit(1, 20)
    for (const version of [2, 3]) {
      site.write(version)
      const now = await site.visit(version, 20)
      assert.ok(now >= visits + 20, `${now} visits after ${visits} and 20 more`)
      visits = now
    }
    const woken = site.printed().match(/it is woken by .*/g) ?? []
    assert.deepEqual([...new Set(woken.map((line) => path.basename(line)))], ['app.mjs'])
    assert.doesNotMatch(site.printed(), /ELOCKED|Warning/)
  })
})
