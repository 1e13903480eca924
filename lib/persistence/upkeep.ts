/**
 * Keeps the files small and true: compacts the journal once it outgrows the snapshot, and writes
 * the snapshot anew from memory where the files are not to be trusted: after damage, after a failed
 * write, after an import, for a new key. One of these at a time.
 */

import type { Ledger } from '../ledger/ledger'
import type { CompactionReport } from '../stats'
import type { Clock } from '../time/clock'
import { type Running, startCompaction } from './compactor'
import type { Files } from './files'
import { beginSegment, type Journal, type Segment } from './journal'
import { type Kept, keepAside } from './keeper'
import type { KeyRing } from './keys'
import type { Names } from './names'
import type { RecordWriter } from './record-writer'
import type { Recovered } from './recovery'
import { removeSegments, writeSnapshot } from './snapshot'

/** A journal shorter than this is not worth compacting. */
const LEAST_BYTES = 16 * 1024 * 1024
/** Each start begins a segment: more than these are compacted, however short. */
const MOST_SEGMENTS = 8
const FIRST_DELAY = 1000
const LONGEST_DELAY = 60_000

export interface UpkeepParts {
  readonly files: Files
  readonly names: Names
  readonly clock: Clock
  readonly ledger: Ledger
  readonly journal: Journal
  readonly writer: RecordWriter
  readonly keys: KeyRing | undefined
  /** Hears of each failure; it is tried again later. */
  readonly failed: (error: Error) => void
}

export class Upkeep {
  readonly #parts: UpkeepParts
  #next: number
  #snapshotBytes: number
  /** The number in the snapshot's header; `undefined` where there is none. */
  #snapshot: number | undefined
  #closedBytes: number
  #closedSegments: readonly number[]
  #rewriteDue: boolean
  #distrusted = false
  #reread: readonly string[]
  #toKeep: readonly Kept[]
  #failures = 0
  #cancelRetry: (() => void) | undefined
  #work: Promise<void> | undefined
  #running: Running | undefined
  #closed = false
  lastCompaction: CompactionReport | null = null

  constructor(parts: UpkeepParts, found: Recovered) {
    this.#parts = parts
    this.#next = found.next
    this.#snapshotBytes = found.snapshotBytes
    this.#snapshot = found.snapshot
    this.#closedBytes = found.journalBytes
    this.#closedSegments = found.segments
    this.#rewriteDue = found.rewrite
    this.#reread = found.reread
    this.#toKeep = found.toKeep
  }

  /** Bytes of snapshot and journal. */
  get bytes(): number {
    return this.#snapshotBytes + this.#journalBytes
  }

  /** Whether changes may be missing in the files, until they are written anew. */
  get distrusted(): boolean {
    return this.#distrusted
  }

  /** Begins the next segment: from now on the journal goes there. */
  async begin(): Promise<number> {
    const { files, names, journal, writer } = this.#parts
    const number = this.#next++
    const former = journal.segment
    const name = names.segment(number)
    const file = await files.open(name, 'wx')
    let segment: Segment
    try {
      segment = await beginSegment(file, number, writer.marker)
      await files.syncFolder(names.folder)
    } catch (error) {
      await file.close().catch(() => {})
      await files.remove(name).catch(() => {})
      throw error
    }
    await journal.goOn(segment)
    if (former !== undefined) {
      this.#closedBytes += former.length
      this.#closedSegments = [...this.#closedSegments, former.number]
    }
    return number
  }

  /** The files can't be trusted any more: they are to be written anew, once that goes. */
  distrust(): void {
    this.#rewriteDue = true
    this.#distrusted = true
    this.#retryLater()
  }

  /** Starts what is due, if anything is. */
  look(): void {
    if (this.#work !== undefined || this.#cancelRetry !== undefined || this.#closed) return
    if (!this.#rewriteDue && !this.#isLong) return
    this.#start().catch(() => {})
  }

  /** Writes the files anew now, where that is due. Rejects where it can't be done. */
  async mend(): Promise<void> {
    while (this.#rewriteDue && !this.#closed) {
      if (this.#work !== undefined) {
        await this.#work.catch(() => {})
        continue
      }
      this.#cancelRetry?.()
      this.#cancelRetry = undefined
      await this.#start()
      // The disk failed again meanwhile.
      const { fault } = this.#parts.journal
      if (fault !== undefined) throw fault
    }
  }

  /** Calls off what is going on, and starts nothing more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.#running?.stop()
    await this.#work?.catch(() => {})
  }

  get #journalBytes(): number {
    return this.#closedBytes + (this.#parts.journal.segment?.length ?? 0)
  }

  get #isLong(): boolean {
    const tooLong = this.#journalBytes > Math.max(this.#snapshotBytes, LEAST_BYTES)
    return tooLong || this.#closedSegments.length > MOST_SEGMENTS
  }

  #start(): Promise<void> {
    const work = this.#rewriteDue ? this.#rewrite() : this.#compact()
    this.#work = work.then(
      () => {
        this.#work = undefined
        this.#failures = 0
        this.look()
      },
      (error) => {
        this.#work = undefined
        this.#parts.failed(error)
        this.#retryLater()
        throw error
      },
    )
    return this.#work
  }

  #retryLater(): void {
    if (this.#cancelRetry !== undefined || this.#closed) return
    const delay = Math.min(FIRST_DELAY * 2 ** this.#failures++, LONGEST_DELAY)
    this.#cancelRetry = this.#parts.clock.after(delay, () => {
      this.#cancelRetry = undefined
      this.look()
    })
  }

  async #rewrite(): Promise<void> {
    const { files, names, writer, ledger, clock, journal } = this.#parts
    for (const { name, aside } of this.#toKeep) await keepAside(files, name, aside)
    this.#toKeep = []
    const number = await this.begin()
    const walk = ledger.walk()
    try {
      // What has changed since is lost with a segment that fails meanwhile.
      const isLost = () => journal.segment?.number !== number
      const isOff = () => this.#closed || isLost()
      const bytes = await writeSnapshot(files, names, number, writer, walk, clock, isOff)
      if (bytes === undefined || isLost()) return
      this.#snapshotBytes = bytes
    } finally {
      walk.end()
    }
    await this.#holdsAllBefore(number)
    for (const name of this.#reread) await files.remove(name)
    this.#reread = []
    this.#rewriteDue = false
    this.#distrusted = false
  }

  async #compact(): Promise<void> {
    const { files, names, writer, keys, clock } = this.#parts
    const from = this.bytes
    const began = clock.elapsed()
    const number = await this.begin()
    const task = {
      saveFile: names.file,
      snapshot: this.#snapshot,
      segments: this.#closedSegments,
      next: number,
      marker: writer.marker,
      keys: keys?.keys ?? [],
      now: clock.now(),
    }
    try {
      this.#running = startCompaction(files, task)
      const compacted = await this.#running.done
      if (compacted === undefined) return
      this.#snapshotBytes = compacted.bytes
    } catch (error) {
      // What can't be read is still in memory.
      this.#rewriteDue = true
      throw error
    } finally {
      this.#running = undefined
    }
    await this.#holdsAllBefore(number)
    this.lastCompaction = { from, to: this.#snapshotBytes, ms: clock.elapsed() - began }
  }

  async #holdsAllBefore(number: number): Promise<void> {
    this.#snapshot = number
    this.#closedBytes = 0
    this.#closedSegments = []
    await removeSegments(this.#parts.files, this.#parts.names, number)
  }
}
