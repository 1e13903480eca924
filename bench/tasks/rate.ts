/** How many operations a second lembro takes while it saves, and how soon it acknowledges them. */

import { p99 } from '../figures.js'
import {
  OPERATIONS,
  type Population,
  type Prepare,
  type Step,
  setNewOwner,
  timed,
} from '../operations.js'
import { after, pace } from '../pace.js'
import { open, openLembro, type Rated, type Saving } from '../saving.js'
import { TYPICAL } from '../sessions.js'

/** Sets and touches per second, and the p99 of the ms until a paced one is acknowledged. */
export interface Rate {
  readonly sets: number
  readonly touches: number
  readonly acknowledged: number
}

const IN_FLIGHT = 500
/** Ms between two saves of express-memfilestore. */
const MEMFILE_PERIOD = 1000
/** The most operations that go before, uncounted. */
const WARM_UP = 10_000

/** On a new file: as many sets of new sessions as it is told, as many touches of them, then both at a steady pace. */
export async function rate(input: {
  saving: Saving
  file: string
  operations: number
  perSecond: number
  seconds: number
}): Promise<Rate> {
  const store = await openLembro(input.saving, input.file)
  const sids: string[] = []
  const population: Population = { store, shape: TYPICAL, sids, added: sids }
  const warmUp = Math.min(WARM_UP, input.operations)
  await perSecond(population, setNewOwner, warmUp)
  await perSecond(population, OPERATIONS.touch, warmUp)
  const sets = await perSecond(population, setNewOwner, input.operations)
  const touches = await perSecond(population, OPERATIONS.touch, input.operations)
  const paced = await pace(
    population,
    [OPERATIONS['set again'], OPERATIONS.touch],
    input.perSecond,
    after(input.seconds * 1000),
  )
  await store.close()
  return { sets, touches, acknowledged: p99(paced) }
}

/** On a new file: sets of new sessions for so many seconds, then as long touches of them. */
export async function peer(input: {
  saver: Rated
  file: string
  seconds: number
}): Promise<Pick<Rate, 'sets' | 'touches'>> {
  const store = await open(input.saver, input.file, MEMFILE_PERIOD)
  const sids: string[] = []
  const population: Population = { store, shape: TYPICAL, sids, added: sids }
  const average = async (prepare: Prepare) => {
    const rates: number[] = []
    const isOver = after(input.seconds * 1000)
    while (!isOver()) rates.push(await perSecond(population, prepare, IN_FLIGHT))
    // Of batches of the same size.
    return rates.length / rates.reduce((sum, rate) => sum + 1 / rate, 0)
  }
  const sets = await average(setNewOwner)
  return { sets, touches: await average(OPERATIONS.touch) }
}

async function perSecond(
  population: Population,
  prepare: Prepare,
  operations: number,
): Promise<number> {
  let ns = 0
  for (let done = 0; done < operations; done += IN_FLIGHT) {
    const steps: Step[] = []
    for (let i = 0; i < IN_FLIGHT; i++) steps.push(await prepare(population))
    ns += await timed(steps)
  }
  return (operations * 1e9) / ns
}
