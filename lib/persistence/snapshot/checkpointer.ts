/**
 * Owns what a checkpoint does: goes on in a new segment, writes a snapshot of memory, and removes the
 * segments that the snapshot holds. Between any two of its steps, the files can be loaded. One at a
 * time; a failing one is tried again later.
 */

import type { Clock } from '../../clock'
import type { Ledger } from '../../ledger/ledger'
import type { CompactionReport } from '../../stats'
import type { Files } from '../disk/files'
import type { Lock } from '../disk/lock'
import type { Paths } from '../disk/paths'
import type { RecordWriter } from '../format/record-writer'
import type { Journal } from '../journal/journal'
import { Segment } from '../journal/segment'
import { Attempts } from './attempts'
import { Due, type Sizes } from './due'
import { writeSnapshot } from './snapshot'

/** While the journal waits for it, a checkpoint writes at least this many times as much as the journal then does. */
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
export interface OnDisk extends Sizes {
  /** The first segment that the snapshot does not hold; 0 if there is no whole snapshot. */
  readonly first: number
  /** The number of the segment to begin. */
  readonly next: number
}

export class Checkpointer {
  readonly #needs: CheckpointerDependencies
  readonly #due: Due
  readonly #attempts: Attempts
  #first: number
  #next: number
  #snapshotBytes: number
  #closedBytes: number
  #segments: number
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
    this.#due = new Due({ ...needs, folder: needs.paths.folder })
    this.#first = onDisk.first
    this.#next = onDisk.next
    this.#snapshotBytes = onDisk.snapshotBytes
    this.#closedBytes = onDisk.journalBytes
    this.#segments = onDisk.segments
  }

  /** Bytes of snapshot and journal. */
  get bytes(): number {
    return this.#snapshotBytes + this.#sizes.journalBytes
  }

  /** Whether the journal is twice as long as it should be, as after many starts that were ended soon. */
  get isOverdue(): boolean {
    return this.#due.isOverdue(this.#sizes)
  }

  /** Asks for a checkpoint: the files are not as they should be. */
  demand(): void {
    this.#due.demand()
  }

  /** Calls off the checkpoint under way, since changes were lost that it counts on; another one follows. */
  restart(error: Error): void {
    this.#due.demand()
    this.#abort.abort(error)
    this.#attempts.later()
  }

  /** Starts a checkpoint if one is due. Is called after each write. */
  look(): void {
    if (this.#attempts.isBusy) return
    if (this.#due.isDue(this.#sizes)) this.#attempts.start().catch(() => {})
    else this.#due.look(this.#sizes, () => this.look())
  }

  /** Holds up the journal while it would outrun the checkpoint under way: otherwise the files would have no bound. */
  pace(bytes: number): Promise<void> | undefined {
    if (!this.#isWriting || !this.#due.isOverlong(this.#sizes)) return undefined
    this.#ahead = PACE * bytes
    return new Promise((resolve) => {
      this.#proceed = resolve
    })
  }

  /** Makes the checkpoint that is needed now, if one is. Rejects if it can't. */
  async settle(): Promise<void> {
    while (this.#due.isNeeded && !this.#attempts.closed) await this.#attempts.now()
  }

  /** Makes a checkpoint now. Rejects if it can't. */
  checkpoint(): Promise<void> {
    this.#due.demand()
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

  get #sizes(): Sizes {
    const journalBytes = this.#closedBytes + (this.#needs.journal.segment?.length ?? 0)
    return { snapshotBytes: this.#snapshotBytes, journalBytes, segments: this.#segments }
  }

  #wrote(bytes: number): void {
    this.#ahead -= bytes
    if (this.#ahead <= 0) this.#proceed?.()
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
    this.#due.settled()
    this.#closedBytes = 0
    this.#segments = 1
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
