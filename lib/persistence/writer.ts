/** Owns the file on the worker's side: opens it, gives what it holds, and writes what it is told. Synchronous but for the syncs. */

import fs from 'node:fs'
import { coded } from '../settings/check'
import { asideOf, rescue, setAside } from '../sqlite/aside'
import { codeOf, type Engine, isDamage } from '../sqlite/engine'
import { SessionFile } from '../sqlite/file'
import { KeyRing } from '../sqlite/keys'
import { faultOf } from '../sqlite/link'
import { Reading } from '../sqlite/reading'
import type { Row } from '../sqlite/rows'
import { isMemfile, readMemfile } from './memfilestore'
import type { Changes, Finding, Notice, Part, Reply, Request, Task, Writing } from './protocol'

/** Sessions and characters of one part of what is read: some 2 ms of work for the store. */
const MOST_ROWS = 500
const MOST_LENGTH = 256 * 1024
/** Bytes of WAL, as estimated, after which it is moved into the file: small and often, so that nobody waits long. */
const CHECKPOINT_BYTES = 2 * 1024 * 1024
/** A page and its header in the WAL; a change dirties some three beside its text. */
const FRAME_BYTES = 536

export class Writer {
  readonly #engine: Engine
  readonly #task: Task
  readonly #tell: (notice: Notice) => void
  readonly #keys: KeyRing | undefined
  readonly #findings: Finding[] = []
  #file: SessionFile | undefined
  #reading: Reading | undefined
  #rows: Iterator<Row> | undefined
  #imported: [string, unknown][] = []
  #wasImported = false
  #damaged = 0
  #walBytes = 0
  #isGathering = false
  #isTimed = true
  #timer: NodeJS.Timeout | undefined

  constructor(engine: Engine, task: Task, tell: (notice: Notice) => void) {
    this.#engine = engine
    this.#task = task
    this.#tell = tell
    this.#keys = task.keys === undefined ? undefined : new KeyRing(task.keys)
  }

