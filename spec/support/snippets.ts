/** Blocks of code from documents, in a folder where packages are found as an application finds them: compiled and run there. */

import { type ChildProcess, execFile, execFileSync, fork } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Block } from './markdown'
import type { Scope } from './redis'

const PROJECT = path.join(__dirname, '../..')
const MOST_MS = 300_000

/** What the documents speak of without saying where it comes from. */
const NAMES = `
import type { Express } from 'express'
import type { Session, SessionData } from 'express-session'
import type * as lembro from 'lembro'

declare global {
  const Lembro: typeof lembro.Lembro
  const store: lembro.Lembro
  const app: Express
  const session: typeof import('express-session')
}

declare module 'express-session' {
  interface SessionData {
    userId: string
    cart: string[]
    visits: number
    account: { email: string }
    isOperator: boolean
  }
}

// What an application has made of it before it comes to a middleware of another.
declare module 'node:http' {
  interface IncomingMessage {
    session: Session & Partial<SessionData>
  }
}
`

// Whatever port a block names: others may be using it. A block alone must not wait for requests.
const ANY_PORT = `
import { Server } from 'node:net'

const { listen } = Server.prototype
Server.prototype.listen = function (port, ...more) {
  const server = listen.call(this, 0, ...more)
  if (!process.connected) return server.unref()
  return server.once('listening', () => process.send(server.address().port))
}
`

const GLOBALS = `
import './any-port.mjs'
import express from 'express'
import session from 'express-session'
import { Lembro } from 'lembro'

process.on('warning', (warning) => {
  if (warning.name === 'LembroWarning') throw warning
})
Object.assign(globalThis, { Lembro, store: new Lembro(), app: express(), session })
`

const COMPILER_OPTIONS = {
  ...{ module: 'nodenext', target: 'es2022', lib: ['es2022', 'esnext.disposable'] },
  ...{ strict: true, exactOptionalPropertyTypes: true, esModuleInterop: true },
  ...{ allowJs: true, checkJs: true, noEmit: true, skipLibCheck: true, types: ['node'] },
}

export class Snippets {
  readonly #folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lembro-docs-'))

  constructor(blocks: readonly Block[]) {
    linkPackages(this.#folder)
    this.#write('names.d.mts', NAMES)
    this.#write('any-port.mjs', ANY_PORT)
    this.#write('globals.mjs', GLOBALS)
    const files = ['names.d.mts', path.join(__dirname, 'koa.d.ts'), ...blocks.map(nameOf)]
    this.#write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files }))
    for (const block of blocks) {
      // A file without imports would declare its names for all others.
      const end = isCommonJs(block) ? '' : '\nexport {}\n'
      this.#write(nameOf(block), block.code + end)
    }
  }

  /** What the compiler has to say about all blocks; nothing, if all is well. */
  compile(): string {
    const tsc = path.join(PROJECT, 'node_modules/typescript/bin/tsc')
    try {
      execFileSync(process.execPath, [tsc, '-p', this.#folder], { encoding: 'utf8' })
      return ''
    } catch (thrown) {
      return (thrown as { stdout: string }).stdout
    }
  }

  /** Runs a block of JavaScript until nothing is left to do. Rejects with what it printed if it fails. */
  run(block: Block): Promise<void> {
    const cwd = this.#folderOf(block)
    const args = ['--import', '../globals.mjs', path.join('..', nameOf(block))]
    return new Promise((resolve, reject) => {
      execFile(process.execPath, args, { cwd, timeout: MOST_MS }, (error, stdout, stderr) => {
        if (error === null) resolve()
        else reject(new Error(`${block.file}:${block.line}: ${error.message}\n${stdout}${stderr}`))
      })
    })
  }

  /**
   * Starts a block as it stands, after `setup`, which declares what the document speaks of. Gives the
   * process, and the port on which it listens.
   */
  async serve(block: Block, setup = '', env = {}): Promise<{ child: ChildProcess; port: number }> {
    const file = path.join(this.#folder, nameOf(block))
    this.#write('setup.mjs', setup)
    const execArgv = ['--import', '../any-port.mjs', '--import', '../setup.mjs']
    const child = fork(file, {
      ...{ cwd: this.#folderOf(block), execArgv, env: { ...process.env, ...env }, silent: true },
    })
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', (message) => resolve(Number(message)))
      child.once('exit', (code) => reject(new Error(`${block.file} ended with ${code}`)))
    })
    return { child, port }
  }

  remove(): void {
    fs.rmSync(this.#folder, { recursive: true, force: true })
  }

  // Of its own, so that no block finds the files of another.
  #folderOf(block: Block): string {
    const folder = path.join(this.#folder, path.parse(nameOf(block)).name)
    fs.mkdirSync(folder, { recursive: true })
    return folder
  }

  #write(name: string, text: string): void {
    fs.writeFileSync(path.join(this.#folder, name), text)
  }
}

/** The project is where its own package would be; the rest is what it has installed. */
function linkPackages(folder: string): void {
  const installed = path.join(PROJECT, 'node_modules')
  const modules = path.join(folder, 'node_modules')
  fs.mkdirSync(modules)
  for (const name of fs.readdirSync(installed)) {
    fs.symlinkSync(path.join(installed, name), path.join(modules, name))
  }
  fs.symlinkSync(PROJECT, path.join(modules, 'lembro'))
}

/** An application's folder, with the built package among those that it has installed. */
export function newProject(t: Scope): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lembro-project-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  linkPackages(folder)
  // A copy: Vite takes what lies outside of node_modules for the application's own code.
  const own = path.join(folder, 'node_modules/lembro')
  fs.rmSync(own)
  for (const name of ['dist', 'package.json']) {
    fs.cpSync(path.join(PROJECT, name), path.join(own, name), { recursive: true })
  }
  return folder
}

/** The file of a block: its document and line, so that the compiler tells where to look. */
export function nameOf(block: Block): string {
  const extension = block.language === 'ts' ? 'mts' : isCommonJs(block) ? 'cjs' : 'mjs'
  return `${path.parse(block.file).name}-${block.line}.${extension}`
}

function isCommonJs({ language, code }: Block): boolean {
  return language === 'js' && /\brequire\(/.test(code)
}
