/**
 * Owns the file on the worker's side: opens it, gives what it holds, and writes what it is told. Synchronous but for
 * the syncs. Each request gets one reply, in order. The build makes a text of it, which is started as it is.
 */

import fs from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { coded } from '../settings/check'
import { loadEngine } from '../sqlite/engine'
import type { SessionFile } from '../sqlite/file'
import { answerAll, type Fault, type FileTask, faultOf, uninterrupted } from '../sqlite/link'
import { asideOf, type Found, Opening } from '../sqlite/opening'
import type { Reading } from '../sqlite/reading'
import type { Row, Times } from '../sqlite/rows'
import { isMemfile, readMemfile } from './memfilestore'

/** What the worker needs to know once. */
export interface Task extends FileTask {
  readonly period: number
  /** Whether what was written is brought to the disk each period. */
  readonly timed: boolean
}

/** What happened to sessions, to be saved in this order: all gone, some gone, put, touched. */
export interface Changes {
  readonly cleared: boolean
  readonly removed: readonly number[]
  readonly puts: readonly Row[]
  readonly touches: readonly Times[]
}

export type Request =
  | { readonly ask: 'open' | 'read' | 'sync' | 'close' }
  | { readonly ask: 'timed'; readonly timed: boolean }
  | { readonly ask: 'write'; readonly changes: Changes }
  /** All sessions were put since: rows with a smaller `seq` go, and so does a file that was imported. */
  | { readonly ask: 'rewritten'; readonly from: number }

/** How saving goes: told with a reply, or unasked. */
export interface Notice {
  readonly fault?: Fault
  /** Bytes of the files. */
  readonly bytes?: number
  /** When the disk had all that was written by then. */
  readonly synced?: number
  /** Of a checkpoint: bytes of the files before and after, and ms. */
  readonly compaction?: { readonly from: number; readonly to: number; readonly ms: number }
}

export interface Reply extends Notice {
  /** Of `read`. */
  readonly read?: Part
}

/** A part of what was saved, the longest unused first. */
export interface Part {
  readonly rows: readonly Row[]
  /** Sessions of an express-memfilestore, by id. */
  readonly imported: readonly [sid: string, session: unknown][]
  /** Only with the last part: what is known of all. */
  readonly end: End | undefined
}

export interface End extends Found {
  /** Whether rows are plain, or under an older key, though there is a current one. */
  readonly isOld: boolean
  readonly wasImported: boolean
  /** The largest number that the file knows. */
  readonly last: number
}

/** Sessions and characters of one part of what is read: some 2 ms of work for the store. */
const MOST_ROWS = 500
const MOST_LENGTH = 256 * 1024
/** Bytes of WAL, as estimated, after which it is moved into the file: small and often, so that nobody waits long. */
const CHECKPOINT_BYTES = 256 * 1024
/** A page and its header in the WAL; a change dirties some three beside its text. */
const FRAME_BYTES = 536

class Writer {
  readonly #task: Task
  readonly #opening: Opening
  #file: SessionFile | undefined
  #parts: Iterator<Part> | undefined
  /** The sessions of an express-memfilestore, if there was one. */
  #imported: [string, unknown][] | undefined
  #walBytes = 0
  #isTimed: boolean
  #isSyncing = false
  #timer: NodeJS.Timeout | undefined

  constructor(task: Task) {
    this.#task = task
    this.#isTimed = task.timed
    this.#opening = new Opening(loadEngine(task.engine, false), task)
  }

  answer(request: Request): Reply {
    if (request.ask === 'open') this.#begin()
    else if (request.ask === 'read') return { read: this.#parts?.next().value }
    else if (request.ask === 'timed') this.#setTimed(request.timed)
    else if (request.ask === 'write') return this.#write(request.changes)
    else if (request.ask === 'sync') return this.#sync()
    else if (request.ask === 'rewritten') return this.#rewritten(request.from)
    else return this.#close()
    return {}
  }

  get #open(): SessionFile {
    if (this.#file === undefined) throw coded('ESAVEFAILED', 'the file is not open')
    return this.#file
  }

  /** As {@link SessionFile.requireThere}, and closes it then: its WAL would be taken for that of the file that has the name now. */
  #requireThere(file: SessionFile): void {
    try {
      file.requireThere()
    } catch (thrown) {
      file.close()
      this.#file = undefined
      throw thrown
    }
  }

