/** What the store and the worker that has its file tell each other. Each request gets one reply, in order. */

import type { Fault, FileTask } from '../sqlite/link'
import type { Found } from '../sqlite/opening'
import type { Row, Times } from '../sqlite/rows'

/** What the worker needs to know once. */
export interface Task extends FileTask {
  readonly period: number
  /** Whether what was written is brought to the disk each period. */
  readonly timed: boolean
}

/** What happened to sessions, to be saved in this order: all gone, some gone, put, touched. */
export interface Changes {
  readonly cleared: boolean
  readonly removed: readonly number[]
  readonly puts: readonly Row[]
  readonly touches: readonly Times[]
}

export type Request =
  | { readonly ask: 'open' | 'read' | 'sync' | 'close' }
  | { readonly ask: 'timed'; readonly timed: boolean }
  | { readonly ask: 'write'; readonly changes: Changes }
  /** All sessions were put since: rows with a smaller `seq` go, and so does a file that was imported. */
  | { readonly ask: 'rewritten'; readonly from: number }

export interface Reply {
  readonly fault?: Fault
  /** Bytes of the files. */
  readonly bytes?: number
  /** When the disk had all that was written by then. */
  readonly synced?: number
  /** Of `read`. */
  readonly read?: Part
}

/** A part of what was saved, the longest unused first. */
export interface Part {
  readonly rows: readonly Row[]
  /** Sessions of an express-memfilestore, by id. */
  readonly imported: readonly [sid: string, session: unknown][]
  /** Only with the last part: what is known of all. */
  readonly end: End | undefined
}

export interface End extends Found {
  /** Whether rows are plain, or under an older key, though there is a current one. */
  readonly isOld: boolean
  readonly wasImported: boolean
  /** The largest number that the file knows. */
  readonly last: number
}

/** What the worker tells without being asked. */
export interface Notice {
  readonly synced?: number
  readonly fault?: Fault
  readonly compaction?: { readonly from: number; readonly to: number; readonly ms: number }
}
