/** Times operations on a store that this process holds, a batch of a hundred in flight at once. */

import {
  fill,
  OPERATIONS,
  type OperationName,
  type Population,
  type Step,
  timed,
} from '../operations.js'
import type { Shape } from '../sessions.js'
import { STORES, type StoreName } from '../stores.js'

const IN_FLIGHT = 100

let population: Population | undefined

/** Fills the store up to a number of sessions; makes it first, if there is none. */
export async function grow(input: {
  store: StoreName
  shape: Shape
  sessions: number
}): Promise<void> {
  const { store, shape, sids }: Omit<Population, 'added'> = population ?? {
    store: STORES[input.store].make(),
    shape: input.shape,
    sids: [],
  }
  const added = await fill(store, shape, input.sessions - sids.length, sids.length)
  population = { store, shape, sids: sids.concat(added), added: [] }
}

/** The ns of one operation, its deferred callback included. */
export async function measure(input: {
  operation: OperationName
  batches: number
}): Promise<number> {
  if (population === undefined) throw new Error('there is no store yet')
  let ns = 0
  for (let batch = 0; batch < input.batches; batch++) {
    const steps: Step[] = []
    for (let i = 0; i < IN_FLIGHT; i++) {
      steps.push(await OPERATIONS[input.operation](population))
    }
    ns += await timed(steps)
    // The store stays as large as it is said to be.
    for (const sid of population.added.splice(0)) population.store.destroy(sid)
  }
  return ns / (input.batches * IN_FLIGHT)
}
