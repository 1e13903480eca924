/** The targets that lembro is held to, whether a run reached them, and what holds those that it missed. */

import { count, digits, milliseconds, percent, ratio, type Table } from './figures.js'
import type { OperationName } from './operations.js'
import { growthOf } from './sections/growth.js'
import { HOSTILE, type MemoryFigures, type ShapeName } from './sections/memory.js'
import type { OperationFigures } from './sections/operations.js'
import type { RedisFigures, SharedFigures } from './sections/redis.js'
import type { Results, SectionName } from './sections.js'
import { PEERS, type StoreName } from './stores.js'

/** A figure, or one for each size, shape, store or work that a target is for: every one has to reach it. */
type Measured = number | Readonly<Record<string, number | undefined>>

interface Bounds {
  readonly least?: number
  readonly most?: number
  show?(figure: number): string
}

interface Target {
  readonly what: string
  readonly bounds: Bounds
  /** Empty if its section was not run. */
  of(results: Results): Readonly<Record<string, number>>
  /** Why it is not reached, if it is not. */
  readonly heldBy: string
}

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

const least = (least: number, show?: (figure: number) => string): Bounds => ({
  least,
  ...(show && { show }),
})
const most = (most: number, show?: (figure: number) => string): Bounds => ({
  most,
  ...(show && { show }),
})

/** A Node from 22 on makes a text flat without a copy. */
const forSet = most(Number.parseInt(process.versions.node, 10) >= 22 ? 1.1 : 1.15)
const SAVED = '`saveFile`'

