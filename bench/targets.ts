/** The targets that lembro is held to, and whether a run reached them. What holds those that it missed is in `limits.md`. */

import { digits, mapValues, ratio, type Table, whole } from './figures.js'
import { OPERATION_NAMES, type OperationName } from './operations.js'
import { growthOf } from './sections/growth.js'
import type { Results } from './sections.js'
import { PEERS, type StoreName } from './stores.js'

/** By size, shape, store or work, or by nothing if there is one: every figure has to reach the target. */
type Measured = number | Readonly<Record<string, number | undefined>>

/** `goal`: as it is read, `at least 10`, `at most 5 ms`, `at least 100%`, `0.95 to 1.05`. */
export type Target = readonly [what: string, goal: string, measured: Measured]

/** A Node from 22 on makes a text flat without a copy. */
const SET_GOAL = Number.parseInt(process.versions.node, 10) >= 22 ? 'at most 1.1' : 'at most 1.15'
const TOUCH_GOALS = { '200 B': 10, '1 KB': 20, '10 KB': 60 }

/** The predecessors: those whose users lembro wants to serve. */
const RIVALS = ['memorystore', 'MemoryStore', 'express-lembro'] as const

/** Those of each section, from its figures. */
const TARGETS: { readonly [Name in keyof Results]?: (of: NonNullable<Results[Name]>) => Target[] } =
  {
    memory(memory) {
      const both = { 'signed in': memory.typical, anonymous: memory['typical, anonymous'] }
      const share = mapValues(both, ({ lembro, MemoryStore }) =>
        ratio(lembro.each, MemoryStore.each),
      )
      const fitting = mapValues(both, ({ lembro, ...others }) =>
        ratio(Math.min(...PEERS.map((store) => others[store].each)), lembro.each),
      )
      const honesty = mapValues(memory, ({ lembro }) => lembro.honesty)
      return [
        ['64 MB hold, times what they hold in the best other store', 'at least 1', fitting],
        ["heap of a signed-in session, of MemoryStore's", 'at most 0.85', share['signed in']],
        ["heap of an anonymous session, of MemoryStore's", 'at most 0.8', share.anonymous],
        ['heap grown / `stats().bytes`', '0.95 to 1.05', honesty],
      ]
    },
    floods({ found: { lembro } }) {
      const found = mapValues(lembro, ({ members }) => members * 100)
      return [['visits of members that find their session in a flood', 'at least 100%', found]]
    },
    operations(shapes) {
      const ofFloor = (name: OperationName, other = name) =>
        Object.fromEntries(
          shapes.map(({ size, by }) => [size, ratio(by[name].ns.lembro, by[other].ns.floor)]),
        )
      const touches = shapes.map(({ size, by }): Target => {
        const { ns } = by.touch
        const times = RIVALS.map((rival) => [rival, ratio(ns[rival], ns.lembro)])
        const what = `\`touch\` of ${size}, times as fast as the predecessors`
        return [what, `at least ${TOUCH_GOALS[size]}`, Object.fromEntries(times)]
      })
      const read = ofFloor('read request', 'get and createSession')
      return [
        ...touches,
        ['a read request, of `get` and `createSession` alone of the floor', 'at most 1.15', read],
        ['`get`, of the floor', 'at most 1.05', ofFloor('get')],
        ['`set` of a new session, of the floor', SET_GOAL, ofFloor('set new')],
        ['`set` of a stored session, of the floor', SET_GOAL, ofFloor('set again')],
      ]
    },
    growth(growth) {
      const of = (name: OperationName, store: StoreName) => growthOf(growth, name, store)
      const growths = OPERATION_NAMES.map((name) => [
        name,
        ratio(of(name, 'lembro'), of(name, 'floor')),
      ])
      const what = 'growth of an operation, of the growth of the floor'
      return [[what, 'at most 1.1', Object.fromEntries(growths)]]
    },
    stalls(stalls) {
      const filling = stalls.map(({ sessions, by: { lembro, floor } }) => [
        whole(sessions),
        ratio(lembro?.fill?.whole, floor?.fill?.whole),
      ])
      const slices = stalls.flatMap(({ sessions, by: { lembro } }) => [
        [`purge, ${whole(sessions)}`, lembro?.purge?.own],
        [`reduce, ${whole(sessions)}`, lembro?.reduce?.own],
      ])
      return [
        ['longest turn while filling, of the floor', 'at most 1', Object.fromEntries(filling)],
        ['own slice of a purge and of `reduce()`', 'at most 5 ms', Object.fromEntries(slices)],
      ]
    },
    imports: ({ by }) => [
      ["`require('lembro')` after express-session", 'at most 4 ms', by.lembro.loaded],
    ],
    http({ by: { lembro, ...others }, spread }) {
      const times = (['MemoryStore', 'memorystore', 'connect-redis'] as const).flatMap((other) =>
        others[other] ? [[other, ratio(lembro.perSecond, others[other].perSecond)]] : [],
      )
      const what =
        'requests per second of an application, of those with other stores, less the noise'
      return [[what, `at least ${(1 - spread).toFixed(2)}`, Object.fromEntries(times)]]
    },
    processes({ 'lembro/redis': ours, 'connect-redis': theirs }) {
      if (ours === undefined || theirs === undefined) return []
      const reads = {
        'one process': ratio(ours.read.perSecond, theirs.read.perSecond),
        two: ratio(ours.two.perSecond, theirs.two.perSecond),
      }
      const others = {
        saves: ratio(ours.save.perSecond, theirs.save.perSecond),
        'first reads': ratio(ours.first, theirs.first),
        'of 50 KB': ratio(ours.large, theirs.large),
      }
      return [
        ['read requests of a hot set in Redis, times those of connect-redis', 'at least 8', reads],
        ['saves and first reads with Redis, times those of connect-redis', 'at least 0.9', others],
        ['Redis commands per 1,000 read requests', 'at most 5', ours.two.commands],
      ]
    },
    saving({ rates, killed }) {
      const [plain, saved] = [killed['lembro without `saveFile`'], killed.lembro]
      const unsaved = rates['lembro without `saveFile`']
      const shares = mapValues(rates.lembro, (rate, what) => ratio(rate, unsaved[what]))
      const paced = 'acknowledged at 4,000 operations a second'
      const delay = saved.delayed - plain.delayed
      return [
        ['sets and touches per second with `saveFile`, of those without', 'at least 0.2', shares],
        [`${paced}, p99`, 'at most 10 ms', saved.p99],
        [`${paced}, at the latest`, 'at most 100 ms', saved.longest],
        ['event-loop delay p99 that a `saveFile` adds', 'at most 3 ms', delay],
        ['restart, of a bare program', 'at most 3', ratio(saved.ms, saved.bare)],
        ['sessions lost by a kill', 'at most 0', saved.stored - saved.found],
      ]
    },
  }

