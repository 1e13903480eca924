/**
 * Owns when a checkpoint is due and what it does: goes on in a new segment, writes a snapshot of
 * memory, and removes the segments that the snapshot holds. Between any two of its steps, the files
 * can be loaded. One at a time; a failing one is tried again later.
 */

import type { Ledger } from '../../ledger/ledger'
import type { CompactionReport } from '../../stats'
import type { Clock } from '../../time/clock'
import type { Files } from '../disk/files'
import type { Lock } from '../disk/lock'
import type { Paths } from '../disk/paths'
import type { RecordWriter } from '../format/record-writer'
import type { Journal } from '../journal/journal'
import { Segment } from '../journal/segment'
import { Attempts } from './attempts'
import { writeSnapshot } from './snapshot'

const MIB = 1024 * 1024
/** A journal shorter than this is not worth a checkpoint, unless the budget or the disk is small. */
const LEAST_JOURNAL = 32 * MIB
const LEAST_OF_BUDGET = 1 / 4
/** A journal as long as this share of the snapshot is: the files then stay below three times what is live. */
const MOST_OF_SNAPSHOT = 2 / 5
/** Of the bytes in memory, the room on the disk that is kept for the next snapshot, and a little more. */
const ROOM = 1.25
/** A checkpoint for want of room gains nothing from a journal below this. */
const LEAST_GAIN = 64 * 1024
/** The disk is asked again after the journal has grown by this share of the room to spare, and by so much at the most. */
const SHARE_OF_SPARE = 1 / 8
const MOST_BETWEEN_LOOKS = 4 * MIB
/** Each start may begin a segment: more than these are worth a checkpoint, however short. */
const MOST_SEGMENTS = 8
/** While the journal is this many times too long, a checkpoint writes at least this many times as much. */
const OVERLONG = 1.25
const PACE = 4

export interface CheckpointerDependencies {
  readonly files: Files
  readonly paths: Paths
  readonly clock: Clock
  readonly ledger: Ledger
  readonly journal: Journal
  readonly writer: RecordWriter
  readonly maxBytes: number
  /** Gives the lock, and takes it if that failed before. */
  readonly lock: () => Promise<Lock>
  /** Is called before anything is removed, and rejects if that must not be yet. */
  readonly prepare: () => Promise<void>
  /** Is called after each success: the files hold all that memory holds. */
  readonly succeeded: () => Promise<void>
  /** Is called with each failure; it is tried again. */
  readonly failed: (error: Error) => void
}

/** What is on the disk as it begins. */
export interface OnDisk {
  readonly snapshotBytes: number
  readonly journalBytes: number
  readonly segments: number
  /** The first segment that the snapshot does not hold; 0 if there is no whole snapshot. */
  readonly first: number
  /** The number of the segment to begin. */
  readonly next: number
}

export class Checkpointer {
  readonly #needs: CheckpointerDependencies
  readonly #least: number
  readonly #attempts: Attempts
  #first: number
  #next: number
  #snapshotBytes: number
  #closedBytes: number
  #segments: number
  #isNeeded = false
  #isCrowded = false
  /** How long the journal is when the disk is asked next. */
  #nextLook = LEAST_GAIN
  #abort = new AbortController()
  #isWriting = false
  /** Bytes that the snapshot under way must still get before the journal goes on, and what lets it. */
  #ahead = 0
  #proceed: (() => void) | undefined
  /** Entries with this mark are in the journal that the next snapshot leaves in place. */
  mark = 1
  lastCheckpoint: CompactionReport | null = null

