/** What the shop remembers of a visitor, and what it tells a member of their other sessions. */

import type { Request } from 'express'
import type { Cart } from './goods'

declare module 'express-session' {
  interface SessionData {
    visits?: number
    cart?: Cart
    /** Who signed in. lembro takes the session to belong to them, as its `owner` option says. */
    userId?: string
    signedInAt?: number
    /** Shown on the next page, once. */
    notice?: string
    /** The next page is the answer to a form. */
    back?: boolean
  }
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
