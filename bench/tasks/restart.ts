/** How long a store needs to have its sessions back, and how many of them there are. */

import { open, type Saver } from '../saving.js'

export interface Restarted {
  readonly ms: number
  readonly sessions: number
}

export async function restart(input: { saver: Saver; file: string }): Promise<Restarted> {
  const began = performance.now()
  const store = await open(input.saver, input.file)
  const ms = performance.now() - began
  const sessions = await new Promise<number>((resolve, reject) => {
    store.length?.((error, length = 0) => (error ? reject(error) : resolve(length)))
  })
  return { ms, sessions }
}
