/** The types of peers that ship none, or none that are strict: as much as is used. */

declare module 'express-lembro' {
  import type session from 'express-session'

  interface ExpressLembro extends session.Store {
    /** Bytes, as it counts them. */
    readonly _size: number
    reduce(callback: () => void): void
  }
  interface Options {
    maxSize?: string | number
    interval?: number
  }
  function bind(connect: typeof session): new (options?: Options) => ExpressLembro
  export default bind
}

declare module 'better-sqlite3-session-store' {
  import type session from 'express-session'

  function bind(connect: typeof session): new (options: { client: object }) => session.Store
  export default bind
}

declare module 'connect-sqlite3' {
  import type { EventEmitter } from 'node:events'
  import type session from 'express-session'

  interface SqliteStore extends session.Store {
    readonly client: EventEmitter
  }
  interface Options {
    dir: string
    db: string
    concurrentDb?: boolean
  }
  function bind(connect: typeof session): new (options: Options) => SqliteStore
  export default bind
}

declare module 'session-file-store' {
  import type session from 'express-session'

  interface Options {
    path: string
    retries?: number
    reapInterval?: number
    logFn?: () => void
  }
  function bind(connect: typeof session): new (options: Options) => session.Store
  export default bind
}

// express-session, installed a second time under this name.
declare module 'express-session-copy' {
  import session from 'express-session'

  export default session
}
