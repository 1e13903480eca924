/** The targets that lembro is held to, and whether a run reached them. */

import type { Results } from './sections.js'
import type { Table } from './table.js'
import { share, verdict } from './target.js'
import { MEMORY_TARGETS } from './targets/memory.js'
import { SAVING_TARGETS } from './targets/saving.js'
import { SPEED_TARGETS } from './targets/speed.js'
import { TURN_TARGETS } from './targets/turns.js'

const TARGETS = [...MEMORY_TARGETS, ...SPEED_TARGETS, ...TURN_TARGETS, ...SAVING_TARGETS]

/** A row for each target whose section was run. */
export function targetTable(results: Results): Table {
  return {
    title: 'Targets',
    note: 'Where several figures are given, every one has to reach the target. Operations: sessions with owners, by size. Every store defers its callback with `setImmediate`; the time of that is part of each operation.',
    head: ['', 'target', 'measured', 'reached'],
    rows: TARGETS.flatMap((target) => {
      const measured = target.measure(results)
      return measured === undefined
        ? []
        : [[target.what, target.target, measured.shown, verdict(target, measured)]]
    }),
  }
}

/** Why targets are not reached, each reason once. */
export function obstacles(results: Results): string[] {
  const held = TARGETS.flatMap((target) => {
    const measured = target.measure(results)
    const reached = measured === undefined || share(target, measured) >= 1
    return reached || target.heldBy === undefined ? [] : [target.heldBy]
  })
  return [...new Set(held)]
}