/** Those of the sections that were run. */
export function targetsOf(results: Results): Target[] {
  return Object.entries(results).flatMap(([section, figures]) => {
    const of = TARGETS[section as keyof Results] as ((of: unknown) => Target[]) | undefined
    return of?.(figures) ?? []
  })
}

export function targetTable(targets: readonly Target[]): Table {
  return {
    title: 'Targets',
    note: 'Every one of the figures has to reach the target. "Of" something is lembro\'s figure divided by the other. The *floor* is the least that a store in memory can cost: a bare `Map` and `JSON`. Each operation is timed until its callback, which every store calls with `setImmediate`; a write request is a read request that ends with `set`.',
    head: ['', 'target', 'measured', 'reached'],
    rows: targets.map((target) => {
      const [what, goal, measured] = target
      const unit = /( ms|%)$/.exec(goal)?.[0] ?? ''
      const figures = named(measured).map(([name, figure]) =>
        `${digits(figure)}${unit} ${name && `(${name})`}`.trim(),
      )
      return [what, goal, figures.join(', '), isReached(target) ? 'yes' : '**no**']
    }),
  }
}

/** Whether all of its figures reach a target. */
export function isReached([, goal, measured]: Target): boolean {
  const [first = Number.NaN, last = first] = (goal.match(/[\d.]+/g) ?? []).map(Number)
  const least = goal.startsWith('at most') ? -Infinity : first
  const most = goal.startsWith('at least') ? Infinity : last
  return named(measured).every(([, figure = Number.NaN]) => figure >= least && figure <= most)
}

function named(measured: Measured): [string, number | undefined][] {
  return typeof measured === 'number' ? [['', measured]] : Object.entries(measured)
}
