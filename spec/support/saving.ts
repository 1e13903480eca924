/** Stores that save, on the real disk or on one in memory, and what they report. */

import fs from 'node:fs'
import os from 'node:os'
import { type Clock, systemClock } from '../../lib/clock'
import type { World } from '../../lib/core'
import { realFiles } from '../../lib/persistence/disk/files'
import type { LembroOptions } from '../../lib/settings/options'
import { parseOptions } from '../../lib/settings/settings'
import { LembroStore } from '../../lib/store'
import { FakeClock } from './clock'
import type { Disk } from './disk'
import { nextTurn } from './time'

/** Above what any system gives. */
const NOBODY = 2 ** 22 + 1

export interface Opened {
  readonly store: LembroStore
  /** What `ready` got. */
  readonly error: (Error & { code?: string }) | null
  /** What the `'error'` listeners have heard so far. */
  readonly heard: (Error & { code?: string })[]
}

/** A clock that only a spec moves, while the event loop comes round by itself. */
export class SteppedClock extends FakeClock {
  override breathe(callback: () => void): void {
    setImmediate(callback)
  }
}

/** A store that is not ready yet. */
export function begin(options: LembroOptions, world: Partial<World> = {}) {
  const heard: Opened['heard'] = []
  let store: LembroStore | undefined
  const opened = new Promise<Opened>((resolve) => {
    const ready = (error: Error | null) => resolve({ store: store as LembroStore, error, heard })
    const settings = parseOptions(options)
    store = new LembroStore(settings, { clock: systemClock, files: realFiles, ...world }, ready)
    store.on('error', (error: Error) => heard.push(error))
  })
  return { store: store as unknown as LembroStore, opened, heard }
}

/** Opens a store and waits until it is ready. */
export function open(options: LembroOptions, world: Partial<World> = {}): Promise<Opened> {
  return begin(options, world).opened
}

/** Leaves a store as its process would be killed: what comes next finds its lock's owner dead. */
export function kill(saveFile: string, disk?: Disk): void {
  const lock = `${saveFile}.lock`
  const read = () =>
    disk === undefined ? fs.readFileSync(lock, 'utf8') : disk.read(lock).toString()
  if (disk === undefined ? !fs.existsSync(lock) : !disk.names.includes(lock)) return
  // After a power cut it may be empty: as a person would, put one there that tells of its owner.
  const owner = JSON.parse(read() || '{"started":"","boot":"","space":""}')
  const text = JSON.stringify({ host: os.hostname(), ...owner, pid: NOBODY, token: 'killed' })
  if (disk === undefined) fs.writeFileSync(lock, text)
  else disk.write(lock, Buffer.from(text))
}

/** The ids of what a file holds, oldest first, by a store that is closed again; and what it reported. */
export async function idsIn(
  saveFile: string,
  options: LembroOptions = {},
  world: Partial<World> = {},
) {
  const { store, error, heard } = await open({ saveFile, ...options }, world)
  const ids = (await store.ids()).reverse()
  const stats = store.stats().save
  await store.close().catch(() => {})
  return { ids, error, heard, stats }
}

/** When nothing is under way any more. */
export async function settled(store: LembroStore): Promise<void> {
  for (let turn = 0; turn < 60 || (store.stats().save?.pending ?? 0) > 0; turn++) await nextTurn()
}

/** Lets time pass in small steps, so that what awaits something in between goes on. */
export async function passing(clock: SteppedClock, ms: number, step = 250): Promise<void> {
  for (let passed = 0; passed < ms; passed += step) {
    clock.pass(Math.min(step, ms - passed))
    for (let turn = 0; turn < 6; turn++) await nextTurn()
  }
}

/** Waits for something that comes soon, and fails if it does not. */
export async function until(condition: () => boolean, turns = 200_000): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn === turns) throw new Error(`it never came: ${condition}`)
    await nextTurn()
  }
}

/** Opens, reads and kills stores on a disk in memory. */
export function on(disk: Disk, clock: Clock = systemClock) {
  const world = { files: disk, clock }
  return {
    world,
    begin: (options: LembroOptions) => begin(options, world),
    open: (options: LembroOptions) => open(options, world),
    idsIn: (saveFile: string, options?: LembroOptions) => idsIn(saveFile, options, world),
    kill: (saveFile: string) => kill(saveFile, disk),
  }
}
