/** How long a store needs to have its sessions back, and how many of them there are. */

import { untilCompacted } from '../brim.js'
import { open, openLembro, type Saver } from '../saving.js'
import { TYPICAL } from '../sessions.js'

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

/** Opens lembro's files and has them compacted. */
export async function compact({ file }: { file: string }): Promise<void> {
  const store = await openLembro('`saveFile`', file)
  const population = { store, shape: TYPICAL, sids: await store.ids(), added: [] }
  await untilCompacted(store, population)
}