  constructor(needs: CheckpointerDependencies, onDisk: OnDisk) {
    this.#needs = needs
    this.#attempts = new Attempts(
      needs.clock,
      () => this.#run(),
      needs.failed,
      () => this.look(),
    )
    this.#least = Math.min(LEAST_JOURNAL, needs.maxBytes * LEAST_OF_BUDGET)
    this.#first = onDisk.first
    this.#next = onDisk.next
    this.#snapshotBytes = onDisk.snapshotBytes
    this.#closedBytes = onDisk.journalBytes
    this.#segments = onDisk.segments
  }

  /** Bytes of snapshot and journal. */
  get bytes(): number {
    return this.#snapshotBytes + this.#journalBytes
  }

  /** Whether the files are not as they should be until a checkpoint succeeds. */
  get isNeeded(): boolean {
    return this.#isNeeded
  }

  /** Whether the journal is twice as long as it should be, as after many starts that were ended soon. */
  get isOverdue(): boolean {
    return this.#segments > 2 * MOST_SEGMENTS || this.#journalBytes > 2 * this.#mostJournal
  }

  /** Asks for a checkpoint: the files are not as they should be. */
  demand(): void {
    this.#isNeeded = true
  }

  /** Calls off the checkpoint under way, since changes were lost that it counts on; another one follows. */
  restart(error: Error): void {
    this.#isNeeded = true
    this.#abort.abort(error)
    this.#attempts.later()
  }

  /** Starts a checkpoint if one is due. Is called after each write. */
  look(): void {
    if (this.#attempts.isBusy) return
    if (this.#isNeeded || this.#isCrowded || this.#isLong) this.#attempts.start().catch(() => {})
    else this.#lookForRoom()
  }

  /** Holds up the journal while it would outrun the checkpoint under way: else the files had no bound. */
  pace(bytes: number): Promise<void> | undefined {
    const isOverlong = this.#journalBytes > OVERLONG * this.#mostJournal
    if (!isOverlong || !this.#isWriting) return undefined
    this.#ahead = PACE * bytes
    return new Promise((resolve) => {
      this.#proceed = resolve
    })
  }

  /** Makes the checkpoint that is needed now, if one is. Rejects if it can't. */
  async settle(): Promise<void> {
    while (this.#isNeeded && !this.#attempts.closed) await this.#attempts.now()
  }

  /** Makes a checkpoint now. Rejects if it can't. */
  checkpoint(): Promise<void> {
    this.#isNeeded = true
    return this.settle()
  }

  /** Goes on in a new segment. Gives its number. */
  async rotate(): Promise<number> {
    const { files, paths, journal, writer } = this.#needs
    const lock = await this.#needs.lock()
    const number = this.#next
    const former = journal.segment
    const unfinished = paths.unfinished(lock.token)
    const check = () => lock.check()
    const name = paths.segment(number)
    const segment = await Segment.begin({ files, name, unfinished, number, writer, check })
    this.#next = number + 1
    await journal.rotate(segment)
    if (journal.segment?.number !== number) throw journal.failure
    this.#segments++
    this.#closedBytes += former?.length ?? 0
    return number
  }

  /** Calls off what is going on, and starts nothing more. */
  close(): Promise<void> {
    this.#abort.abort()
    return this.#attempts.close()
  }

  get #journalBytes(): number {
    return this.#closedBytes + (this.#needs.journal.segment?.length ?? 0)
  }

  get #isLong(): boolean {
    if (this.#segments > MOST_SEGMENTS) return true
    return this.#journalBytes >= this.#mostJournal
  }

  get #mostJournal(): number {
    return Math.max(this.#least, this.#snapshotBytes * MOST_OF_SNAPSHOT)
  }

  #wrote(bytes: number): void {
    this.#ahead -= bytes
    if (this.#ahead <= 0) this.#proceed?.()
  }

  /** Asks the disk for its room from time to time, the sooner the less there was to spare. */
  #lookForRoom(): void {
    const { files, paths, ledger } = this.#needs
    const journalBytes = this.#journalBytes
    if (journalBytes < this.#nextLook) return
    this.#nextLook = journalBytes + LEAST_GAIN
    files.freeBytes(paths.folder).then((free) => {
      const gains = journalBytes > this.#snapshotBytes / MOST_SEGMENTS
      const spare = free - ledger.bytes * ROOM - LEAST_GAIN
      this.#isCrowded = gains && spare < 0
      const step = Math.min(spare * SHARE_OF_SPARE, MOST_BETWEEN_LOOKS)
      this.#nextLook = journalBytes + Math.max(step, LEAST_GAIN)
      if (this.#isCrowded) this.look()
    })
  }

  async #run(): Promise<void> {
    const { files, paths, clock, ledger, journal, writer } = this.#needs
    const began = clock.elapsed()
    const from = this.bytes
    this.#abort = new AbortController()
    const { signal } = this.#abort
    const lock = await this.#needs.lock()
    // On a full disk, what is of no use any more makes the room.
    await this.#removeHeld()
    await this.#needs.prepare()
    const number = await this.rotate()
    const { failures } = journal
    const source = ledger.walk()
    const mark = ++this.mark
    this.#isWriting = true
    try {
      this.#snapshotBytes = await writeSnapshot({
        ...{ files, writer, clock, number, source, mark, signal },
        name: paths.file,
        unfinished: paths.unfinished(lock.token),
        check: () => lock.check(),
        wrote: (bytes) => this.#wrote(bytes),
      })
    } finally {
      source.end()
      this.#isWriting = false
      this.#proceed?.()
    }
    // A change that was lost after the snapshot had its name is in neither.
    if (journal.failures !== failures) throw journal.failure
    this.#first = number
    this.#isNeeded = false
    this.#isCrowded = false
    this.#closedBytes = 0
    this.#segments = 1
    this.#nextLook = LEAST_GAIN
    this.lastCheckpoint = { from, to: this.#snapshotBytes, ms: clock.elapsed() - began }
    await this.#removeHeld()
    await this.#needs.succeeded()
  }

  // The segments that the snapshot holds, the oldest first: what is left is always the end of the
  // journal, and no session is in there without the record that removed it.
  async #removeHeld(): Promise<void> {
    const { files, paths } = this.#needs
    const segments = paths.segmentsAmong(await files.list(paths.folder))
    for (const each of segments) if (each < this.#first) await files.remove(paths.segment(each))
  }
}
