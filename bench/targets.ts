/** The targets that lembro is held to, and whether a run reached them. */

import { milliseconds, percent, whole } from './figures.js'
import { HELD } from './held.js'
import type { Results } from './sections.js'
import type { Table } from './table.js'
import { each, nsOf, ofSizes, only, share, type Target, verdict } from './target.js'

/** The predecessors: those whose users lembro wants to serve. */
const RIVALS = ['memorystore', 'MemoryStore', 'express-lembro'] as const

const TARGETS: readonly Target[] = [
  ...RIVALS.map((rival) => ({
    what: `\`touch\`, times faster than ${rival}`,
    target: 'at least 20',
    least: 20,
    heldBy: HELD.touch,
    measure: ({ operations }: Results) =>
      ofSizes(operations, (ns) => nsOf(ns, 'touch', rival) / nsOf(ns, 'touch', 'lembro')),
  })),
  ...RIVALS.map((rival) => ({
    what: `\`touch\` without the callback, times faster than ${rival}`,
    target: 'at least 20',
    least: 20,
    heldBy: HELD.touch,
    measure: ({ operations }: Results) =>
      ofSizes(operations, (ns) => {
        const callback = nsOf(ns, 'touch', 'callback')
        return (nsOf(ns, 'touch', rival) - callback) / (nsOf(ns, 'touch', 'lembro') - callback)
      }),
  })),
  ...RIVALS.map((rival) => ({
    what: `a read request, times faster than ${rival}`,
    target: 'at least 3',
    least: 3,
    heldBy: HELD.read,
    measure: ({ operations }: Results) =>
      ofSizes(
        operations,
        (ns) => nsOf(ns, 'read request', rival) / nsOf(ns, 'read request', 'lembro'),
      ),
  })),
  ...(
    [
      ['a read request', 'read request', 1.4],
      ['`get`', 'get', 1.1],
      ['`set` of a new session', 'set new', 1.1],
      ['`set` of a stored one', 'set again', 1.1],
    ] as const
  ).map(([what, operation, most]) => ({
    what: `${what}, of the floor`,
    target: `at most ${most}`,
    most,
    heldBy: HELD.set,
    measure: ({ operations }: Results) =>
      ofSizes(operations, (ns) => nsOf(ns, operation, 'lembro') / nsOf(ns, operation, 'floor')),
  })),
  ...(
    [
      ['MemoryStore', 0.75],
      ['memorystore', 0.6],
    ] as const
  ).map(([rival, most]) => ({
    what: `heap of a typical session, of ${rival}'s`,
    target: `at most ${most}`,
    most,
    heldBy: HELD.heap,
    measure: ({ memory }: Results) =>
      memory && only((memory.typical.lembro?.each ?? NaN) / (memory.typical[rival]?.each ?? NaN)),
  })),
  {
    what: 'honesty: heap grown / `stats().bytes`',
    target: '0.85 to 1.05',
    least: 0.85,
    most: 1.05,
    measure: ({ memory }) =>
      memory && each(Object.entries(memory).map(([name, by]) => [name, by.lembro?.honesty ?? NaN])),
  },
  ...[0, 1].map((which) => ({
    what: `longest own stall, ${which === 0 ? 'at the smaller size' : 'at the larger'}`,
    target: 'at most 5 ms',
    most: 5,
    heldBy: HELD.stall,
    measure: ({ stalls }: Results) => {
      const works = stalls?.[which]?.works
      const own = (by: Readonly<Record<string, { own: number }>>) => by.lembro?.own ?? NaN
      return (
        works &&
        each(
          Object.entries(works).map(([name, by]) => [name, own(by)]),
          milliseconds,
        )
      )
    },
  })),
  {
    what: 'cost at the largest size, of that at the smallest',
    target: 'at most 1.5',
    most: 1.5,
    heldBy: HELD.growth,
    measure: ({ growth }) =>
      growth &&
      each(
        Object.entries(growth.ns).map(([operation, by]) => [
          operation,
          (by.at(-1)?.lembro ?? NaN) / (by[0]?.lembro ?? NaN),
        ]),
      ),
  },
  {
    what: 'a flood of 500 strangers per 50 member visits: visits that find their session',
    target: '100%',
    least: 1,
    measure: ({ floods }) => floods && only(floods.found.lembro?.alone.members ?? NaN, percent),
  },
  {
    what: 'event-loop delay p99 with `saveFile`, over the same run without',
    target: 'at most 3 ms',
    most: 3,
    measure: ({ persistence }) => {
      if (persistence === undefined) return undefined
      const { without, saving } = persistence
      const over = (p99 = NaN) => p99 - without.delays.p99
      return each(
        [
          ['a compaction included', over(saving.delays.p99)],
          ['during it', over(saving.compaction?.delays.p99)],
        ],
        milliseconds,
      )
    },
  },
  {
    what: 'restart with the largest number of sessions',
    target: 'at most 5 s',
    most: 5000,
    heldBy: HELD.restart,
    measure: ({ persistence }) =>
      persistence &&
      each(
        [
          ['just compacted', persistence.restarts.compacted.ms],
          ['with the longest journal', persistence.restarts.long.ms],
        ],
        milliseconds,
      ),
  },
  {
    what: 'read requests of a hot set in Redis, of connect-redis',
    target: 'at least 8',
    least: 8,
    measure: ({ redis }) => {
      const [ours, theirs] = [redis?.by['lembro/redis'], redis?.by['connect-redis']]
      if (ours === undefined || theirs === undefined) return undefined
      return each([
        ['one process', ours.read.perSecond / theirs.read.perSecond],
        ['two', ours.two / theirs.two],
      ])
    },
  },
  {
    what: 'Redis commands per 1,000 of them',
    target: 'at most 5',
    most: 5,
    measure: ({ redis }) => {
      const ours = redis?.by['lembro/redis']
      return (
        ours &&
        each([
          ['one process', ours.commands[0]],
          ['two', ours.commands[1]],
        ])
      )
    },
  },
  {
    what: 'sessions lost by a kill that were acknowledged',
    target: '0',
    most: 0,
    measure: ({ persistence }) => {
      if (persistence === undefined) return undefined
      const { acknowledged, restarted } = persistence.crashes.lembro
      return only(acknowledged - restarted.sessions, whole)
    },
  },
]

/** A row for each target whose section was run. */
export function targetTable(results: Results): Table {
  return {
    title: 'Targets',
    note: 'Where several figures are given, every one has to reach the target. Operations: sessions with owners, by size. Every store defers its callback with `setImmediate`; the time of that alone is part of each `touch`, and is taken out of both sides where it says so.',
    head: ['', 'target', 'measured', 'reached'],
    rows: TARGETS.flatMap((target) => {
      const measured = target.measure(results)
      return measured === undefined
        ? []
        : [[target.what, target.target, measured.shown, verdict(target, measured)]]
    }),
  }
}

/** What holds the targets that are not reached, each said once. */
export function obstacles(results: Results): string[] {
  const held = TARGETS.flatMap((target) => {
    const measured = target.measure(results)
    const reached = measured === undefined || share(target, measured) >= 1
    return reached || target.heldBy === undefined ? [] : [target.heldBy]
  })
  return [...new Set(held)]
}
