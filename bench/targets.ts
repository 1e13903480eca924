/** The targets that lembro is held to, whether a run reached them, and what holds those that it missed. */

import { count, digits, mapValues, milliseconds, percent, ratio, type Table } from './figures.js'
import { OPERATION_NAMES, type OperationName } from './operations.js'
import { growthOf } from './sections/growth.js'
import { HOSTILE, type MemoryFigures, type ShapeName } from './sections/memory.js'
import type { OperationFigures } from './sections/operations.js'
import type { SharedFigures } from './sections/redis.js'
import type { Results, SectionName } from './sections.js'
import { PEERS, type StoreName } from './stores.js'

/** By size, shape, store or work, or by nothing if there is one: every figure has to reach the target. */
type Measured = Readonly<Record<string, number>>

interface Target {
  readonly what: string
  readonly least?: number
  readonly most?: number
  readonly measured: Measured
  readonly show?: (figure: number) => string
  /** Why it is not reached, if it is not. */
  readonly heldBy?: string
}

/** A Node from 22 on makes a text flat without a copy. */
const SET_MOST = Number.parseInt(process.versions.node, 10) >= 22 ? 1.1 : 1.15

const HELD = {
  touch:
    '`touch`: at 10,000 sessions a third of it is the move in age order, since an entry and its neighbours there are in no near cache. The rest is the callback, the clock, and to find the entry by the link of its session and compare the cookie. It costs the same whatever the size of the session, so that small ones gain least.',
  set: '`get` and `set`: express-session and JSON take most of both. A `get` also links the session to its entry. A `set` makes the text flat, at one byte a character, and weighs it at once, which other stores leave to the first read, or never do (a Node before 22.15 has to copy it for that). A new session also gets its id as a text of its own, its entry, and its places in the indexes.',
  elsewhere:
    "Another copy of express-session: its cookies are recognised by their class, which takes a look at each; the rest is the second copy's own.",
  stall:
    'Stalls: the longest turns are garbage collection, of the sessions that the bench makes as well: compare the run of the floor beside it. Own slices end after 2 ms, and last longer if a collection falls into one, or the machine does something else.',
  growth:
    'Growth: waiting for memory. A million sessions are in no cache, and the floor grows too; a `touch` or a `set` of lembro also moves its entry in age order, away from neighbours that may be anywhere.',
  import:
    "Import: on Node 20 half of it is Node's own, to find two packages by their exports and to compile 75 kB, as V8 does with every file that is loaded.",
  saving:
    'With a `saveFile`: each change goes to a worker as a row of SQLite with a CRC, and is acknowledged once its batch is committed. 500 at a time the worker is what everything waits for; most of the processor time is its own.',
  restart:
    'Restart: each session also gets an entry, its place in age order and in the timing wheel, and a slot by id and by owner. The worker also checks the CRC of each, puts them in the order of their last use and sends them over.',
  redis:
    "Read requests with Redis: one by one lembro is further ahead. Many at a time, connect-redis waits for all of them at once, and what is left is express-session's `createSession` and `JSON.parse`, in both.",
  firstReads:
    'First reads: beside GET, lembro asks PTTL, since a touch moves the life of a session in Redis alone, and it keeps the session: of 50 KB that is one copy more.',
}

