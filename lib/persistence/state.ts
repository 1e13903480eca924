/** Owns the states of saving. */

/**
 * `loading`: the saved sessions are being read. `saving`: all is well. `degraded`: changes may be
 * missing in the files, and saving is tried again. `off`: this store saves nothing any more.
 * `closed`: the store is closed.
 */
export type SaveState =
  | { readonly name: 'loading' | 'saving' | 'closed'; readonly reason: null }
  | { readonly name: 'degraded' | 'off'; readonly reason: Error }

export const LOADING: SaveState = { name: 'loading', reason: null }
export const SAVING: SaveState = { name: 'saving', reason: null }
export const CLOSED: SaveState = { name: 'closed', reason: null }
