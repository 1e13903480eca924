/** The targets that lembro is held to, whether a run reached them, and what holds those that it missed. */

import { count, digits, milliseconds, percent, type Table, whole } from './figures.js'
import type { OperationName } from './operations.js'
import { growthOf } from './sections/growth.js'
import { HOSTILE, type MemoryFigures, type ShapeName } from './sections/memory.js'
import { ratio, type ShapeFigures } from './sections/operations.js'
import type { Results } from './sections.js'
import { PEERS } from './stores.js'

/** A figure for each size, shape, store or work that a target is for. */
type Named = readonly (readonly [string, number])[]

interface Target {
  readonly what: string
  readonly least?: number
  readonly most?: number
  show?(figure: number): string
  /** `undefined` if its section was not run. */
  of(results: Results): Named | undefined
  /** Why it is not reached, if it is not. */
  readonly heldBy?: string
}

/** The predecessors: those whose users lembro wants to serve. */
const RIVALS = ['memorystore', 'MemoryStore', 'express-lembro'] as const
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

const TARGETS: readonly Target[] = [
  {
    what: '64 MB hold, times what they hold in the best other store',
    least: 1,
    of: ({ memory }) =>
      memory &&
      (['typical', 'typical, anonymous'] as const).map((shape) => {
        const least = Math.min(...PEERS.map((store) => memory[shape][store]?.each ?? NaN))
        return [shape, ratio(least, memory[shape].lembro?.each)]
      }),
  },
  heap('typical, anonymous', 'an anonymous', 0.8),
  heap('typical', 'a signed-in', 0.85),
  honesty('plain', 0.95, 1.05, (name) => !HOSTILE.includes(name)),
  honesty('hostile', 0.85, 1.1, (name) => HOSTILE.includes(name)),
  {
    what: 'visits of members that find their session in a flood',
    least: 1,
    show: percent,
    of: ({ floods }) =>
      floods?.found.lembro &&
      Object.entries(floods.found.lembro).map(([of, { members }]) => [of, members]),
  },
  faster('touch', '200 B', 10, HELD.touch),
  faster('touch', '1 KB', 20, HELD.touch),
  faster('touch', '10 KB', 60, HELD.touch),
  beside('a read request, of `get` and `createSession` of the floor', 1.15, HELD.touch, (by) =>
    ratio(by['read request'].ns.lembro, by['get and createSession'].ns.floor),
  ),
  ofFloor('get', 1.05),
  ofFloor('set new', SET_MOST),
  ofFloor('set again', SET_MOST),
  elsewhere('touch'),
  elsewhere('set new'),
  elsewhere('set again'),
  {
    what: 'growth of an operation, of the growth of the floor',
    most: 1.1,
    heldBy: HELD.growth,
    of: ({ growth }) =>
      growth &&
      (['set new', 'set again', 'get', 'touch', 'read request', 'write request'] as const).map(
        (name) => [name, ratio(growthOf(growth, name, 'lembro'), growthOf(growth, name, 'floor'))],
      ),
  },
  {
    what: 'longest turn while filling past the room, garbage collection included, of the floor',
    most: 1,
    heldBy: HELD.stall,
    of: ({ stalls }) =>
      stalls?.map(({ sessions, works: { fill } }) => [
        count(sessions),
        ratio(fill.lembro?.whole, fill.floor?.whole),
      ]),
  },
  {
    what: 'longest own slice of a purge and of `reduce()`',
    most: 5,
    show: milliseconds,
    heldBy: HELD.stall,
    of: ({ stalls }) =>
      stalls?.flatMap(({ sessions, works }) =>
        (['purge', 'reduce'] as const).map(
          (work) => [`${work}, ${count(sessions)}`, works[work].lembro?.own ?? NaN] as const,
        ),
      ),
  },
  {
    what: "`require('lembro')` after express-session",
    most: 4,
    show: milliseconds,
    heldBy: HELD.import,
    of: ({ imports }) => imports && [['', imports.by.lembro.loaded]],
  },
  {
    what: 'requests per second of an application, of the best of MemoryStore, memorystore and connect-redis',
    least: 0.95,
    of: ({ http }) => {
      const rates = [http?.by.MemoryStore, http?.by.memorystore, http?.by['connect-redis']]
      const best = Math.max(...rates.map((load) => load?.perSecond ?? 0))
      return http && [['', ratio(http.by.lembro?.perSecond, best)]]
    },
  },
  redis('read requests of a hot set in Redis, times those of connect-redis', 8, HELD.redis, {
    'one process': ({ read }) => read.perSecond,
    two: ({ two }) => two,
  }),
  redis(
    'saves and first reads of owners in Redis, times those of connect-redis',
    0.9,
    HELD.firstReads,
    {
      saves: ({ save }) => save.perSecond,
      'first reads': ({ cold }) => cold[0],
      'of 50 KB': ({ cold }) => cold[1],
    },
  ),
  {
    what: 'Redis commands per 1,000 read requests',
    most: 5,
    of: ({ redis }) => {
      const [one = NaN, two = NaN] = redis?.['lembro/redis']?.commands ?? []
      return (
        redis && [
          ['one process', one],
          ['two', two],
        ]
      )
    },
  },
  {
    what: 'sets and touches per second with `saveFile`, of those without',
    least: 0.2,
    heldBy: HELD.saving,
    of: ({ saving }) =>
      saving &&
      (['sets', 'touches'] as const).map((of) => [
        of,
        ratio(saving.rates['`saveFile`'][of], saving.rates['without `saveFile`'][of]),
      ]),
  },
  saving('acknowledged at 4,000 operations a second, p99', 10, ({ full }) => {
    return full['`saveFile`']['acknowledged, p99']
  }),
  saving('acknowledged at 4,000 operations a second, at the latest', 100, ({ full }) => {
    return full['`saveFile`']['acknowledged, longest']
  }),
  saving('event-loop delay p99 with `saveFile`, over the same run without', 3, ({ full }) => {
    return full['`saveFile`']['delay, p99'] - full['without `saveFile`']['delay, p99']
  }),
  {
    what: 'restart, of a bare program that reads the rows of the same file',
    most: 3,
    heldBy: HELD.restart,
    of: ({ crashes }) => crashes && [['', ratio(crashes.full.lembro.ms, crashes.full.bare.ms)]],
  },
  {
    what: 'sessions lost by a kill that were acknowledged',
    most: 0,
    show: whole,
    of: ({ crashes }) => {
      const { acknowledged = NaN, sessions = NaN } = crashes?.killed.lembro ?? {}
      return crashes && [['', acknowledged - sessions]]
    },
  },
]

