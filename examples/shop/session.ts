/** What the shop remembers of a visitor, and what it tells a member of their other sessions. */

import type { Request } from 'express'
import type { Lembro } from 'lembro'
import type { Cart } from './goods'

declare module 'express-session' {
  interface SessionData {
    visits?: number
    cart?: Cart
    /** Who signed in. lembro takes the session to belong to them, as its `owner` option says. */
    userId?: string
    signedInAt?: number
    browser?: string
    /** Shown on the next page, once. */
    notice?: string
    /** The next page is the answer to a form. */
    back?: boolean
  }
}

export interface OtherSession {
  readonly browser: string
  readonly signedInAt: number
}

export interface OtherSessions {
  readonly count: number
  /** The newest of them. */
  readonly newest: OtherSession[]
}

const MOST_SHOWN = 5

/** The other sessions of the member who asks. The ids stay here: who has an id has the session. */
export async function otherSessions(store: Lembro, req: Request): Promise<OtherSessions> {
  const { userId } = req.session
  if (userId === undefined) return { count: 0, newest: [] }
  const ids = (await store.idsOf(userId)).filter((id) => id !== req.sessionID)
  const sessions = await Promise.all(ids.slice(0, MOST_SHOWN).map((id) => store.get(id)))
  const newest = sessions
    .filter((session) => session !== undefined)
    .map(({ browser = 'a browser', signedInAt = 0 }) => ({ browser, signedInAt }))
  return { count: ids.length, newest }
}

/** A new session with a new id, so that an id planted before the sign-in is worth nothing after it. */
export function regenerate(req: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.regenerate((error: unknown) => (error ? reject(error) : resolve()))
  })
}

/** The end of this session. */
export function destroy(req: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.destroy((error: unknown) => (error ? reject(error) : resolve()))
  })
}
