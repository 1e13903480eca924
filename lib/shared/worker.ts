/**
 * Owns what is done to a shared file as a whole, in a worker: it is made or mended before it is used,
 * one process at a time, and its WAL is moved into it. Synchronous, and may take its time. The build makes a text
 * of it, which is started as it is.
 */

import fs from 'node:fs'
import { workerData } from 'node:worker_threads'
import { isMemfile } from '../persistence/memfilestore'
import { coded } from '../settings/check'
import { codeOf, type Database, type Engine, isDamage, loadEngine } from '../sqlite/engine'
import type { SessionFile } from '../sqlite/file'
import { answerAll, type Fault, type FileTask } from '../sqlite/link'
import { type Found, Opening } from '../sqlite/opening'
import { buildPlaces, hasPlaces } from './places'

/** What the worker needs to know once. */
export interface Task extends FileTask {
  readonly patience: number
}

/** `open`: makes the file ready, and looks at all of it first if it `isSuspect`. */
export type Request =
  | { readonly ask: 'open'; readonly isSuspect: boolean }
  | { readonly ask: 'checkpoint' | 'close' }

export interface Reply {
  readonly fault?: Fault
  readonly found?: Found
  /** Of a checkpoint: bytes of the file and its WAL before and after, and ms. */
  readonly compaction?: { readonly from: number; readonly to: number; readonly ms: number }
}

const PAUSE = 5
/** Ms for which a checkpoint tries to find a moment in which nobody writes. */
const LONGEST_MS = 1000

class Keeper {
  readonly #engine: Engine
  readonly #task: Task
  readonly #opening: Opening
  #file: SessionFile | undefined

  constructor(engine: Engine, task: Task) {
    this.#engine = engine
    this.#task = task
    this.#opening = new Opening(engine, task, true)
  }

  /** Does what is asked. Throws why it can't. */
  answer(request: Request): Reply {
    if (request.ask === 'open') return this.#open(request.isSuspect)
    if (request.ask === 'checkpoint') return this.#checkpoint()
    this.#close()
    return {}
  }

  #open(isSuspect: boolean): Reply {
    this.#close()
    this.#opening.found = { findings: [], damaged: 0, unread: 0 }
    this.#alone(() => this.#makeReady(isSuspect))
    return { found: this.#opening.found }
  }

  /** Runs while no other process does the same with the file: the lock is SQLite's, so it ends with its process. */
  #alone(run: () => void): void {
    const name = `${this.#task.file}-lock`
    // Only if it is not there: to close it by `fs` would end the lock of another store in this process.
    if (!fs.existsSync(name)) fs.closeSync(fs.openSync(name, 'a', 0o600))
    const lock = this.#engine(name)
    try {
      this.#patiently(() => lock.exec('BEGIN EXCLUSIVE'))
      run()
    } finally {
      close(lock)
    }
  }

  #makeReady(isSuspect: boolean): void {
    const file = this.#patiently(() => this.#opening.open(() => this.#refuseMemfile()))
    this.#file = file
    if (isSuspect) this.#mend(file, 1)
    else if (!this.#hasIndex(file) || this.#isPlain) this.#index(file)
  }

  #refuseMemfile(): false {
    const { file } = this.#task
    if (!isMemfile(file)) return false
    const message = `saveFile: '${file}' is a file of express-memfilestore; import it with the saveFile of a store in one process first`
    throw coded('ESAVEFOREIGN', message)
  }

  /** Whether there may be rows that are not sealed, though there is a key. */
  get #isPlain(): boolean {
    return this.#opening.keys?.isStrict === false
  }

  #hasIndex({ database }: SessionFile): boolean {
    try {
      return hasPlaces(database, this.#opening.keys)
    } catch (error) {
      if (isDamage(error)) return false
      throw error
    }
  }

  /** Builds the index of a file that nobody shared before; of a damaged one, in another that takes its place. */
  #index(file: SessionFile): void {
    const { keys } = this.#opening
    const reading = this.#opening.read(file)
    try {
      this.#patiently(() => file.begin())
      const isPlain = this.#isPlain
      buildPlaces(file, reading, keys, (row) => isPlain && file.put(row))
      if (reading.damaged === 0) file.commit()
      else file.rollback()
    } catch (error) {
      file.rollback()
      if (!isDamage(error)) throw error
      reading.damaged++
    }
    if (reading.damaged > 0) this.#mend(file, reading.damaged)
    else {
      if (this.#isPlain) this.#patiently(() => file.sealed())
      this.#opening.hasRead(file, reading)
    }
  }

  /** Puts another file in the place of a damaged one, with all that can be read of it. */
  #mend(damaged: SessionFile, places: number): void {
    // Nobody writes in the damaged one meanwhile. Those who try find, once they may, that it has moved.
    const guard = this.#engine(this.#task.file)
    try {
      this.#patiently(() => guard.exec('BEGIN IMMEDIATE'))
      this.#opening.mend(damaged, places)
    } finally {
      close(guard)
    }
    this.#file = this.#opening.open()
    this.#index(this.#file)
  }

  #checkpoint(): Reply {
    const file = this.#file as SessionFile
    const from = file.bytes
    const start = performance.now()
    // Most of it beside the others; the little that is left then keeps them from writing.
    file.checkpoint('PASSIVE')
    while (file.checkpoint('RESTART') && performance.now() - start < LONGEST_MS) sleep(1)
    return { compaction: { from, to: file.bytes, ms: performance.now() - start } }
  }

  #close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  /** Waits for a lock of another process, but not for ever. */
  #patiently<Result>(run: () => Result): Result {
    const end = Date.now() + this.#task.patience
    for (;;) {
      try {
        return run()
      } catch (error) {
        if (codeOf(error) !== 'ELOCKED' || Date.now() > end) throw error
        sleep(PAUSE)
      }
    }
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function close(database: Database): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // Nothing was begun.
  }
  database.close()
}

let keeper: Keeper | undefined

answerAll<Request, Reply>((request) => {
  keeper ??= new Keeper(loadEngine(workerData.engine), workerData)
  return keeper.answer(request)
})
