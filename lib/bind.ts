/** The factory form of the predecessors: `lembro(session)` is the class for that express-session. */

import { type Session, type SessionData, Store } from 'express-session'
import { handOn } from './session/link'
import { got } from './settings/check'
import type { Lembro, LembroStore } from './store'

type StoreClass = typeof Store
type LembroClass = abstract new (...args: never[]) => LembroStore

/** What express-session exports, or connect once did: as much of it as is needed. */
export interface SessionModule {
  readonly Store?: unknown
  readonly session?: { readonly Store?: unknown }
}

/** The class of lembro's for an express-session. Throws a `TypeError` for what has no `Store`. */
export function bindClass<Class extends LembroClass>(session: SessionModule, own: Class): Class {
  const theirs = session?.Store ?? session?.session?.Store
  if (typeof theirs !== 'function') {
    throw new TypeError(`lembro(session): expected what express-session exports; ${got(session)}`)
  }
  return theirs === Store ? own : boundTo(theirs as unknown as StoreClass, own)
}

// For another copy of express-session than lembro's: live sessions must be of the classes of that copy.
function boundTo<Class extends LembroClass>(theirs: StoreClass, own: Class): Class {
  const { createSession } = theirs.prototype
  if (typeof createSession !== 'function') return own
  const base = own as unknown as typeof Lembro
  const Bound = class extends base {
    override createSession(
      req: Parameters<Store['createSession']>[0],
      data: SessionData,
    ): Session & SessionData {
      return handOn(data, () => createSession.call(this, req, data))
    }
  }
  return Bound as unknown as Class
}