const TARGETS: readonly Target[] = [
  target('memory', '64 MB hold, times what they hold in the best other store', least(1), (memory) =>
    each(['typical', 'typical, anonymous'] as const, (shape) =>
      ratio(
        Math.min(...PEERS.map((store) => memory[shape]?.[store]?.each ?? Number.NaN)),
        memory[shape]?.lembro?.each,
      ),
    ),
  ),
  heap('a signed-in', 'typical', 0.85),
  heap('an anonymous', 'typical, anonymous', 0.8),
  honesty('plain', { least: 0.95, most: 1.05 }, false),
  honesty('hostile', { least: 0.85, most: 1.1 }, true),
  target(
    'floods',
    'visits of members that find their session in a flood',
    least(1, percent),
    ({ found: { lembro } }) =>
      each(Object.keys(lembro), (of) => lembro[of as keyof typeof lembro].members),
  ),
  faster('touch', '200 B', 10),
  faster('touch', '1 KB', 20),
  faster('touch', '10 KB', 60),
  operation(
    'a read request, of `get` and `createSession` alone of the floor',
    most(1.15),
    HELD.touch,
    'read request',
    'lembro',
    'floor',
    'get and createSession',
  ),
  operation('`get`, of the floor', most(1.05), HELD.set, 'get', 'lembro', 'floor'),
  operation('`set` of a new session, of the floor', forSet, HELD.set, 'set new', 'lembro', 'floor'),
  operation(
    '`set` of a stored session, of the floor',
    forSet,
    HELD.set,
    'set again',
    'lembro',
    'floor',
  ),
  elsewhere('touch'),
  elsewhere('set new'),
  elsewhere('set again'),
  target(
    'growth',
    'growth of an operation, of the growth of the floor',
    most(1.1),
    (growth) =>
      each(
        ['set new', 'set again', 'get', 'touch', 'read request', 'write request'] as const,
        (name) => ratio(growthOf(growth, name, 'lembro'), growthOf(growth, name, 'floor')),
      ),
    HELD.growth,
  ),
  target(
    'stalls',
    'longest turn while filling past the room, garbage collection included, of the floor',
    most(1),
    (stalls) =>
      Object.fromEntries(
        stalls.map(({ sessions, works: { fill } }) => [
          count(sessions),
          ratio(fill.lembro?.whole, fill.floor?.whole),
        ]),
      ),
    HELD.stall,
  ),
  target(
    'stalls',
    'longest own slice of a purge and of `reduce()`',
    most(5, milliseconds),
    (stalls) =>
      Object.fromEntries(
        stalls.flatMap(({ sessions, works: { purge, reduce } }) => [
          [`purge, ${count(sessions)}`, purge.lembro?.own],
          [`reduce, ${count(sessions)}`, reduce.lembro?.own],
        ]),
      ),
    HELD.stall,
  ),
  target(
    'imports',
    "`require('lembro')` after express-session",
    most(4, milliseconds),
    ({ by }) => by.lembro.loaded,
    HELD.import,
  ),
  target(
    'http',
    'requests per second of an application, of the best of MemoryStore, memorystore and connect-redis',
    least(0.95),
    ({ by }) => {
      const others = [by.MemoryStore, by.memorystore, by['connect-redis']]
      return ratio(by.lembro.perSecond, Math.max(...others.map((load) => load?.perSecond ?? 0)))
    },
  ),
  redis('read requests of a hot set in Redis, times those of connect-redis', 8, HELD.redis, {
    'one process': ({ read }) => read.perSecond,
    two: ({ two }) => two,
  }),
  redis('saves and first reads with Redis, times those of connect-redis', 0.9, HELD.firstReads, {
    saves: ({ save }) => save.perSecond,
    'first reads': ({ first }) => first,
    'of 50 KB': ({ firstLarge }) => firstLarge,
  }),
  target(
    'redis',
    'Redis commands per 1,000 read requests',
    most(5),
    (figures) => figures['lembro/redis']?.commands ?? Number.NaN,
  ),
  target(
    'saving',
    `sets and touches per second with ${SAVED}, of those without`,
    least(0.2),
    ({ rates: { [SAVED]: saved, 'without `saveFile`': plain } }) => ({
      sets: ratio(saved.sets, plain.sets),
      touches: ratio(saved.touches, plain.touches),
    }),
    HELD.saving,
  ),
  target(
    'saving',
    'acknowledged at 4,000 operations a second, p99',
    most(10, milliseconds),
    ({ full }) => full[SAVED]['acknowledged, p99'],
  ),
  target(
    'saving',
    'acknowledged at 4,000 operations a second, at the latest',
    most(100, milliseconds),
    ({ full }) => full[SAVED]['acknowledged, longest'],
  ),
  target(
    'saving',
    `event-loop delay p99 with ${SAVED}, over the same run without`,
    most(3, milliseconds),
    ({ full }) => full[SAVED]['delay, p99'] - full['without `saveFile`']['delay, p99'],
  ),
  target(
    'crashes',
    'restart, of a bare program that reads the rows of the same file',
    most(3),
    ({ full }) => ratio(full.lembro.ms, full.bare.ms),
    HELD.restart,
  ),
  target(
    'crashes',
    'sessions lost by a kill that were acknowledged',
    most(0),
    ({ killed: { lembro } }) => lembro.acknowledged - lembro.sessions,
  ),
]

function target<Name extends SectionName>(
  section: Name,
  what: string,
  bounds: Bounds,
  measure: (figures: NonNullable<Results[Name]>) => Measured,
  heldBy = '',
): Target {
  return {
    ...{ what, bounds, heldBy },
    of: (results) => {
      const figures = results[section] as NonNullable<Results[Name]> | undefined
      const measured = figures === undefined ? {} : measure(figures)
      const named = typeof measured === 'number' ? { '': measured } : measured
      return each(Object.keys(named), (name) => named[name] ?? Number.NaN)
    },
  }
}

function each<Name extends string>(
  names: readonly Name[],
  figure: (name: Name) => number,
): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, figure(name)]))
}

function heap(which: string, shape: ShapeName, bound: number): Target {
  const what = `heap of ${which} typical session, of MemoryStore's`
  return target('memory', what, most(bound), ({ [shape]: of }) =>
    ratio(of?.lembro?.each, of?.MemoryStore?.each),
  )
}

