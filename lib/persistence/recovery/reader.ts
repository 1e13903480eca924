/** Owns how one file of records is read into the replay: which of its records may count, what damage hit, and what it shows of its key. */

import type { Files } from '../disk/files'
import type { KeyRing } from '../format/encryption'
import type { Header } from '../format/header'
import { decodeEnd, keyIdAt, type Place, type Read, readRecord, Type } from '../format/record'
import { type Scanned, scan, type Visit } from '../format/scan'
import { type Link, lengthsOf } from './chain'
import type { Quarantine } from './quarantine'
import type { Replay } from './replay'

/** What was read of a file. */
interface ReadFile extends Scanned {
  /** The number in the end of a snapshot; `undefined` if there is no end. */
  readonly ended: number | undefined
  /** Records whose key is unknown. */
  readonly undecryptable: number
}

export class Reader {
  readonly #files: Files
  readonly #keys: KeyRing | undefined
  readonly #replay: Replay
  readonly #quarantine: Quarantine
  /** Whether an encrypted file of the chain was read, after which no plain one can be ours. */
  #encrypted = false
  /** Whether plain records were read. */
  plain = false
  /** Whether records were read that are not encrypted as new ones are. */
  outdated = false
  /** Records that damage hit. */
  damaged = 0
  /** Records whose key is unknown. */
  undecryptable = 0

  /** A damaged file, and one whose key is missing, goes into quarantine. */
  constructor(files: Files, keys: KeyRing | undefined, replay: Replay, quarantine: Quarantine) {
    this.#files = files
    this.#keys = keys
    this.#replay = replay
    this.#quarantine = quarantine
  }

  /** Reads a snapshot. Gives the number of the first segment that it does not hold, and whether it is whole. */
  async snapshot(link: Link): Promise<{ from: number; isWhole: boolean }> {
    const { ended, torn, ...read } = await this.#read(link, true)
    // Without its end it was cut, even if between two records.
    const damaged = read.damaged + Math.max(torn, ended === undefined ? 1 : 0)
    await this.#hit(link, damaged)
    const header = link.header as Header | undefined
    return { from: header?.number ?? ended ?? 0, isWhole: damaged === 0 }
  }

  /** Reads a segment, one of `all`. Gives where it ends, for the next one to say. */
  async segment(segment: Link, all: readonly Link[]): Promise<Place> {
    const { number, size } = segment
    const length = lengthsOf(all).get(number)
    const limit = Math.min(size, length ?? size)
    const scanned = await this.#read(segment, true, limit)
    // What a kill leaves at the end of the segment in use: no damage, and nothing to keep.
    const isTorn = segment === all.at(-1) && segment.header !== undefined && !scanned.unreadable
    const isCut = length !== undefined && size < length
    const damaged = scanned.damaged + (isTorn ? 0 : scanned.torn)
    await this.#hit(segment, Math.max(damaged, isCut ? 1 : 0))
    return { number, length: isTorn ? scanned.end : limit }
  }

  /** Reads a file that was kept aside for want of a key. */
  async aside(link: Link): Promise<void> {
    await this.#read(link, false)
  }

  /** Reads a snapshot once more, whose damage is known. */
  async again(link: Link): Promise<void> {
    await this.#scan(link, true)
  }

  /** Reads the first `size` bytes of a file; `isOfChain`: whether it is the snapshot or a segment. */
  async #read(link: Link, isOfChain: boolean, size = link.size): Promise<ReadFile> {
    await this.#quarantine.restrict(link.path)
    const read = await this.#scan(link, isOfChain, size)
    this.undecryptable += read.undecryptable
    if (read.undecryptable > 0) {
      await this.#quarantine.keep(link.path, 'undecryptable', link.changed)
    }
    return read
  }

  async #hit({ path, changed }: Link, damaged: number): Promise<void> {
    if (damaged === 0) return
    this.damaged += damaged
    await this.#quarantine.keep(path, 'damaged', changed)
  }

  async #scan(link: Link, isOfChain: boolean, size = link.size): Promise<ReadFile> {
    const header = typeof link.header === 'object' ? link.header : undefined
    const keys = this.#keys
    let [ended, undecryptable] = [undefined as number | undefined, 0]
    /** The key of all records of this file; `null` if they are plain. */
    let keyId = header?.keyId
    const visit: Visit = (bytes, at, end) => {
      const own = keyIdAt(bytes, at)
      if (keyId === undefined) keyId = own
      // A plain record in an encrypted file, or in one after such a file, is forged.
      if (own === null && (this.#encrypted || keyId !== null)) return false
      if (typeof own === 'string' && keyId === null) return false
      const read = readRecord(bytes, at, end, keys)
      if (typeof read === 'string') undecryptable++
      if (typeof read !== 'object') return read !== undefined
      if (read.type === Type.end) ended = decodeEnd(read)
      return this.#apply(read, end - at)
    }
    const file = await this.#files.open(link.path, 'r')
    try {
      const scanned = await scan(file, size, header, visit)
      this.#note(keyId, isOfChain && header !== undefined)
      return { ...scanned, ended, undecryptable }
    } finally {
      await file.close()
    }
  }

  #note(keyId: string | null | undefined, isOfChain: boolean): void {
    if (keyId === undefined) return
    if (keyId === null) this.plain = true
    else if (isOfChain && this.#keys?.knows(keyId)) this.#encrypted = true
    if (keyId !== (this.#keys?.keyId ?? null)) this.outdated = true
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
