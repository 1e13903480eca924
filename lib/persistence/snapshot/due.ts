/** Owns when a checkpoint is due: the files are not as they should be, the journal is long, or the disk is nearly full. */

import type { Ledger } from '../../ledger/ledger'
import type { Files } from '../disk/files'

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
/** How many times its longest length the journal may get while a checkpoint is under way. */
const OVERLONG = 1.25

/** How much is on the disk. */
export interface Sizes {
  readonly snapshotBytes: number
  readonly journalBytes: number
  readonly segments: number
}

export interface DueDependencies {
  readonly files: Files
  readonly ledger: Ledger
  /** The folder of the files. */
  readonly folder: string
  readonly maxBytes: number
}

export class Due {
  readonly #needs: DueDependencies
  readonly #least: number
  #isNeeded = false
  #isCrowded = false
  /** How long the journal is when the disk is asked for its room next. */
  #nextLook = LEAST_GAIN

  constructor(needs: DueDependencies) {
    this.#needs = needs
    this.#least = Math.min(LEAST_JOURNAL, needs.maxBytes * LEAST_OF_BUDGET)
  }

  /** Whether the files are not as they should be until a checkpoint succeeds. */
  get isNeeded(): boolean {
    return this.#isNeeded
  }

  /** The files are not as they should be. */
  demand(): void {
    this.#isNeeded = true
  }

  /** A checkpoint succeeded. */
  settled(): void {
    this.#isNeeded = false
    this.#isCrowded = false
    this.#nextLook = LEAST_GAIN
  }

  isDue(sizes: Sizes): boolean {
    const isLong = sizes.segments > MOST_SEGMENTS || sizes.journalBytes >= this.#mostJournal(sizes)
    return this.#isNeeded || this.#isCrowded || isLong
  }

  /** Whether the journal is twice as long as it should be, as after many starts that were ended soon. */
  isOverdue(sizes: Sizes): boolean {
    return sizes.segments > 2 * MOST_SEGMENTS || sizes.journalBytes > 2 * this.#mostJournal(sizes)
  }

  /** Whether the journal must not get longer before the checkpoint under way does. */
  isOverlong(sizes: Sizes): boolean {
    return sizes.journalBytes > OVERLONG * this.#mostJournal(sizes)
  }

  /** Asks the disk for its room from time to time, the sooner the less there was to spare, and calls back if it is short. */
  look({ journalBytes, snapshotBytes }: Sizes, crowded: () => void): void {
    if (journalBytes < this.#nextLook) return
    const { files, ledger, folder } = this.#needs
    this.#nextLook = journalBytes + LEAST_GAIN
    files.freeBytes(folder).then((free) => {
      const gains = journalBytes > snapshotBytes / MOST_SEGMENTS
      const spare = free - ledger.bytes * ROOM - LEAST_GAIN
      this.#isCrowded = gains && spare < 0
      const step = Math.min(spare * SHARE_OF_SPARE, MOST_BETWEEN_LOOKS)
      this.#nextLook = journalBytes + Math.max(step, LEAST_GAIN)
      if (this.#isCrowded) crowded()
    })
  }

  #mostJournal({ snapshotBytes }: Sizes): number {
    return Math.max(this.#least, snapshotBytes * MOST_OF_SNAPSHOT)
  }
}
