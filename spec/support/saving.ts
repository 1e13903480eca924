/** Stores that save, in real files by a real worker, and what they report. */

import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { buildSync } from 'esbuild'
import { systemClock } from '../../lib/clock'
import type { World } from '../../lib/core'
import type { LembroOptions } from '../../lib/settings/options'
import { parseOptions } from '../../lib/settings/settings'
import { LembroStore } from '../../lib/store'
import { nextTurn } from './time'

export interface Opened {
  readonly store: LembroStore
  /** What `ready` got. */
  readonly error: (Error & { code?: string }) | null
  /** What the `'error'` listeners have heard so far. */
  readonly heard: (Error & { code?: string })[]
}

/** Another SQLite than the one that is found: `DATABASE=better-sqlite3 npm test -- spec/persistence spec/sqlite spec/shared`. */
export const USED = process.env.DATABASE === undefined ? {} : { database: process.env.DATABASE }

const FAULTY = path.resolve('spec/support/faulty-sqlite.cjs')

const codes = new Map<string, string>()

/** The code of a worker of this project, as the build makes it. */
export function workerCode(source: string): string {
  const known = codes.get(source)
  if (known !== undefined) return known
  const { outputFiles } = buildSync({
    ...{ entryPoints: [source], bundle: true, write: false, platform: 'node' },
    ...{ target: 'node20', format: 'cjs', packages: 'external' },
  })
  const code = (outputFiles[0] as { text: string }).text
  codes.set(source, code)
  return code
}

/** A store that is not ready yet. Its disk does what {@link disk} says. */
export function begin(options: LembroOptions, world: Partial<World> = {}) {
  const heard: Opened['heard'] = []
  let store: LembroStore | undefined
  const opened = new Promise<Opened>((resolve) => {
    const ready = (error: Error | null) => resolve({ store: store as LembroStore, error, heard })
    const settings = parseOptions({ database: FAULTY, ...options })
    const worker = workerCode(path.resolve('lib/persistence/worker.ts'))
    store = new LembroStore(settings, { clock: systemClock, worker, ...world }, ready)
    store.on('error', (error: Error) => heard.push(error))
  })
  return { store: store as unknown as LembroStore, opened, heard }
}

/** Opens a store and waits until it is ready. */
export function open(options: LembroOptions, world: Partial<World> = {}): Promise<Opened> {
  return begin(options, world).opened
}

/** What the disk of a save file does from now on: each write fails with that code, or hangs; `undefined`: it works. */
export function disk(saveFile: string, fault: 'ENOSPC' | 'EIO' | 'hangs' | undefined): void {
  const name = `${saveFile}-fault`
  if (fault === undefined) fs.rmSync(name, { force: true })
  else fs.writeFileSync(name, fault)
}

/** The ids of what a file holds, oldest first, by a store that is closed again; and what it reported. */
export async function idsIn(saveFile: string, options: LembroOptions = {}) {
  const { store, error, heard } = await open({ saveFile, ...options })
  const ids = (await store.ids()).reverse()
  const stats = store.stats().save
  await store.close().catch(() => {})
  return { ids, error, heard, stats }
}

/** The files as a kill now would leave them, under a name of their own. Gives that name. */
export function killed(saveFile: string): string {
  const copy = `${saveFile}-killed-${Math.random().toString(36).slice(2)}`
  for (let before = '', after = ' '; before !== after; after = stateOf(saveFile)) {
    before = stateOf(saveFile)
    fs.rmSync(`${copy}-wal`, { force: true })
    // By another process: an open and close in this one would drop the lock.
    if (fs.existsSync(`${saveFile}-wal`)) spawnSync('cp', [`${saveFile}-wal`, `${copy}-wal`])
    execFileSync('cp', [saveFile, copy])
  }
  return copy
}

/** What the header of a WAL tells it by, its length, and when anything moved from it into the file. */
export function walOf(file: string): [string, number, bigint] {
  const bytes = fs.existsSync(`${file}-wal`) ? fs.readFileSync(`${file}-wal`) : Buffer.alloc(0)
  return [bytes.toString('hex', 16, 24), bytes.length, changeOf(file)]
}

/** A copy of the files as a power cut could leave them: what was not in the WAL when it was `synced` last is there by chance. */
export function cut(file: string, synced: [string, number, bigint]): string {
  const [salt, kept, changed] = synced
  const copy = killed(file)
  // A checkpoint has synced the WAL before it wrote to the file: no power cut could take that away.
  if (!fs.existsSync(`${copy}-wal`) || changeOf(file) !== changed) return copy
  const bytes = fs.readFileSync(`${copy}-wal`)
  const from = bytes.toString('hex', 16, 24) === salt ? kept : 32
  for (let at = from; at < bytes.length; at += 512) {
    if (Math.random() < 0.3) bytes.fill(0, at, Math.min(at + 512, bytes.length))
  }
  const length = from + Math.floor(Math.random() * (bytes.length - from + 1))
  fs.writeFileSync(`${copy}-wal`, bytes.subarray(0, length))
  return copy
}

/** What changes when anything moves from the WAL into the file, and when the WAL begins anew: the two copies would not belong together. */
function stateOf(saveFile: string): string {
  const name = `${saveFile}-wal`
  const head = fs.existsSync(name) ? fs.readFileSync(name).toString('hex', 0, 32) : ''
  return `${changeOf(saveFile)} ${head}`
}

function changeOf(saveFile: string): bigint {
  return fs.statSync(saveFile, { bigint: true }).mtimeNs
}

/** Waits for something that comes soon, and fails if it does not come within some minutes. */
export async function until(condition: () => boolean): Promise<void> {
  for (let nth = 0; !condition(); nth++) {
    if (nth === 100_000) throw new Error(`it never came: ${condition}`)
    await (nth < 1000 ? nextTurn() : setTimeout(2))
  }
}