function heap(shape: ShapeName, which: string, most: number): Target {
  return {
    what: `heap of ${which} typical session, of MemoryStore's`,
    most,
    of: ({ memory }) =>
      memory && [['', ratio(memory[shape].lembro?.each, memory[shape].MemoryStore?.each)]],
  }
}

function honesty(
  texts: string,
  least: number,
  most: number,
  includes: (name: ShapeName) => boolean,
): Target {
  return {
    what: `honesty with ${texts} texts: heap grown / \`stats().bytes\``,
    ...{ least, most },
    of: ({ memory = {} }) =>
      (Object.entries(memory) as [ShapeName, MemoryFigures[ShapeName]][])
        .filter(([name]) => includes(name))
        .map(([name, { lembro }]) => [name, lembro?.honesty ?? NaN]),
  }
}

function faster(operation: OperationName, size: string, least: number, heldBy: string): Target {
  return {
    what: `\`${operation}\` of ${size}, times as fast as the predecessors`,
    ...{ least, heldBy },
    of: ({ operations }) => {
      const by = operations?.find((shape) => shape.owned && shape.size === size)?.by[operation]
      return by && RIVALS.map((rival) => [rival, ratio(by.ns[rival], by.ns.lembro)])
    },
  }
}

/** A figure for each size of sessions with owners. */
function beside(
  what: string,
  most: number,
  heldBy: string,
  figure: (by: ShapeFigures['by']) => number,
): Target {
  return {
    ...{ what, most, heldBy },
    of: ({ operations }) =>
      operations?.filter(({ owned }) => owned).map(({ size, by }) => [size, figure(by)]),
  }
}

function ofFloor(operation: OperationName, most: number): Target {
  return beside(`\`${operation}\`, of the floor`, most, HELD.set, (by) =>
    ratio(by[operation].ns.lembro, by[operation].ns.floor),
  )
}

function elsewhere(operation: OperationName): Target {
  const what = `\`${operation}\`, bound to another copy of express-session, of the same copy`
  return beside(what, 1.1, HELD.elsewhere, (by) =>
    ratio(by[operation].ns['lembro elsewhere'], by[operation].ns.lembro),
  )
}

type SharedFigures = NonNullable<NonNullable<Results['redis']>['lembro/redis']>

function redis(
  what: string,
  least: number,
  heldBy: string,
  figures: Readonly<Record<string, (of: SharedFigures) => number>>,
): Target {
  return {
    ...{ what, least, heldBy },
    of: ({ redis }) => {
      const [ours, theirs] = [redis?.['lembro/redis'], redis?.['connect-redis']]
      if (ours === undefined || theirs === undefined) return undefined
      return Object.entries(figures).map(([name, of]) => [name, ratio(of(ours), of(theirs))])
    },
  }
}

/** ms. */
function saving(
  what: string,
  most: number,
  figure: (of: NonNullable<Results['saving']>) => number,
): Target {
  return { what, most, show: milliseconds, of: ({ saving }) => saving && [['', figure(saving)]] }
}

/** A row for each target whose section was run. */
export function targetTable(results: Results): Table {
  return {
    title: 'Targets',
    note: 'Where several figures are given, every one has to reach the target. Operations: sessions with owners, by size. Every store defers its callback with `setImmediate`; the time of that is part of each operation. What holds those that are not reached is said below.',
    head: ['', 'target', 'measured', 'reached'],
    rows: TARGETS.flatMap((target) => {
      const { what, least, most, show, of } = target
      const told = show ?? digits
      const measured = of(results) ?? []
      if (measured.length === 0) return []
      const goal = [
        least !== undefined && `at least ${(show ?? String)(least)}`,
        most !== undefined && `at most ${(show ?? String)(most)}`,
      ]
      const figures = measured.map(([name, figure]) =>
        name === '' ? told(figure) : `${told(figure)} (${name})`,
      )
      const share = reached(target, measured)
      const missed = Number.isFinite(1 / share)
        ? `no, by ${Math.max(1, Math.round((1 / share - 1) * 100))}%`
        : 'no'
      return [
        [what, goal.filter(Boolean).join(', '), figures.join(', '), share >= 1 ? 'yes' : missed],
      ]
    }),
  }
}

/** Why targets are not reached, each reason once. */
export function obstacles(results: Results): string[] {
  const held = TARGETS.flatMap((target) => {
    const share = reached(target, target.of(results) ?? [])
    return share >= 1 || target.heldBy === undefined ? [] : [target.heldBy]
  })
  return [...new Set(held)]
}

/** How much of the target the worst of the figures reaches. */
function reached({ least = -Infinity, most = Infinity }: Target, measured: Named): number {
  const shares = measured.map(([, figure]) =>
    figure < least ? figure / least : figure <= most ? 1 : most / figure,
  )
  return Math.min(...shares)
}