/** Those of each section, from its figures. */
const TARGETS: {
  readonly [Name in SectionName]?: (figures: NonNullable<Results[Name]>) => readonly Target[]
} = {
  memory: (memory) => [
    {
      what: '64 MB hold, times what they hold in the best other store',
      least: 1,
      measured: each(['typical', 'typical, anonymous'], (shape) => {
        const others = PEERS.map((store) => memory[shape]?.[store]?.each ?? Number.NaN)
        return ratio(Math.min(...others), memory[shape]?.lembro?.each)
      }),
    },
    heap(memory, 'typical', 0.85),
    heap(memory, 'typical, anonymous', 0.8),
    honesty(memory, 'plain', 0.95, 1.05),
    honesty(memory, 'hostile', 0.85, 1.1),
  ],
  floods: ({ found: { lembro } }) => [
    {
      what: 'visits of members that find their session in a flood',
      ...{ least: 1, show: percent },
      measured: mapValues(lembro, ({ members }) => members),
    },
  ],
  operations: (operations) => [
    faster(operations, '200 B', 10),
    faster(operations, '1 KB', 20),
    faster(operations, '10 KB', 60),
    {
      what: 'a read request, of `get` and `createSession` alone of the floor',
      ...{ most: 1.15, heldBy: HELD.touch },
      measured: bySize(operations, 'read request', 'lembro', 'floor', 'get and createSession'),
    },
    ...(['get', 'set new', 'set again'] as const).map((name) => ({
      what: `\`${name}\`, of the floor`,
      ...{ most: name === 'get' ? 1.05 : SET_MOST, heldBy: HELD.set },
      measured: bySize(operations, name, 'lembro', 'floor'),
    })),
    ...(['touch', 'set new', 'set again'] as const).map((name) => ({
      what: `\`${name}\`, bound to another copy of express-session, of the same copy`,
      ...{ most: 1.1, heldBy: HELD.elsewhere },
      measured: bySize(operations, name, 'lembro elsewhere', 'lembro'),
    })),
  ],
  growth: (growth) => [
    {
      what: 'growth of an operation, of the growth of the floor',
      ...{ most: 1.1, heldBy: HELD.growth },
      measured: each(OPERATION_NAMES.slice(0, -1), (name) =>
        ratio(growthOf(growth, name, 'lembro'), growthOf(growth, name, 'floor')),
      ),
    },
  ],
  stalls: (stalls) => [
    {
      what: 'longest turn while filling past the room, garbage collection included, of the floor',
      ...{ most: 1, heldBy: HELD.stall },
      measured: Object.fromEntries(
        stalls.map(({ sessions, works: { fill } }) => [
          count(sessions),
          ratio(fill.lembro?.whole, fill.floor?.whole),
        ]),
      ),
    },
    {
      what: 'longest own slice of a purge and of `reduce()`',
      ...{ most: 5, show: milliseconds, heldBy: HELD.stall },
      measured: Object.fromEntries(
        stalls.flatMap(({ sessions, works: { purge, reduce } }) => [
          [`purge, ${count(sessions)}`, purge.lembro?.own ?? Number.NaN],
          [`reduce, ${count(sessions)}`, reduce.lembro?.own ?? Number.NaN],
        ]),
      ),
    },
  ],
  imports: ({ by }) => [
    {
      what: "`require('lembro')` after express-session",
      ...{ most: 4, show: milliseconds, heldBy: HELD.import },
      measured: { '': by.lembro.loaded },
    },
  ],
  http: ({ by }) => [
    {
      what: 'requests per second of an application, of the best of MemoryStore, memorystore and connect-redis',
      least: 0.95,
      measured: each(['MemoryStore', 'memorystore', 'connect-redis'], (other) =>
        ratio(by.lembro.perSecond, by[other]?.perSecond ?? 0),
      ),
    },
  ],
  redis: ({ 'lembro/redis': ours, 'connect-redis': theirs }) => {
    if (ours === undefined || theirs === undefined) return []
    const times = (of: (figures: SharedFigures) => number) => ratio(of(ours), of(theirs))
    return [
      {
        what: 'read requests of a hot set in Redis, times those of connect-redis',
        ...{ least: 8, heldBy: HELD.redis },
        measured: {
          'one process': times(({ read }) => read.perSecond),
          two: times(({ two }) => two),
        },
      },
      {
        what: 'saves and first reads with Redis, times those of connect-redis',
        ...{ least: 0.9, heldBy: HELD.firstReads },
        measured: {
          saves: times(({ save }) => save.perSecond),
          'first reads': times(({ first }) => first),
          'of 50 KB': times(({ firstLarge }) => firstLarge),
        },
      },
      { what: 'Redis commands per 1,000 read requests', most: 5, measured: { '': ours.commands } },
    ]
  },
  saving: ({ rates, full: { '`saveFile`': saved, 'without `saveFile`': plain } }) => [
    {
      what: 'sets and touches per second with `saveFile`, of those without',
      ...{ least: 0.2, heldBy: HELD.saving },
      measured: each(['sets', 'touches'], (of) =>
        ratio(rates['`saveFile`'][of], rates['without `saveFile`'][of]),
      ),
    },
    {
      what: 'acknowledged at 4,000 operations a second, p99',
      ...{ most: 10, show: milliseconds },
      measured: { '': saved['acknowledged, p99'] },
    },
    {
      what: 'acknowledged at 4,000 operations a second, at the latest',
      ...{ most: 100, show: milliseconds },
      measured: { '': saved['acknowledged, longest'] },
    },
    {
      what: 'event-loop delay p99 with `saveFile`, over the same run without',
      ...{ most: 3, show: milliseconds },
      measured: { '': saved['delay, p99'] - plain['delay, p99'] },
    },
  ],
  crashes: ({ killed: { lembro }, full }) => [
    {
      what: 'restart, of a bare program that reads the rows of the same file',
      ...{ most: 3, heldBy: HELD.restart },
      measured: { '': ratio(full.lembro.ms, full.bare.ms) },
    },
    {
      what: 'sessions lost by a kill that were acknowledged',
      ...{ most: 0, measured: { '': lembro.acknowledged - lembro.sessions } },
    },
  ],
}

