/** The status line of the terminal: what the store holds and what it had to let go of. */

import type { Lembro, LembroStats } from 'lembro'
import { counted, readable } from './figures'

const REWRITE_MS = 200
const PRINT_MS = 2_000
const BAR_WIDTHS = [20, 8]
const USUAL_COLUMNS = 80
/** Takes the line back, for what is to stand in its place. */
export const ERASE_LINE = '\r\x1b[2K'

/** A terminal or what stands in for it: as much of `process.stdout` as the line needs. */
export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/**
 * Such as `192 KB of 256 KB · 712 sessions, 30 members · evicted 840, 0 members · expired 0 · 2 newcomers`. While they
 * can't be saved though they should, it begins with that.
 */
export function statusText(stats: LembroStats): string {
  return textOf(partsOf(stats), 1)
}

interface Part {
  readonly text: string
  /** The parts that matter less leave a narrow line first. */
  readonly weight: number
}

function partsOf({
  sessions,
  members,
  newcomers,
  bytes,
  maxBytes,
  evicted,
  expired,
  save,
}: LembroStats): Part[] {
  return [
    ...(save?.saving === false ? [{ text: 'NOT SAVED', weight: 4 }] : []),
    { text: `${readable(bytes)} of ${readable(maxBytes)}`, weight: 4 },
    {
      text: `${counted(sessions, 'session')}, ${counted(members, 'member')}`,
      weight: 2,
    },
    {
      text: `evicted ${evicted.anonymous + evicted.owned}, ${counted(evicted.members, 'member')}`,
      weight: 3,
    },
    { text: `expired ${expired}`, weight: 1 },
    { text: counted(newcomers, 'newcomer'), weight: 1 },
  ]
}

/** Keeps the line up to date: in place on a terminal, else as a new line now and then when it changed. */
export class StatusLine {
  readonly #store: Lembro
  readonly #out: Output
  readonly #timer: NodeJS.Timeout
  #shown = ''

  constructor(store: Lembro, out: Output) {
    this.#store = store
    this.#out = out
    this.#timer = setInterval(() => this.#show(), out.isTTY ? REWRITE_MS : PRINT_MS)
  }

  /** Shows it a last time and leaves the cursor on a new line. */
  stop(): void {
    clearInterval(this.#timer)
    this.#show()
    if (this.#out.isTTY) this.#out.write('\n')
  }

  #show(): void {
    const stats = this.#store.stats()
    const line = this.#out.isTTY ? this.#fitted(stats) : statusText(stats)
    if (line === this.#shown) return
    this.#shown = line
    this.#out.write(this.#out.isTTY ? `${ERASE_LINE}${line}` : `${line}\n`)
  }

  // A line that wraps can't be rewritten: what matters least gives way, the bar after most of the text.
  #fitted(stats: LembroStats): string {
    const share = stats.bytes / stats.maxBytes
    // Some terminals don't tell their width.
    const room = (this.#out.columns || USUAL_COLUMNS) - 1
    const parts = partsOf(stats)
    const fitting = [1, 2, 3]
      .flatMap((least) => BAR_WIDTHS.map((width) => `${bar(share, width)} ${textOf(parts, least)}`))
      .find((line) => line.length <= room)
    return fitting ?? textOf(parts, 3).slice(0, room)
  }
}

function textOf(parts: Part[], least: number): string {
  return parts
    .filter(({ weight }) => weight >= least)
    .map(({ text }) => text)
    .join(' · ')
}

function bar(share: number, width: number): string {
  const full = Math.round(share * width)
  return '█'.repeat(full) + '░'.repeat(width - full)
}
