/** Stores that save, and what they report. */

import type { LembroOptions } from '../../lib/options'
import { Lembro } from '../../lib/store'

export interface Opened {
  readonly store: Lembro
  /** What `ready` got. */
  readonly error: (Error & { code?: string }) | null
  /** What the `'error'` listeners have heard so far. */
  readonly heard: (Error & { code?: string })[]
}

/** Opens a store and waits until it is ready. */
export function open(options: LembroOptions): Promise<Opened> {
  return new Promise((resolve) => {
    const heard: Error[] = []
    const store: Lembro = new Lembro(options, (error) => resolve({ store, error, heard }))
    store.on('error', (error: Error) => heard.push(error))
  })
}
