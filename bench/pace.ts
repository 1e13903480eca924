/** Operations that come at a steady pace, and what the event loop waits meanwhile. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { median, quantile } from './figures.js'
import { called, type Population, type Prepare } from './operations.js'

/** Does operations by turns, as many each second however long the store takes for them, for that long. All figures in ms: until each was acknowledged, and how late the event loop was, the 1 ms by which it is watched included. */
export async function pace(
  population: Population,
  operations: readonly Prepare[],
  perSecond: number,
  ms: number,
) {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  const acknowledged: number[] = []
  const running: Promise<void>[] = []
  const operate = async (prepare: Prepare) => {
    const step = await prepare(population)
    const began = performance.now()
    await called(step)
    acknowledged.push(performance.now() - began)
  }
  const began = performance.now()
  for (let now = began; now < began + ms; now = performance.now()) {
    const due = ((now - began) * perSecond) / 1000
    while (running.length < due) {
      running.push(operate(operations[running.length % operations.length] as Prepare))
    }
    await setTimeout(1)
  }
  await Promise.all(running)
  // A delay is only seen by the next turn of the histogram's own timer.
  await setTimeout(20)
  histogram.disable()
  return {
    operations: running.length,
    ...{ p50: median(acknowledged), p99: quantile(acknowledged, 0.99) },
    longest: quantile(acknowledged, 1),
    ...{ delayed: histogram.percentile(99) / 1e6, stall: histogram.max / 1e6 },
  }
}
