/** The types of peers that ship none: as much as is used. */

declare module 'express-lembro' {
  import session from 'express-session'

  class ExpressLembro extends session.Store {
    constructor(options: { maxSize: number; interval: number })
    /** Bytes, as it counts them. */
    readonly _size: number
    reduce(callback: () => void): void
  }
  export default function bind(connect: typeof session): typeof ExpressLembro
}

declare module 'better-sqlite3-session-store'
declare module 'session-file-store'