function each<Name extends string>(names: readonly Name[], figure: (name: Name) => number) {
  return Object.fromEntries(names.map((name) => [name, figure(name)]))
}

function heap(memory: MemoryFigures, shape: ShapeName, most: number): Target {
  const { lembro, MemoryStore } = memory[shape] ?? {}
  const measured = { '': ratio(lembro?.each, MemoryStore?.each) }
  return { what: `heap of a session (${shape}), of MemoryStore's`, most, measured }
}

function honesty(
  memory: MemoryFigures,
  texts: 'plain' | 'hostile',
  least: number,
  most: number,
): Target {
  const names = Object.keys(memory) as ShapeName[]
  const such = names.filter((name) => HOSTILE.includes(name) === (texts === 'hostile'))
  return {
    what: `honesty with ${texts} texts: heap grown / \`stats().bytes\``,
    ...{ least, most },
    measured: each(such, (name) => memory[name]?.lembro?.honesty ?? Number.NaN),
  }
}

/** Than the predecessors: those whose users lembro wants to serve. */
function faster(operations: OperationFigures, size: string, least: number): Target {
  const such = operations.filter((shape) => shape.owned && shape.size === size)
  const rivals = ['memorystore', 'MemoryStore', 'express-lembro'] as const
  const measured = such.map(({ by: { touch } }) =>
    each(rivals, (rival) => ratio(touch.ns[rival], touch.ns.lembro)),
  )
  return {
    what: `\`touch\` of ${size}, times as fast as the predecessors`,
    ...{ least, heldBy: HELD.touch, measured: measured[0] ?? {} },
  }
}

/** How many times the time of another store, or of another operation of it, an operation takes, for sessions with owners. */
function bySize(
  operations: OperationFigures,
  name: OperationName,
  store: StoreName,
  other: StoreName,
  of = name,
): Measured {
  const owned = operations.filter(({ owned }) => owned)
  const figures = owned.map(({ size, by }) => [size, ratio(by[name].ns[store], by[of].ns[other])])
  return Object.fromEntries(figures)
}

function targetsOf(results: Results): Target[] {
  return Object.entries(TARGETS).flatMap(([section, targets]) => {
    const figures = results[section as SectionName]
    return figures === undefined ? [] : (targets as (of: unknown) => Target[])(figures)
  })
}

/** A row for each target whose section was run. */
export function targetTable(results: Results): Table {
  const targets = targetsOf(results).filter(({ measured }) => Object.keys(measured).length > 0)
  return {
    title: 'Targets',
    note: 'Where several figures are given, every one has to reach the target. Operations: sessions with owners, by size. Every store defers its callback with `setImmediate`; the time of that is part of each operation. What holds those that are not reached is said below.',
    head: ['', 'target', 'measured', 'reached'],
    rows: targets.map((target) => {
      const { what, least, most, measured, show } = target
      const goal = [
        ...(least === undefined ? [] : [`at least ${(show ?? String)(least)}`]),
        ...(most === undefined ? [] : [`at most ${(show ?? String)(most)}`]),
      ]
      const figures = Object.entries(measured).map(([name, figure]) =>
        `${(show ?? digits)(figure)} ${name && `(${name})`}`.trim(),
      )
      const short = Math.round((1 / reached(target) - 1) * 100)
      const no = Number.isFinite(short) ? `no, by ${Math.max(1, short)}%` : 'no'
      return [what, goal.join(', '), figures.join(', '), reached(target) >= 1 ? 'yes' : no]
    }),
  }
}

/** Why targets are not reached, each reason once. */
export function obstacles(results: Results): string[] {
  const missed = targetsOf(results).filter((target) => reached(target) < 1)
  return [...new Set(missed.flatMap(({ heldBy }) => heldBy ?? []))]
}

/** How much of a target the worst of the figures reaches. */
function reached({ least = -Infinity, most = Infinity, measured }: Target): number {
  const shares = Object.values(measured).map((figure) =>
    figure < least ? figure / least : figure <= most ? 1 : most / figure,
  )
  return Math.min(1, ...shares)
}