  /** Does what is asked. Gives faults, and throws none. */
  answer(request: Request): Reply {
    try {
      return this.#answer(request)
    } catch (error) {
      if (this.#isGathering) this.#file?.rollback()
      this.#isGathering = false
      return { fault: faultOf(error) }
    }
  }

  /** To be called after each reply: moves the WAL into the file once it is long. */
  rest(): void {
    if (this.#walBytes < CHECKPOINT_BYTES || this.#isGathering) return
    try {
      const from = this.#open.bytes
      const start = performance.now()
      this.#open.checkpoint()
      this.#walBytes = 0
      this.#tell({ compaction: { from, to: this.#open.bytes, ms: performance.now() - start } })
    } catch (error) {
      this.#tell({ fault: faultOf(error) })
    }
  }

  get #open(): SessionFile {
    if (this.#file === undefined) throw coded('ESAVEFAILED', 'the file is not open')
    return this.#file
  }

  #answer(request: Request): Reply {
    if (request.ask === 'open') this.#begin()
    else if (request.ask === 'read') return { read: this.#read() }
    else if (request.ask === 'timed') this.#isTimed = request.timed
    else if (request.ask === 'imported')
      fs.renameSync(this.#importing, `${this.#task.file}.imported`)
    else if (request.ask === 'sealed') this.#open.sealed()
    else if (request.ask === 'close') {
      clearTimeout(this.#timer)
      this.#file?.close()
      this.#file = undefined
      return { synced: Date.now() }
    } else if (request.ask === 'write') return this.#write(request)
    return {}
  }

  #begin(): void {
    const { file } = this.#task
    if (fs.existsSync(this.#importing)) this.#imported = this.#import(this.#importing)
    try {
      this.#file = new SessionFile(this.#engine, file, this.#keys)
    } catch (error) {
      this.#makeWay(error)
      this.#file = new SessionFile(this.#engine, file, this.#keys)
    }
    this.#reading = new Reading(this.#file.database, this.#keys, this.#task.mostBytes)
    this.#rows = this.#reading.rows()
    const plain = this.#keys === undefined ? [] : asideOf(file)
    if (plain.length > 0) {
      const message = `saveFile: sessions may be in plain text in ${plain.join(', ')}, which were set aside`
      this.#findings.push({ code: 'ESAVEPLAIN', message })
    }
  }

  /** Sets a file aside that can't be opened, unless it is another's or the disk fails: then it throws why. */
  #makeWay(error: unknown): void {
    const { file } = this.#task
    if (codeOf(error) === 'ESAVEVERSION') {
      const aside = setAside(file, 'newer')
      const message = `saveFile: '${file}' was written by a later version of lembro; it is kept as '${aside}'`
      this.#findings.push({ code: 'ESAVEVERSION', message })
      return
    }
    if (!isDamage(error)) throw error
    if (isMemfile(file)) {
      this.#imported = this.#import(file)
      if (this.#wasImported) fs.renameSync(file, this.#importing)
      if (this.#wasImported) return
    }
    this.#found(1, setAside(file, 'damaged'))
  }

  get #importing(): string {
    return `${this.#task.file}.importing`
  }

  #import(name: string): [string, unknown][] {
    const sessions = readMemfile(name)
    if (sessions === 'foreign') {
      const message = `saveFile: '${name}' is JSON but no file of express-memfilestore; it is left alone and sessions are not saved`
      throw coded('ESAVEFOREIGN', message)
    }
    this.#wasImported = sessions !== undefined
    return sessions ?? []
  }

  #found(damaged: number, aside: string): void {
    const what = damaged === 1 ? 'something in it' : `${damaged} places in it`
    const message = `saveFile: '${this.#task.file}' is damaged: ${what} can't be read; it is kept as '${aside}'`
    this.#findings.push({ code: 'ESAVEDAMAGED', message })
    this.#damaged += damaged
  }

  #read(): Part {
    const rows: Row[] = []
    const reading = this.#reading as Reading
    for (let length = 0; rows.length < MOST_ROWS && length < MOST_LENGTH; ) {
      const { done, value } = (this.#rows as Iterator<Row>).next()
      if (done) return { rows, imported: this.#imported, end: this.#end(reading) }
      rows.push(value)
      length += value.body.length
    }
    return { rows, imported: [], end: undefined }
  }

  #end({ damaged, unread, isOld, last }: Reading) {
    const { file, mostBytes } = this.#task
    if (damaged > 0) {
      this.#found(damaged, rescue(this.#engine, file, this.#open, this.#keys, mostBytes))
      this.#file = new SessionFile(this.#engine, file, this.#keys)
    }
    if (unread > 0) {
      const message = `saveFile: none of saveKeys opens ${unread} of the sessions in '${file}'; they stay there until their key is given again`
      this.#findings.push({ code: 'ESAVEKEY', message })
    }
    const wasImported = this.#wasImported
    const findings = [...this.#findings]
    return { findings, damaged: this.#damaged, unread, isOld, last, wasImported }
  }

  #write({ changes, part, synced }: Writing): Reply {
    const file = this.#open
    const isAlone = !this.#isGathering
    if (isAlone) file.begin()
    this.#isGathering = true
    if (part === 'begin') file.clear(true)
    if (changes.cleared) file.clear(false)
    for (const key of changes.removed) file.remove(key)
    for (const row of changes.puts) file.put(row)
    for (const times of changes.touches) file.touch(times)
    this.#count(changes)
    if (part === 'begin' || (!isAlone && part !== 'end')) return {}
    file.commit()
    this.#isGathering = false
    if (!synced && this.#task.period > 0) {
      this.#syncSoon()
      return { bytes: file.bytes }
    }
    const before = Date.now()
    file.syncNow()
    return { bytes: file.bytes, synced: before }
  }

  #count({ removed, puts, touches }: Changes): void {
    const texts = puts.reduce((sum, { body }) => sum + body.length, 0)
    this.#walBytes += texts + FRAME_BYTES * (2 * removed.length + 3 * puts.length + touches.length)
  }

  // After half of the period, so that the other half is left for the sync itself.
  #syncSoon(): void {
    const { period } = this.#task
    if (this.#timer !== undefined || period === Number.POSITIVE_INFINITY || !this.#isTimed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      const before = Date.now()
      this.#file?.sync((error) => {
        this.#tell(error === null ? { synced: before } : { fault: faultOf(error) })
      })
    }, period / 2)
  }
}
