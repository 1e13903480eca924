/** The copies of express-session: the one that lembro and the bench share, and another, as an application in a monorepo may have. */

import session, { type Store } from 'express-session'
import other from 'express-session-copy'
import lembro, { Lembro } from 'lembro'

const elsewhere = new WeakSet<Store>()

/** lembro for the other copy. */
export const LembroElsewhere = lembro(other)

/** Says that a store is used with the other copy. */
export function useElsewhere<Kept extends Store>(store: Kept): Kept {
  elsewhere.add(store)
  return store
}

/** The copy whose live sessions a store is given. */
export function copyOf(store: Store): typeof session {
  return elsewhere.has(store) ? other : session
}

/** Throws if lembro would be measured on paths that nobody takes: with another copy instead of the same, or with the same instead of another. */
export function checkCopies(): void {
  if (!(new Lembro({ interval: 0 }) instanceof session.Store)) {
    throw new Error('lembro and the bench have each found their own copy of express-session')
  }
  if (other.Store === session.Store || LembroElsewhere === Lembro) {
    throw new Error('express-session-copy is the same copy of express-session')
  }
}
