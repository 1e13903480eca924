/**
 * When entries are due: a hierarchical timing wheel (Varghese and Lauck 1987; Caffeine's
 * `TimerWheel`), so that the cost of finding the expired follows their number, not the store's.
 *
 * An entry waits in the slot of an instant at or before its expiry. A touch that moves the expiry
 * out leaves it there: it is looked at when that slot is due, and scheduled anew. So a touch costs
 * the wheel nothing.
 */

import { Entry } from '../entry/entry'

const SLOTS = 64
/** Due entries looked at in search of an expired one before a live one has to go: bounds the stall. */
const MOST_LOOKED_AT = 1000
/** Ms that one slot of each level spans: 1 ms, 64 ms, 4 s, 4.4 min, 4.7 h, 12.4 days. */
const SPANS = [1, 2 ** 6, 2 ** 12, 2 ** 18, 2 ** 24, 2 ** 30] as const
const HORIZON = SLOTS * 2 ** 30 - 1

export class TimerWheel {
  #time: number
  readonly #levels: Entry[][] = SPANS.map(() => Array.from({ length: SLOTS }, () => new Entry('')))
  readonly #due = new Entry('')

  constructor(now: number) {
    this.#time = now
  }

  /** Puts an entry into the slot of its expiry, from whichever slot it was in. An entry that never expires is in none. */
  schedule(entry: Entry): void {
    this.unschedule(entry)
    if (entry.expiry === Number.POSITIVE_INFINITY) return
    const instant = Math.min(entry.expiry, this.#time + HORIZON)
    append(this.#slotOf(instant), entry)
  }

  unschedule(entry: Entry): void {
    entry.sooner.later = entry.later
    entry.later.sooner = entry.sooner
    entry.sooner = entry
    entry.later = entry
  }

  /** Moves on to `now`: every entry that may have expired by then is due, and maybe some others. */
  advance(now: number): void {
    const before = this.#time
    if (now === before) return
    // If the clock was set back, slots are met again: some entries are looked at early, none late.
    this.#time = now
    for (const [level, span] of SPANS.entries()) {
      const from = Math.floor(before / span)
      const to = Math.floor(now / span)
      if (to <= from) return
      const slots = this.#levels[level] as Entry[]
      for (let tick = Math.max(from + 1, to - SLOTS + 1); tick <= to; tick++) {
        moveAll(slots[tick % SLOTS] as Entry, this.#due)
      }
    }
  }

  /** An entry that has expired by `now`, if one is found soon; those that were prolonged are scheduled anew. */
  expired(now: number): Entry | undefined {
    this.advance(now)
    for (let looks = 0; looks < MOST_LOOKED_AT; looks++) {
      const entry = this.due
      if (entry === undefined || entry.expiry <= now) return entry
      this.schedule(entry)
    }
    return undefined
  }

  /** An entry to look at: expired, or to be scheduled anew. */
  get due(): Entry | undefined {
    const { later } = this.#due
    return later === this.#due ? undefined : later
  }

  #slotOf(instant: number): Entry {
    const delay = instant - this.#time
    if (delay <= 0) return this.#due
    let level = SPANS.length - 1
    while (delay < (SPANS[level] as number)) level--
    const tick = Math.floor(instant / (SPANS[level] as number))
    return (this.#levels[level] as Entry[])[tick % SLOTS] as Entry
  }
}

function append(ring: Entry, entry: Entry): void {
  const last = ring.sooner
  entry.sooner = last
  entry.later = ring
  last.later = entry
  ring.sooner = entry
}

function moveAll(from: Entry, to: Entry): void {
  if (from.later === from) return
  const last = to.sooner
  last.later = from.later
  from.later.sooner = last
  from.sooner.later = to
  to.sooner = from.sooner
  from.later = from
  from.sooner = from
}
