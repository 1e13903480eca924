/** Whose session gives way in a file that has no room: the rule of the ledger's lanes, by the sums of all processes, and the longest unused first. */

import { LEAST_SHARE, LOWER_SHARE } from '../ledger/lanes'
import type { Sums, Trust } from '../sqlite/places'

type Counts = Sums['bytes']

/** The order in which those of a trust look for one who gives way for them: themselves, those below, those above. */
const ORDERS: readonly (readonly Trust[])[] = [
  [0, 1, 2],
  [1, 0, 2],
  [2, 1, 0],
]

/** Whose turn it is so that all keep within `whole`, the bytes or the number of sessions; then whose, if there are none of them. */
export function givingWay([strangers, newcomers, members]: Counts, whole: number) {
  const share = whole * LOWER_SHARE
  if (strangers > share || newcomers + members <= whole - share) return ORDERS[0] as Trust[]
  const nth = newcomers > share || members <= whole - 2 * share ? 1 : 2
  return ORDERS[nth] as Trust[]
}

/** Whose turn it is in a trim of a file that may have so many bytes; `undefined` once nobody else has to go. */
export function givingWayInTrim(bytes: Counts, whole: number): Trust | undefined {
  const [least, most] = [whole * LEAST_SHARE, whole * (1 - LOWER_SHARE)]
  const [strangers, newcomers, members] = bytes
  const areUsersBeyond = newcomers + members > most
  if (areUsersBeyond && newcomers > whole * LOWER_SHARE) return 1
  if (strangers > least) return 0
  if (!areUsersBeyond) return undefined
  if (newcomers > least) return 1
  return members > most ? 2 : undefined
}

/** Whether a session of that trust, which is not counted yet, is so large that more trusted ones would have to go for it. */
export function wouldPushOut(bytes: Counts, lane: Trust, more: number, whole: number): boolean {
  if (more <= whole * LOWER_SHARE) return false
  const above = bytes.slice(lane + 1).reduce((sum, each) => sum + each, 0)
  return above > whole - more
}
