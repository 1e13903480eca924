/**
 * Records that no key opens: kept aside in a file for each key, sealed as they are, until the key
 * is given again or the last of them has expired.
 */

import type { Files } from './files'
import type { Names } from './names'
import { expiryAt, keyIdAt } from './record'
import { scan } from './scan'
import { WholeFile } from './whole-file'

interface Waiting {
  file: WholeFile | undefined
  records: Buffer[]
}

export class Unread {
  readonly #files: Files
  readonly #names: Names
  readonly #marker: number
  readonly #writable: boolean
  readonly #waiting = new Map<string, Waiting>()
  count = 0
  /** Why they could not be kept, if they could not. */
  fault: Error | undefined

  /** Where not `writable`, they are only counted. */
  constructor(files: Files, names: Names, marker: number, writable: boolean) {
    this.#files = files
    this.#writable = writable
    this.#names = names
    this.#marker = marker
  }

  /** Keeps a record aside. */
  add(bytes: Buffer, at: number, end: number): void {
    this.count++
    if (!this.#writable || this.fault !== undefined) return
    const id = keyIdAt(bytes, at)
    const record = Buffer.from(bytes.subarray(at, end))
    record.writeUInt32LE(this.#marker, 0)
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) this.#waiting.set(id, { file: undefined, records: [record] })
    else waiting.records.push(record)
  }

  /** Writes what was added since the last time. */
  flush(): Promise<void> {
    return this.#try(() => this.#flush())
  }

  /** Gives the files their names. */
  finish(): Promise<void> {
    return this.#try(async () => {
      await this.#flush()
      for (const [id, { file }] of this.#waiting) await file?.finish(this.#names.unread(id))
    })
  }

  async #try(run: () => Promise<void>): Promise<void> {
    if (this.fault !== undefined) return
    try {
      await run()
    } catch (error) {
      this.fault = error as Error
      for (const { file } of this.#waiting.values()) await file?.abandon()
      this.#waiting.clear()
    }
  }

  async #flush(): Promise<void> {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.records.length === 0) continue
      waiting.file ??= await this.#begin(id)
      const bytes = Buffer.concat(waiting.records)
      waiting.records = []
      await waiting.file.write(bytes, bytes.length)
    }
  }

  /** A file for what has been kept aside of that key before, and for more. */
  async #begin(id: string): Promise<WholeFile> {
    const name = this.#names.unread(id)
    const header = { kind: 'unread', marker: this.#marker, number: 0 } as const
    const whole = await WholeFile.begin(this.#files, `${name}.tmp`, header)
    const info = await this.#files.info(name)
    if (info === undefined) return whole
    const former = await this.#files.open(name, 'r')
    try {
      const copied: Buffer[] = []
      const flush = async () => {
        const bytes = Buffer.concat(copied.splice(0))
        await whole.write(bytes, bytes.length)
      }
      await scan(
        former,
        info.size,
        (bytes, at, end) => {
          const record = Buffer.from(bytes.subarray(at, end))
          record.writeUInt32LE(this.#marker, 0)
          copied.push(record)
          return true
        },
        flush,
      )
    } finally {
      await former.close()
    }
    return whole
  }
}

/** Whether all sessions in a file of unread records have expired. */
export async function hasExpired(files: Files, name: string, now: number): Promise<boolean> {
  const info = await files.info(name)
  if (info === undefined) return false
  const file = await files.open(name, 'r')
  try {
    let latest = 0
    await scan(file, info.size, (bytes, at) => {
      latest = Math.max(latest, expiryAt(bytes, at))
      return true
    })
    return latest <= now
  } finally {
    await file.close()
  }
}
