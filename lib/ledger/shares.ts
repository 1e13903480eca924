/**
 * What strangers, newcomers and members keep of a budget against each other, and whose turn it is to give
 * way: by the sums of each, whether they are a ledger's or those of a file.
 */

/** 0 for strangers, 1 for newcomers, 2 for members. */
export type Trusted = 0 | 1 | 2

/** The share of the budget that strangers keep, and that newcomers keep. Beyond it an entry pushes out nobody more trusted. */
export const LOWER_SHARE = 1 / 5
/** The share that an automatic trim leaves to strangers, and to newcomers, so that those who just came stay. */
const LEAST_SHARE = 1 / 10

/** If there are none of those whose turn it is, those below them give way, or else those above them. */
export const ORDERS: readonly (readonly Trusted[])[] = [
  [0, 1, 2],
  [1, 0, 2],
  [2, 1, 0],
]

/** Whose turn it is so that all keep within `whole`, in bytes or in entries. */
export function whoGivesWay(
  strangers: number,
  newcomers: number,
  members: number,
  whole: number,
): Trusted {
  const share = whole * LOWER_SHARE
  if (strangers > share || newcomers + members <= whole - share) return 0
  return newcomers > share || members <= whole - 2 * share ? 1 : 2
}

/**
 * Whose turn it is in an automatic trim where `whole` bytes may be. Strangers go down to a tenth. Users
 * go while they hold more than four fifths: first newcomers, down to a tenth; then members. `undefined` once nobody
 * else has to go.
 */
export function whoGivesWayInTrim(
  strangers: number,
  newcomers: number,
  members: number,
  whole: number,
): Trusted | undefined {
  const [least, most] = [whole * LEAST_SHARE, whole * (1 - LOWER_SHARE)]
  const areUsersBeyond = newcomers + members > most
  if (areUsersBeyond && newcomers > whole * LOWER_SHARE) return 1
  if (strangers > least) return 0
  if (!areUsersBeyond) return undefined
  if (newcomers > least) return 1
  return members > most ? 2 : undefined
}
