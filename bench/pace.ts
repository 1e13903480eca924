/** Operations at a steady pace, as many each second however long the store takes for them. */

import { setTimeout } from 'node:timers/promises'
import type { Population, Prepare } from './operations.js'

const TICK_MS = 1

/** Does the operations in turn until it is told to stop. Gives the ms until each was acknowledged. */
export async function pace(
  population: Population,
  operations: readonly [Prepare, ...Prepare[]],
  perSecond: number,
  stop: () => boolean,
): Promise<number[]> {
  const acknowledged: number[] = []
  const running = new Set<Promise<void>>()
  const operate = async (prepare: Prepare) => {
    const step = await prepare(population)
    const began = performance.now()
    await new Promise<void>((resolve, reject) => {
      step((error) => (error ? reject(error) : resolve()))
    })
    acknowledged.push(performance.now() - began)
  }
  const began = performance.now()
  let started = 0
  let failure: unknown
  while (!stop()) {
    const due = ((performance.now() - began) * perSecond) / 1000
    for (; started < due; started++) {
      const run = operate(operations[started % operations.length] ?? operations[0])
        .catch((error) => {
          failure = error
        })
        .finally(() => running.delete(run))
      running.add(run)
    }
    await setTimeout(TICK_MS)
    if (failure !== undefined) throw failure
  }
  await Promise.all(running)
  return acknowledged
}

/** Tells whether that many ms have passed since it was made. */
export function after(ms: number): () => boolean {
  const end = performance.now() + ms
  return () => performance.now() >= end
}
