/** The status line of the terminal: what the store holds and what it had to let go of. */

import type { Lembro, LembroStats } from 'lembro'
import { counted, readable } from './figures'

const REWRITE_MS = 200
const PRINT_MS = 2_000
const BAR_WIDTH = 20
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
 * Such as `192K of 256K · 712 sessions, 30 members · evicted 840, 0 members · expired 0`. While they
 * can't be saved though they should, it begins with that.
 */
export function statusText(stats: LembroStats): string {
  const { sessions, owned, bytes, maxBytes, evicted, expired, save } = stats
  return [
    ...(save?.saving === false ? ['NOT SAVED'] : []),
    `${readable(bytes)} of ${readable(maxBytes)}`,
    `${counted(sessions, 'session')}, ${counted(owned, 'member')}`,
    `evicted ${evicted.anonymous + evicted.owned}, ${counted(evicted.owned, 'member')}`,
    `expired ${expired}`,
  ].join(' · ')
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

  // A line that wraps can't be rewritten: the bar gives way first, then the end of the text.
  #fitted(stats: LembroStats): string {
    const text = statusText(stats)
    // Some terminals don't tell their width.
    const room = (this.#out.columns || USUAL_COLUMNS) - 1
    const withBar = `${bar(stats.bytes / stats.maxBytes)} ${text}`
    return withBar.length <= room ? withBar : text.slice(0, room)
  }
}

function bar(share: number): string {
  const full = Math.round(share * BAR_WIDTH)
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full)
}
