/** The targets that lembro is held to, whether a run reached them, and what holds those that it missed. */

import { count, digits, mapValues, ratio, type Table } from './figures.js'
import { OPERATION_NAMES, type OperationName } from './operations.js'
import { growthOf } from './sections/growth.js'
import { HOSTILE, type ShapeName } from './sections/memory.js'
import type { Results, SectionName } from './sections.js'
import { PEERS, type StoreName } from './stores.js'

/** By size, shape, store or work, or by nothing if there is one: every figure has to reach the target. */
type Measured = number | Readonly<Record<string, number>>

/** `goal`: as it is read, `at least 10`, `at most 5 ms`, `at least 100%`, `0.95 to 1.05`. `heldBy`: why it is not reached, if it is not. */
type Target = readonly [what: string, goal: string, measured: Measured, heldBy?: string]

/** A Node from 22 on makes a text flat without a copy. */
const SET_GOAL = Number.parseInt(process.versions.node, 10) >= 22 ? 'at most 1.1' : 'at most 1.15'

/** The predecessors: those whose users lembro wants to serve. */
const RIVALS = ['memorystore', 'MemoryStore', 'express-lembro'] as const

const HELD = {
  touch:
    '`touch`: at 10,000 sessions a third of it is the move in age order, since an entry and its neighbours there are in no near cache. The rest is the callback, the clock, and to find the entry by the link of its session and compare the cookie. It costs the same whatever the size of the session, so that small ones gain least.',
  read: 'A read request: a `get`, which links the session, `createSession`, which hands the link on, and the touch. To give express-session a Date instead of the ISO text that it parses would spare 160 of some 5,000 ns (Node 20: 205 ns to parse it, 45 to make the Date of a number), for one field more in every link: not taken.',
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
  memory({ typical, 'typical, anonymous': anonymous, ...others }) {
    const both = { 'signed in': typical, anonymous }
    const heaps = (of: typeof typical, stores: readonly StoreName[]) =>
      ratio(of?.lembro?.each, Math.min(...stores.map((store) => of?.[store]?.each ?? Number.NaN)))
    const honesties = Object.entries({ ...both, ...others }).map(
      ([name, of]) => [name, of?.lembro?.honesty ?? Number.NaN] as const,
    )
    const isHostile = ([name]: readonly [string, unknown]) => HOSTILE.includes(name as ShapeName)
    const honesty = 'texts: heap grown / `stats().bytes`'
    const plain = Object.fromEntries(honesties.filter((each) => !isHostile(each)))
    const hostile = Object.fromEntries(honesties.filter(isHostile))
    return [
      [
        '64 MB hold, times what they hold in the best other store',
        'at least 1',
        mapValues(both, (of) => 1 / heaps(of, PEERS)),
      ],
      [
        "heap of a signed-in session, of MemoryStore's",
        'at most 0.85',
        heaps(typical, ['MemoryStore']),
      ],
      [
        "heap of an anonymous session, of MemoryStore's",
        'at most 0.8',
        heaps(anonymous, ['MemoryStore']),
      ],
      [`honesty with plain ${honesty}`, '0.95 to 1.05', plain],
      [`honesty with hostile ${honesty}`, '0.85 to 1.1', hostile],
    ]
  },
  floods: ({ found: { lembro } }) => [
    [
      'visits of members that find their session in a flood',
      'at least 100%',
      mapValues(lembro, ({ members }) => members * 100),
    ],
  ],
  operations(shapes) {
    const owned = shapes.filter(({ owned }) => owned)
    const bySize = (ours: StoreName, name: OperationName, store: StoreName, other = name) =>
      Object.fromEntries(
        owned.map(({ size, by }) => [size, ratio(by[name].ns[ours], by[other].ns[store])]),
      )
    const goals: Readonly<Record<string, number>> = { '200 B': 10, '1 KB': 20, '10 KB': 60 }
    return [
      ...owned.map(
        ({
          size,
          by: {
            touch: { ns },
          },
        }): Target => [
          `\`touch\` of ${size}, times as fast as the predecessors`,
          `at least ${goals[size]}`,
          Object.fromEntries(RIVALS.map((rival) => [rival, ratio(ns[rival], ns.lembro)])),
          HELD.touch,
        ],
      ),
      [
        'a read request, of `get` and `createSession` alone of the floor',
        'at most 1.15',
        bySize('lembro', 'read request', 'floor', 'get and createSession'),
        HELD.read,
      ],
      ['`get`, of the floor', 'at most 1.05', bySize('lembro', 'get', 'floor'), HELD.set],
      [
        '`set` of a new session, of the floor',
        SET_GOAL,
        bySize('lembro', 'set new', 'floor'),
        HELD.set,
      ],
      [
        '`set` of a stored session, of the floor',
        SET_GOAL,
        bySize('lembro', 'set again', 'floor'),
        HELD.set,
      ],
      ...(['touch', 'set new', 'set again'] as const).map(
        (name): Target => [
          `\`${name}\`, bound to another copy of express-session, of the same copy`,
          'at most 1.1',
          bySize('lembro elsewhere', name, 'lembro'),
          HELD.elsewhere,
        ],
      ),
    ]
  },
  growth(growth) {
    const growths = OPERATION_NAMES.slice(0, -1).map((name) => [
      name,
      ratio(growthOf(growth, name, 'lembro'), growthOf(growth, name, 'floor')),
    ])
    const what = 'growth of an operation, of the growth of the floor'
    return [[what, 'at most 1.1', Object.fromEntries(growths), HELD.growth]]
  },
  stalls(stalls) {
    const filling = stalls.map(({ sessions, works: { fill } }) => [
      count(sessions),
      ratio(fill.lembro?.whole, fill.floor?.whole),
    ])
    const slices = stalls.flatMap(({ sessions, works: { purge, reduce } }) => [
      [`purge, ${count(sessions)}`, purge.lembro?.own],
      [`reduce, ${count(sessions)}`, reduce.lembro?.own],
    ])
    return [
      [
        'longest turn while filling past the room, garbage collection included, of the floor',
        'at most 1',
        Object.fromEntries(filling),
        HELD.stall,
      ],
      [
        'longest own slice of a purge and of `reduce()`',
        'at most 5 ms',
        Object.fromEntries(slices),
        HELD.stall,
      ],
    ]
  },
  imports: ({ by }) => [
    ["`require('lembro')` after express-session", 'at most 4 ms', by.lembro.loaded, HELD.import],
  ],
  http: ({ by: { lembro, ...others }, spread }) => [
    [
      'requests per second of an application, of what it answers with each of these, less the noise',
      `at least ${(1 - spread).toFixed(2)}`,
      Object.fromEntries(
        (['MemoryStore', 'memorystore', 'connect-redis'] as const)
          .filter((other) => others[other] !== undefined)
          .map((other) => [other, ratio(lembro.perSecond, others[other].perSecond)]),
      ),
    ],
  ],
  redis({ 'lembro/redis': ours, 'connect-redis': theirs }) {
    if (ours === undefined || theirs === undefined) return []
    const reads = {
      'one process': ratio(ours.read.perSecond, theirs.read.perSecond),
      two: ratio(ours.two, theirs.two),
    }
    const others = {
      saves: ratio(ours.save.perSecond, theirs.save.perSecond),
      'first reads': ratio(ours.first, theirs.first),
      'of 50 KB': ratio(ours.firstLarge, theirs.firstLarge),
    }
    return [
      [
        'read requests of a hot set in Redis, times those of connect-redis',
        'at least 8',
        reads,
        HELD.redis,
      ],
      [
        'saves and first reads with Redis, times those of connect-redis',
        'at least 0.9',
        others,
        HELD.firstReads,
      ],
      ['Redis commands per 1,000 read requests', 'at most 5', ours.commands],
    ]
  },
  saving({ rates, full: { '`saveFile`': saved, 'without `saveFile`': plain } }) {
    const { '`saveFile`': ours, 'without `saveFile`': bare } = rates
    const shares = { sets: ratio(ours.sets, bare.sets), touches: ratio(ours.touches, bare.touches) }
    return [
      [
        'sets and touches per second with `saveFile`, of those without',
        'at least 0.2',
        shares,
        HELD.saving,
      ],
      [
        'acknowledged at 4,000 operations a second, p99',
        'at most 10 ms',
        saved['acknowledged, p99'],
      ],
      [
        'acknowledged at 4,000 operations a second, at the latest',
        'at most 100 ms',
        saved['acknowledged, longest'],
      ],
      [
        'event-loop delay p99 with `saveFile`, over the same run without',
        'at most 3 ms',
        saved['delay, p99'] - plain['delay, p99'],
      ],
    ]
  },
  crashes: ({ killed: { lembro }, full }) => [
    [
      'restart, of a bare program that reads the rows of the same file',
      'at most 3',
      ratio(full.lembro.ms, full.bare.ms),
      HELD.restart,
    ],
    [
      'sessions lost by a kill that were acknowledged',
      'at most 0',
      lembro.acknowledged - lembro.sessions,
    ],
  ],
}