function honesty(texts: string, bounds: Bounds, hostile: boolean): Target {
  const what = `honesty with ${texts} texts: heap grown / \`stats().bytes\``
  return target('memory', what, bounds, (memory: MemoryFigures) => {
    const names = Object.keys(memory) as ShapeName[]
    const such = names.filter((name) => HOSTILE.includes(name) === hostile)
    return each(such, (name) => memory[name]?.lembro?.honesty ?? Number.NaN)
  })
}

/** Than the predecessors: those whose users lembro wants to serve. */
function faster(name: OperationName, size: string, bound: number): Target {
  const what = `\`${name}\` of ${size}, times as fast as the predecessors`
  const of = (operations: OperationFigures) => {
    const ns = operations.find((shape) => shape.owned && shape.size === size)?.by[name].ns
    return ns === undefined
      ? {}
      : each(['memorystore', 'MemoryStore', 'express-lembro'] as const, (rival) =>
          ratio(ns[rival], ns.lembro),
        )
  }
  return target('operations', what, least(bound), of, HELD.touch)
}

/** How many times the time of another store, or of another operation of it, an operation takes: by size of sessions with owners. */
function operation(
  what: string,
  bounds: Bounds,
  heldBy: string,
  name: OperationName,
  store: StoreName,
  other: StoreName,
  of = name,
): Target {
  const measure = (operations: OperationFigures) =>
    Object.fromEntries(
      operations
        .filter(({ owned }) => owned)
        .map(({ size, by }) => [size, ratio(by[name].ns[store], by[of].ns[other])]),
    )
  return target('operations', what, bounds, measure, heldBy)
}

function elsewhere(name: OperationName): Target {
  const what = `\`${name}\`, bound to another copy of express-session, of the same copy`
  return operation(what, most(1.1), HELD.elsewhere, name, 'lembro elsewhere', 'lembro')
}

function redis(
  what: string,
  bound: number,
  heldBy: string,
  figures: Readonly<Record<string, (of: SharedFigures) => number>>,
): Target {
  const measure = ({ 'lembro/redis': ours, 'connect-redis': theirs }: RedisFigures) =>
    ours === undefined || theirs === undefined
      ? {}
      : each(Object.keys(figures), (name) => ratio(figures[name]?.(ours), figures[name]?.(theirs)))
  return target('redis', what, least(bound), measure, heldBy)
}

/** A row for each target whose section was run. */
export function targetTable(results: Results): Table {
  return {
    title: 'Targets',
    note: 'Where several figures are given, every one has to reach the target. Operations: sessions with owners, by size. Every store defers its callback with `setImmediate`; the time of that is part of each operation. What holds those that are not reached is said below.',
    head: ['', 'target', 'measured', 'reached'],
    rows: TARGETS.flatMap(({ what, bounds, of }) => {
      const measured = of(results)
      if (Object.keys(measured).length === 0) return []
      const { least, most, show } = bounds
      const goal = [
        least === undefined ? '' : `at least ${(show ?? String)(least)}`,
        most === undefined ? '' : `at most ${(show ?? String)(most)}`,
      ]
      const figures = Object.entries(measured).map(([name, figure]) =>
        `${(show ?? digits)(figure)} ${name && `(${name})`}`.trim(),
      )
      const short = Math.round((1 / reached(bounds, measured) - 1) * 100)
      const no = Number.isFinite(short) ? `no, by ${Math.max(1, short)}%` : 'no'
      const verdict = reached(bounds, measured) >= 1 ? 'yes' : no
      return [[what, goal.filter(Boolean).join(', '), figures.join(', '), verdict]]
    }),
  }
}

/** Why targets are not reached, each reason once. */
export function obstacles(results: Results): string[] {
  const missed = TARGETS.filter(({ bounds, of }) => reached(bounds, of(results)) < 1)
  return [...new Set(missed.map(({ heldBy }) => heldBy).filter(Boolean))]
}

/** How much of a target the worst of the figures reaches. */
function reached(
  { least = -Infinity, most = Infinity }: Bounds,
  measured: Readonly<Record<string, number>>,
): number {
  const shares = Object.values(measured).map((figure) =>
    figure < least ? figure / least : figure <= most ? 1 : most / figure,
  )
  return Math.min(1, ...shares)
}