  #begin(): void {
    const { file } = this.#task
    if (fs.existsSync(this.#importing)) this.#imported = this.#import(this.#importing)
    this.#file = this.#opening.open(() => this.#takesMemfile())
    this.#parts = this.#read(this.#file)
    const plain = this.#opening.keys === undefined ? [] : asideOf(file)
    const message = `saveFile: sessions may be in plain text in ${plain.join(', ')}, which were set aside`
    if (plain.length > 0) this.#opening.tell('ESAVEPLAIN', message)
  }

  /** Takes the file of an express-memfilestore away, and keeps its sessions. */
  #takesMemfile(): boolean {
    const { file } = this.#task
    if (isMemfile(file)) this.#imported = this.#import(file)
    if (this.#imported !== undefined) fs.renameSync(file, this.#importing)
    return this.#imported !== undefined
  }

  get #importing(): string {
    return `${this.#task.file}.importing`
  }

  #import(name: string): [string, unknown][] | undefined {
    const sessions = readMemfile(name)
    if (sessions !== 'foreign') return sessions
    const message = `saveFile: '${name}' is JSON but no file of express-memfilestore; it is left alone and sessions are not saved`
    throw coded('ESAVEFOREIGN', message)
  }

  *#read(file: SessionFile): Generator<Part, Part> {
    const reading = this.#opening.read(file)
    let rows: Row[] = []
    let length = 0
    for (const row of reading.rows()) {
      rows.push(row)
      length += row.body.length
      if (rows.length < MOST_ROWS && length < MOST_LENGTH) continue
      yield { rows, imported: [], end: undefined }
      rows = []
      length = 0
    }
    return { rows, imported: this.#imported ?? [], end: this.#end(file, reading) }
  }

  #end(file: SessionFile, reading: Reading): End {
    this.#file = this.#opening.hasRead(file, reading)
    const { isOld, last } = reading
    return { ...this.#opening.found, isOld, last, wasImported: this.#imported !== undefined }
  }

  #write({ cleared, removed, puts, touches }: Changes): Reply {
    const file = this.#open
    file.write(() => {
      if (cleared) file.clear()
      for (const key of removed) file.remove(key)
      for (const row of puts) file.put(row)
      for (const times of touches) file.touch(times)
    })
    this.#requireThere(file)
    const texts = puts.reduce((sum, { body }) => sum + body.length, 0)
    this.#walBytes += texts + FRAME_BYTES * (2 * removed.length + 3 * puts.length + touches.length)
    const { period } = this.#task
    if (period === 0) return this.#sync()
    if (this.#walBytes >= CHECKPOINT_BYTES) this.#syncBeside()
    else if (this.#isTimed && period < Number.POSITIVE_INFINITY) {
      // After half of the period, so that the other half is left for the sync itself.
      this.#timer ??= setTimeout(() => this.#syncBeside(), period / 2)
    }
    return { bytes: file.bytes }
  }

  #setTimed(isTimed: boolean): void {
    // What was written meanwhile has waited long enough.
    if (isTimed && !this.#isTimed) this.#syncBeside()
    this.#isTimed = isTimed
  }

  /** Brings all to the disk before it answers. */
  #sync(): Reply {
    const synced = Date.now()
    const file = this.#open
    this.#requireThere(file)
    file.syncNow()
    this.#checkpoint()
    return { bytes: file.bytes, synced }
  }

  /** Brings all to the disk while more is written; after that a checkpoint has little to wait for. */
  #syncBeside(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isSyncing || this.#file === undefined) return
    this.#isSyncing = true
    const synced = Date.now()
    this.#file.sync((error) => {
      this.#isSyncing = false
      try {
        if (error !== null) throw error
        tell({ synced })
        uninterrupted(() => this.#checkpoint())
      } catch (failure) {
        tell({ fault: faultOf(failure) })
      }
    })
  }

  /** Moves the WAL into the file once it is long. */
  #checkpoint(): void {
    if (this.#walBytes < CHECKPOINT_BYTES || this.#file === undefined) return
    const from = this.#file.bytes
    const start = performance.now()
    this.#file.checkpoint()
    this.#walBytes = 0
    tell({ compaction: { from, to: this.#file.bytes, ms: performance.now() - start } })
  }

  #rewritten(from: number): Reply {
    const file = this.#open
    file.write(() => file.removeOlder(from))
    const reply = this.#sync()
    if (this.#imported !== undefined) fs.renameSync(this.#importing, `${this.#task.file}.imported`)
    if (this.#opening.keys !== undefined) file.sealed()
    return reply
  }

  #close(): Reply {
    clearTimeout(this.#timer)
    const synced = Date.now()
    const file = this.#open
    this.#requireThere(file)
    file.close()
    this.#file = undefined
    return { synced }
  }
}

function tell(notice: Notice): void {
  parentPort?.postMessage({ notice })
}

let writer: Writer | undefined

answerAll<Request, Reply>((request) => {
  writer ??= new Writer(workerData)
  return writer.answer(request)
})
