/** The peers that ship no types. */

declare module 'better-sqlite3-session-store'
declare module 'express-lembro'
declare module 'session-file-store'