function targetsOf(results: Results): Target[] {
  return Object.entries(TARGETS).flatMap(([section, targets]) => {
    const figures = results[section as SectionName]
    return figures === undefined ? [] : (targets as (of: unknown) => Target[])(figures)
  })
}

/** A row for each target whose section was run. */
export function targetTable(results: Results): Table {
  return {
    title: 'Targets',
    note: 'Where several figures are given, every one has to reach the target. Operations: sessions with owners, by size. Every store defers its callback with `setImmediate`; the time of that is part of each operation. What holds those that are not reached is said below.',
    head: ['', 'target', 'measured', 'reached'],
    rows: targetsOf(results).map((target) => {
      const [what, goal, measured] = target
      const unit = /( ms|%)$/.exec(goal)?.[0] ?? ''
      const figures = Object.entries(named(measured)).map(([name, figure]) =>
        `${digits(figure)}${unit} ${name && `(${name})`}`.trim(),
      )
      const short = Math.max(1, Math.round((1 / reached(target) - 1) * 100))
      const missed = Number.isFinite(short) ? `no, by ${short}%` : 'no'
      return [what, goal, figures.join(', '), reached(target) >= 1 ? 'yes' : missed]
    }),
  }
}

/** Why targets are not reached, each reason once. */
export function obstacles(results: Results): string[] {
  const missed = targetsOf(results).filter((target) => reached(target) < 1)
  return [...new Set(missed.flatMap(([, , , heldBy]) => heldBy ?? []))]
}

/** How much of a target the worst of the figures reaches. */
function reached([, goal, measured]: Target): number {
  const [first = Number.NaN, last = first] = (goal.match(/[\d.]+/g) ?? []).map(Number)
  const least = goal.startsWith('at most') ? -Infinity : first
  const most = goal.startsWith('at least') ? Infinity : last
  const shares = Object.values(named(measured)).map((figure) =>
    figure < least ? figure / least : figure <= most ? 1 : most / figure,
  )
  return Math.min(1, ...shares)
}

function named(measured: Measured): Readonly<Record<string, number>> {
  return typeof measured === 'number' ? { '': measured } : measured
}
