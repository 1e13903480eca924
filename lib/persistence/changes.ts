/** Owns which record each change of the ledger becomes, on its way to the disk. */

import type { Clock } from '../clock'
import type { KeptCookie } from '../entry/cookie'
import type { Entry, LastingEntry } from '../entry/entry'
import type { LeaveCause, LedgerListener } from '../ledger/ledger'
import type { RecordWriter } from './format/record-writer'
import type { Journal } from './journal/journal'

export interface ChangesDependencies {
  readonly clock: Clock
  readonly journal: Journal
  readonly writer: RecordWriter
  /** The mark of entries that the next snapshot need not hold. */
  readonly mark: () => number
  /** Is called after each clear. */
  readonly cleared: () => void
}

export class Changes implements LedgerListener {
  readonly #needs: ChangesDependencies

  constructor(needs: ChangesDependencies) {
    this.#needs = needs
  }

  put(entry: Entry): void {
    const { journal, writer, mark } = this.#needs
    const sink = journal.sink(entry.bytes)
    if (sink === undefined) return
    writer.put(sink, entry)
    ;(entry as LastingEntry).checkpoint = mark()
  }

  touch(entry: Entry, previous: KeptCookie | undefined): void {
    const { journal, writer } = this.#needs
    const sink = journal.sink(0)
    if (sink === undefined) return
    const { cookie } = entry
    const changed = cookie !== undefined && cookie.attributes !== previous?.attributes
    writer.touch(sink, entry, changed)
  }

  remove(entry: Entry, cause: LeaveCause): void {
    const { clock, journal, writer } = this.#needs
    // The saved record says when the session expires, so nothing has to be written.
    if (cause === 'expire' && entry.expiry <= clock.now()) return
    const sink = journal.sink(0)
    if (sink !== undefined) writer.remove(sink, entry.sid)
  }

  clear(): void {
    const { journal, writer, cleared } = this.#needs
    const sink = journal.sink(0)
    if (sink !== undefined) writer.clear(sink)
    cleared()
  }
}
