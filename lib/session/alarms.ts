/** What the process is warned of when sessions are evicted: each once. */

import type { Entry } from '../entry/entry'
import type { Ledger } from '../ledger/ledger'
import type { LeaveCause, LedgerListener } from '../ledger/listeners'
import type { Settings } from '../settings/settings'
import { toText } from '../settings/size'
import { warnOnce } from '../settings/warn'

/** Evictions without an owner that tell something: few enough for a small site to hear of it in time. */
const SOME = 100
/** Evictions of owners that tell something: a few may be of any kind. */
const MANY = 2000

export class Alarms implements LedgerListener {
  readonly #ledger: Ledger
  readonly #settings: Settings
  #anonymous = 0
  #named = 0
  #unnamed = 0

  constructor(ledger: Ledger, settings: Settings) {
    this.#ledger = ledger
    this.#settings = settings
  }

  remove({ owner }: Entry, cause: LeaveCause): void {
    if (cause !== 'evict') return
    if (owner === undefined) {
      this.#anonymous++
      if (this.#anonymous === SOME) this.#checkOwned()
      return
    }
    if (owner === true) this.#unnamed++
    else this.#named++
    if (this.#named + this.#unnamed === 1) this.#tellOfUser()
    if (this.#unnamed === MANY && this.#unnamed > this.#named) tellOfUnnamed()
  }

  #tellOfUser(): void {
    const { maxBytes, maxSessions } = this.#settings
    const sessions = maxSessions === Number.POSITIVE_INFINITY ? '' : ` and max, ${maxSessions}`
    const message = `a signed-in user's session was evicted for want of room: raise maxSize, ${toText(maxBytes)}${sessions}; stats().evicted.owned counts them`
    warnOnce('LEMBRO_USER_EVICTED', '', message)
  }

  #checkOwned(): void {
    const owned = this.#ledger.owned + this.#named + this.#unnamed
    if (this.#settings.owner === undefined || owned > 0) return
    const message = `${SOME} sessions were evicted and not one had an owner: if your users sign in, tell whose a session is with the option owner, so that they stay when strangers come in numbers`
    warnOnce('LEMBRO_NO_OWNERS', '', message)
  }
}

function tellOfUnnamed(): void {
  const message = `most of the signed-in sessions that were evicted had an owner without a name: return the user's id from the option owner, so that known users stay when new ones come in numbers`
  warnOnce('LEMBRO_UNNAMED_OWNERS', '', message)
}
