/**
 * Reads what a store left on the disk: the snapshot, then the segments it does not hold yet. Starts
 * whatever it finds: what is damaged is skipped, counted and kept aside.
 */

import type { Entry } from '../entry'
import { notKept, notRestricted } from './faults'
import { codeOf, type FileInfo, type Files, folderOf, type OpenFile } from './files'
import { HEADER_BYTES } from './header'
import type { KeyRing } from './keys'
import { isMemfile, readMemfile } from './memfile'
import type { Names } from './names'
import { decodeEnd, openRecord, type Read, Type } from './record'
import type { Replay } from './replay'
import { readHeader, scan, type Visit } from './scan'
import { hasExpired, Unread } from './unread'

export interface Recovered {
  /** Records that damage hit. */
  readonly damaged: number
  /** The files kept aside for it. */
  readonly aside: readonly string[]
  /** Files that a later version wrote, kept aside. */
  readonly newer: readonly string[]
  /** Records whose key is unknown, kept aside. */
  readonly unread: number
  /** Whether the snapshot has to be written anew, from memory. */
  readonly rewrite: boolean
  /** Files of records kept aside that could be read this time: to be removed once they are saved. */
  readonly reread: readonly string[]
  /** What could not be kept aside yet, and must not be removed before. */
  readonly toKeep: readonly Kept[]
  /** What could not be done, but does not keep the store from starting. */
  readonly problems: readonly Error[]
  /** Why the files are to be left as they are, if they are. */
  readonly fault: Error | undefined
  /** Whether the file was one of express-memfilestore. */
  readonly imported: boolean
  /** The number in the snapshot's header, where there is one. */
  readonly snapshot: number | undefined
  readonly snapshotBytes: number
  readonly journalBytes: number
  readonly segments: readonly number[]
  /** A number that no segment has had. */
  readonly next: number
}

/** A file, and the name to keep it aside by. */
export interface Kept {
  readonly name: string
  readonly aside: string
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
  readonly #aside: string[] = []
  readonly #newer: string[] = []
  readonly #toKeep: Kept[] = []
  readonly #problems: Error[] = []

  constructor(parts: RecoveryParts) {
    this.#files = parts.files
    this.#names = parts.names
    this.#keys = parts.keys
    this.#replay = parts.replay
    this.#adopt = parts.adopt
    this.#writable = parts.writable
    this.#unread = new Unread(parts.files, parts.names, parts.marker, parts.writable)
  }

  /** Rejects only where the folder can't be read at all. */
  async run(now: number): Promise<Recovered> {
    const names = await this.#files.list(this.#names.folder)
    await this.#remove(this.#names.unfinished)
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
    const odd = this.#damaged + unread + reread.length + this.#toKeep.length
    const isWhole = odd === 0 && !this.#outdated
    return {
      damaged: this.#damaged,
      aside: this.#aside,
      newer: this.#newer,
      unread,
      rewrite: !isWhole || snapshot.imported || snapshot.bytes === 0,
      reread,
      toKeep: this.#toKeep,
      problems: this.#problems,
      fault: this.#unread.fault,
      imported: snapshot.imported,
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
        await this.#remove(name)
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
    await this.#restrict(file)
    const sessions = await unlessTorn(readMemfile(this.#files, file, info.size))
    if (sessions === undefined) {
      this.#damaged++
      await this.#keepDamaged(file, info.changed)
      return { bytes: 0, imported: false }
    }
    // The newest come first in such a file.
    for (const [sid, session] of sessions.reverse()) {
      const entry = this.#adopted(sid, session)
      if (entry !== undefined) this.#replay.adopt(entry)
    }
    await this.#keepImported(file, info)
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
    await this.#remove(name)
    return 0
  }

  /** Reads a file of records. Gives its size; 0 for one that was taken away. */
  async #read(name: string): Promise<number> {
    const info = await this.#files.info(name)
    if (info === undefined) return 0
    await this.#restrict(name)
    const file = await this.#files.open(name, 'r')
    let damaged: number | undefined
    try {
      const header = await unlessTorn(readHeader(file))
      if (header === 'newer') {
        await this.#keepNewer(name, info.changed)
        return 0
      }
      const isSnapshot = name === this.#names.file
      if (isSnapshot) this.#from = header?.number
      damaged = (await unlessTorn(this.#scan(file, info.size, isSnapshot))) ?? 1
    } finally {
      await file.close()
    }
    this.#damaged += damaged
    if (damaged > 0) await this.#keepDamaged(name, info.changed)
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

  async #keepDamaged(name: string, changed: number): Promise<void> {
    const aside = this.#names.aside(name, 'damaged', changed)
    this.#aside.push(aside)
    await this.#keep(name, aside)
  }

  async #keepNewer(name: string, changed: number): Promise<void> {
    const aside = this.#names.aside(name, 'newer', changed)
    this.#newer.push(aside)
    if (!this.#writable) return
    try {
      await this.#files.rename(name, aside)
      await this.#files.syncFolder(folderOf(name))
    } catch (error) {
      this.#failedToKeep({ name, aside }, error)
    }
  }

  async #keep(name: string, aside: string): Promise<void> {
    if (!this.#writable) return
    try {
      await keepAside(this.#files, name, aside)
    } catch (error) {
      this.#failedToKeep({ name, aside }, error)
    }
  }

  async #keepImported(file: string, { size, changed }: FileInfo): Promise<void> {
    const { imported } = this.#names
    const former = await this.#files.info(imported)
    const isSame = former?.size === size && former.changed === changed
    const isTaken = former !== undefined && !isSame
    await this.#keep(file, isTaken ? this.#names.aside(file, 'imported', changed) : imported)
  }

  #failedToKeep(kept: Kept, error: unknown): void {
    this.#toKeep.push(kept)
    this.#problems.push(notKept(kept.name, error as Error))
  }

  async #restrict(name: string): Promise<void> {
    if (!this.#writable) return
    try {
      await this.#files.restrict(name)
    } catch (error) {
      this.#problems.push(notRestricted(name, error as Error))
    }
  }

  /** Removes what is worth nothing any more. Where it stays, that is known the next time as well. */
  async #remove(name: string): Promise<void> {
    if (this.#writable) await this.#files.remove(name).catch(() => {})
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

/** Gives a file a second name, so that it stays when the first one goes to another. */
export async function keepAside(files: Files, name: string, aside: string): Promise<void> {
  try {
    await files.link(name, aside)
  } catch (error) {
    const code = codeOf(error)
    // It is kept already, or somebody took it away.
    if (code !== 'EEXIST' && code !== 'ENOENT') throw error
  }
}
