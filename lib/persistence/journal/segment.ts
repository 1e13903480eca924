/** Owns one file of the journal: how it begins, and where its end is. */

import { AtomicFile } from '../disk/atomic-file'
import { type Files, type OpenFile, writeAll } from '../disk/files'
import { encodeHeader, HEADER_BYTES } from '../format/header'
import { encodeFollows, FOLLOWS_BYTES, type Place } from '../format/record'
import type { RecordWriter } from '../format/record-writer'

/** The length of a segment that holds no change yet. */
export const FIRST_LENGTH = HEADER_BYTES + FOLLOWS_BYTES

export interface SegmentPlan {
  readonly files: Files
  /** Its name, and the name it has until it is on the disk. */
  readonly name: string
  readonly unfinished: string
  readonly number: number
  readonly writer: RecordWriter
  /** Rejects if the file must not get its name. */
  readonly check: () => Promise<void>
}

export class Segment {
  readonly number: number
  readonly #marker: number
  readonly #file: OpenFile
  #length = HEADER_BYTES

  private constructor(number: number, marker: number, file: OpenFile) {
    this.number = number
    this.#marker = marker
    this.#file = file
  }

  /** Begins a segment's file: it appears with its whole header. */
  static async begin(plan: SegmentPlan): Promise<Segment> {
    const { files, number, writer } = plan
    const atomic = await AtomicFile.begin(files, plan.unfinished)
    try {
      const { marker, keyId } = writer
      await atomic.write(encodeHeader('journal', marker, number, keyId))
      return new Segment(number, marker, await atomic.finish(plan.name, plan.check))
    } catch (error) {
      await atomic.abandon()
      throw error
    }
  }

  /** Its bytes that count: all writes that succeeded. */
  get length(): number {
    return this.#length
  }

  /** Writes where the segment before it ends, which is known once nothing more goes there. */
  follow(former: Place): Promise<void> {
    const record = encodeFollows(this.#marker, former)
    return this.write(record, record.length)
  }

  async write(bytes: Buffer, length: number): Promise<void> {
    await writeAll(this.#file, bytes, length, this.#length)
    this.#length += length
  }

  sync(): Promise<void> {
    return this.#file.datasync()
  }

  /** Closes the file. That may fail: by then all of it is synced, or given up. */
  async close(): Promise<void> {
    await this.#file.close().catch(() => {})
  }
}
