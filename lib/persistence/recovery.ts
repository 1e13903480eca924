/**
 * Reads what a store left on the disk: the snapshot, then the segments it does not hold yet. Starts
 * whatever it finds: what is damaged is skipped, counted and kept aside.
 */

import type { Entry } from '../entry/entry'
import { codeOf, type Files, type OpenFile } from './files'
import { HEADER_BYTES } from './header'
import { Keeper, type KeptAside } from './keeper'
import type { KeyRing } from './keys'
import { isMemfile, readMemfile } from './memfile'
import type { Names } from './names'
import { decodeEnd, openRecord, type Read, Type } from './record'
import type { Replay } from './replay'
import { readHeader, scan, type Visit } from './scan'
import { hasExpired, Unread } from './unread'

export interface Recovered extends KeptAside {
  /** Records that damage hit. */
  readonly damaged: number
  /** Records whose key is unknown, kept aside. */
  readonly unread: number
  /** Whether the snapshot has to be written anew, from memory. */
  readonly rewrite: boolean
  /** Files of records kept aside that could be read this time: to be removed once they are saved. */
  readonly reread: readonly string[]
  /** Why the files are to be left as they are, if they are. */
  readonly fault: Error | undefined
  /** The number in the snapshot's header, where there is one. */
  readonly snapshot: number | undefined
  readonly snapshotBytes: number
  readonly journalBytes: number
  readonly segments: readonly number[]
  /** A number that no segment has had. */
  readonly next: number
}

export interface RecoveryParts {
  readonly files: Files
  readonly names: Names
  readonly keys: KeyRing | undefined
  /** Where the sessions go. */
  readonly replay: Replay
  /** The marker of the files that are begun. */
  readonly marker: number
  /** Whether files may be changed: those kept aside, and the rights of all. */
  readonly writable: boolean
  /** An entry of a session from express-memfilestore; `undefined` where that has expired. */
  readonly adopt: (sid: string, session: unknown) => Entry | undefined
}

export class Recovery {
  readonly #files: Files
  readonly #names: Names
  readonly #keys: KeyRing | undefined
  readonly #replay: Replay
  readonly #adopt: RecoveryParts['adopt']
  readonly #writable: boolean
  readonly #unread: Unread
  #damaged = 0
  #outdated = false
  #from: number | undefined
  readonly #keeper: Keeper

  constructor(parts: RecoveryParts) {
    this.#files = parts.files
    this.#names = parts.names
    this.#keys = parts.keys
    this.#replay = parts.replay
    this.#adopt = parts.adopt
    this.#writable = parts.writable
    this.#keeper = new Keeper(parts.files, parts.names, parts.writable)
    this.#unread = new Unread(parts.files, parts.names, parts.marker, parts.writable)
  }

