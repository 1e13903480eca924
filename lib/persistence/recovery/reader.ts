/** Owns how one file of records is read into the replay: which of its records may count, and what it shows of its key. */

import type { Files } from '../disk/files'
import type { KeyRing } from '../format/encryption'
import { decodeEnd, keyIdAt, type Read, readRecord, Type } from '../format/record'
import { type Scanned, scan, type Visit } from '../format/scan'
import type { Link } from './chain'
import type { Replay } from './replay'

/** What was read of a file. */
export interface ReadFile extends Scanned {
  /** The number in the end of a snapshot; `undefined` if there is no end. */
  readonly ended: number | undefined
  /** Records whose key is unknown. */
  readonly undecryptable: number
}

export class Reader {
  readonly #files: Files
  readonly #keys: KeyRing | undefined
  readonly #replay: Replay
  /** Whether an encrypted file of the chain was read, after which no plain one can be ours. */
  #encrypted = false
  /** Whether plain records were read. */
  plain = false
  /** Whether records were read that are not encrypted as new ones are. */
  outdated = false

  constructor(files: Files, keys: KeyRing | undefined, replay: Replay) {
    this.#files = files
    this.#keys = keys
    this.#replay = replay
  }

  /** Reads the first `size` bytes of a file; `isOfChain`: whether it is the snapshot or a segment. */
  async read(link: Link, isOfChain: boolean, size = link.size): Promise<ReadFile> {
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
