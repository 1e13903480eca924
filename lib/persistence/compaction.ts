/**
 * Compaction: a new snapshot of the former one and the closed segments, without what later records
 * have overtaken. It reads closed files only, so it runs in a worker; records pass as they are,
 * sealed or not, in the order they came, and so the age order stays.
 *
 * Until the snapshot gets its name nothing has changed; from then on it says itself which segments
 * it holds. So a crash between any two steps leaves what can be loaded.
 */

import { Batch } from './batch'
import type { Files } from './files'
import { KeyRing } from './keys'
import { LiveRecords } from './live-records'
import { Names } from './names'
import { openRecord, type Read } from './record'
import { readHeader, scan } from './scan'
import { endSnapshot, removeSegments } from './snapshot'
import { WholeFile } from './whole-file'

const PART_BYTES = 512 * 1024

export interface CompactionTask {
  readonly saveFile: string
  /** The number in the header of the snapshot; `undefined` where there is none. */
  readonly snapshot: number | undefined
  /** The closed segments that it does not hold, in order. */
  readonly segments: readonly number[]
  /** The first segment that the new snapshot is not to hold. */
  readonly next: number
  readonly marker: number
  readonly keys: readonly Uint8Array[]
  readonly now: number
}

export interface Compacted {
  /** Bytes of the new snapshot. */
  readonly bytes: number
  readonly sessions: number
}

/** Sees a record, where it is in a buffer, and its place among all of them. */
type See = (read: Read, bytes: Buffer, at: number, end: number, place: number) => void

/**
 * Compacts the files of a store. Gives `undefined` where `isOff` said so. Rejects for damage too,
 * and for a file that is gone: the store's memory knows better then, and is to be written instead.
 */
export async function compact(
  files: Files,
  task: CompactionTask,
  isOff: () => boolean,
): Promise<Compacted | undefined> {
  try {
    return await new Compaction(files, task, isOff).run()
  } catch (error) {
    if (error instanceof Off) return undefined
    throw error
  }
}

class Off extends Error {}

class Compaction {
  readonly #files: Files
  readonly #task: CompactionTask
  readonly #isOff: () => boolean
  readonly #names: Names
  readonly #keys: KeyRing | undefined
  readonly #live: LiveRecords

  constructor(files: Files, task: CompactionTask, isOff: () => boolean) {
    this.#files = files
    this.#task = task
    this.#isOff = isOff
    this.#names = new Names(task.saveFile)
    const keys = task.keys.map((key) => Buffer.from(key))
    this.#keys = keys.length === 0 ? undefined : new KeyRing(keys)
    this.#live = new LiveRecords(task.now)
  }

  async run(): Promise<Compacted> {
    const sources = await this.#sources()
    const note: See = (read, _bytes, _at, _end, place) => this.#live.note(read, place)
    await this.#visit(sources, note, async () => this.#check())
    const { next } = this.#task
    const bytes = await this.#write(sources, next)
    await removeSegments(this.#files, this.#names, next)
    return { bytes, sessions: this.#live.size }
  }

  async #write(sources: readonly string[], number: number): Promise<number> {
    const { marker } = this.#task
    const header = { kind: 'snapshot', marker, number } as const
    const whole = await WholeFile.begin(this.#files, this.#names.unfinished, header)
    try {
      const batch = new Batch()
      const flush = async (least: number) => {
        this.#check()
        if (batch.length < least) return
        await whole.write(batch.bytes, batch.length)
        batch.reset()
      }
      const copy: See = (read, bytes, at, end, place) => {
        if (!this.#live.holds(read, place)) return
        const to = batch.reserve(end - at)
        bytes.copy(batch.bytes, to, at, end)
        batch.bytes.writeUInt32LE(marker, to)
      }
      await this.#visit(sources, copy, () => flush(PART_BYTES))
      await flush(1)
      await endSnapshot(whole, this.#names, marker, number)
      return whole.length
    } catch (error) {
      await whole.abandon()
      throw error
    }
  }

  /** The files to read, in order. One that somebody took away fails later, as it is opened. */
  async #sources(): Promise<string[]> {
    const { snapshot } = this.#task
    const { file } = this.#names
    const segments = this.#task.segments.map((number) => this.#names.segment(number))
    if (snapshot === undefined) return segments
    if ((await this.#snapshotNumber()) !== snapshot) throw damage(file)
    return [file, ...segments]
  }

  async #snapshotNumber(): Promise<number | undefined> {
    const open = await this.#files.open(this.#names.file, 'r')
    try {
      const header = await readHeader(open)
      return typeof header === 'object' ? header.number : undefined
    } finally {
      await open.close()
    }
  }

  async #visit(sources: readonly string[], see: See, rest: () => Promise<void>): Promise<void> {
    let base = 0
    for (const source of sources) base += await this.#visitOne(source, base, see, rest)
  }

  async #visitOne(
    source: string,
    base: number,
    see: See,
    rest: () => Promise<void>,
  ): Promise<number> {
    const info = await this.#files.info(source)
    const file = await this.#files.open(source, 'r')
    const size = info?.size ?? 0
    try {
      const visit = (bytes: Buffer, at: number, end: number, position: number) => {
        const read = openRecord(bytes, at, end, this.#keys)
        if (typeof read !== 'object') return false
        see(read, bytes, at, end, base + position)
        return true
      }
      const { damaged } = await scan(file, size, visit, rest)
      if (damaged > 0) throw damage(source)
    } finally {
      await file.close()
    }
    return size
  }

  #check(): void {
    if (this.#isOff()) throw new Off()
  }
}

function damage(file: string): Error {
  return Object.assign(new Error(`${file} is damaged`), { code: 'ESAVEDAMAGED' })
}