  /** Rejects only where the folder can't be read at all. */
  async run(now: number): Promise<Recovered> {
    const names = await this.#files.list(this.#names.folder)
    await this.#keeper.remove(this.#names.unfinished)
    const reread = await this.#readUnread(names, now)
    const snapshot = await this.#readSnapshot()
    const all = this.#names.segmentsAmong(names)
    const segments: number[] = []
    let journalBytes = 0
    for (const number of all) {
      const size = await this.#readSegment(number)
      if (size > 0) segments.push(number)
      journalBytes += size
    }
    await this.#unread.finish()
    const unread = this.#unread.count
    const odd = this.#damaged + unread + reread.length + this.#keeper.kept.toKeep.length
    const isWhole = odd === 0 && !this.#outdated
    return {
      damaged: this.#damaged,
      ...this.#keeper.kept,
      unread,
      rewrite: !isWhole || snapshot.imported || snapshot.bytes === 0,
      reread,
      fault: this.#unread.fault,
      snapshot: this.#from,
      snapshotBytes: snapshot.bytes,
      journalBytes,
      segments,
      next: Math.max(0, (this.#from ?? 1) - 1, ...all) + 1,
    }
  }

  /** Reads the records kept aside whose key is given again, and drops those that have expired. */
  async #readUnread(names: readonly string[], now: number): Promise<string[]> {
    const reread: string[] = []
    for (const id of this.#names.unreadAmong(names)) {
      const name = this.#names.unread(id)
      if (this.#keys?.knows(id)) {
        await this.#read(name)
        reread.push(name)
      } else if (this.#writable && (await hasExpired(this.#files, name, now))) {
        await this.#keeper.remove(name)
      }
    }
    return reread
  }

  async #readSnapshot(): Promise<{ bytes: number; imported: boolean }> {
    const { file } = this.#names
    const info = await this.#files.info(file)
    if (info === undefined) return { bytes: 0, imported: false }
    if (!(await unlessTorn(isMemfile(this.#files, file)))) {
      return { bytes: await this.#read(file), imported: false }
    }
    await this.#keeper.restrict(file)
    const sessions = await unlessTorn(readMemfile(this.#files, file, info.size))
    if (sessions === undefined) {
      this.#damaged++
      await this.#keeper.damaged(file, info.changed)
      return { bytes: 0, imported: false }
    }
    // The newest come first in such a file.
    for (const [sid, session] of sessions.reverse()) {
      const entry = this.#adopted(sid, session)
      if (entry !== undefined) this.#replay.adopt(entry)
    }
    await this.#keeper.imported(file, info)
    return { bytes: info.size, imported: true }
  }

  #adopted(sid: string, session: unknown): Entry | undefined {
    try {
      return this.#adopt(sid, session)
    } catch {
      this.#damaged++
      return undefined
    }
  }

  async #readSegment(number: number): Promise<number> {
    const name = this.#names.segment(number)
    const info = await this.#files.info(name)
    if (info === undefined) return 0
    const over = number < (this.#from ?? 0)
    // A process that ended as it began the segment.
    const empty = info.size < HEADER_BYTES
    if (!over && !empty) return this.#read(name)
    await this.#keeper.remove(name)
    return 0
  }

  /** Reads a file of records. Gives its size; 0 for one that was taken away. */
  async #read(name: string): Promise<number> {
    const info = await this.#files.info(name)
    if (info === undefined) return 0
    await this.#keeper.restrict(name)
    const file = await this.#files.open(name, 'r')
    let damaged: number | undefined
    try {
      const header = await unlessTorn(readHeader(file))
      if (header === 'newer') {
        await this.#keeper.newer(name, info.changed)
        return 0
      }
      const isSnapshot = name === this.#names.file
      if (isSnapshot) this.#from = header?.number
      damaged = (await unlessTorn(this.#scan(file, info.size, isSnapshot))) ?? 1
    } finally {
      await file.close()
    }
    this.#damaged += damaged
    if (damaged > 0) await this.#keeper.damaged(name, info.changed)
    return info.size
  }

  async #scan(file: OpenFile, size: number, isSnapshot: boolean): Promise<number> {
    let ended: number | undefined
    const visit: Visit = (bytes, at, end) => {
      const read = openRecord(bytes, at, end, this.#keys)
      if (read === undefined) return false
      if (typeof read === 'string') {
        this.#unread.add(bytes, at, end)
        return true
      }
      if (read.type === Type.end) {
        ended = decodeEnd(read)
        return true
      }
      if (this.#keys?.isCurrent(bytes, at) === false) this.#outdated = true
      return this.#apply(read, end - at)
    }
    const { header, damaged } = await scan(file, size, visit, () => this.#unread.flush())
    if (!isSnapshot) return damaged
    this.#from = header?.number ?? ended
    // A snapshot that was cut between two records misses its end.
    return damaged === 0 && ended === undefined ? 1 : damaged
  }

  #apply(read: Read, length: number): boolean {
    try {
      this.#replay.apply(read, length)
      return true
    } catch {
      return false
    }
  }
}

/** What is read; `undefined` where the disk can't. */
async function unlessTorn<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading
  } catch (error) {
    if (codeOf(error) !== 'EIO') throw error
    return undefined
  }
}
