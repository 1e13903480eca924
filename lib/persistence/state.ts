/** Owns the words for how saving goes. */

/**
 * `loading`: the saved sessions are being read. `saving`: all is well. `degraded`: changes may be
 * missing in the files, and it is tried again. `off`: nothing is saved by this store any more.
 * `closed`: the store is.
 */
export type SaveState =
  | { readonly name: 'loading' | 'saving' | 'closed'; readonly reason: null }
  | { readonly name: 'degraded' | 'off'; readonly reason: Error }

export const LOADING: SaveState = { name: 'loading', reason: null }
export const SAVING: SaveState = { name: 'saving', reason: null }
export const CLOSED: SaveState = { name: 'closed', reason: null }
