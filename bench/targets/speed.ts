/** How fast lembro has to be: its operations, how they grow, its import, and reads through Redis. */

import { milliseconds } from '../figures.js'
import { HELD } from '../held.js'
import { growthOf } from '../sections/growth.js'
import type { Results } from '../sections.js'
import { each, ofSizes, only, type Target, times } from '../target.js'

/** The predecessors: those whose users lembro wants to serve. */
const RIVALS = ['memorystore', 'MemoryStore', 'express-lembro'] as const

const NAMES = {
  get: '`get`',
  touch: '`touch`',
  'set new': '`set` of a new session',
  'set again': '`set` of a stored session',
  'read request': 'a read request',
} as const

type Named = keyof typeof NAMES

export const SPEED_TARGETS: readonly Target[] = [
  timesFaster('touch', '200 B', 10, HELD.touch),
  timesFaster('touch', '1 KB', 20, HELD.touch),
  timesFaster('touch', '10 KB', 20, HELD.touch),
  timesFaster('read request', '200 B', 3, HELD.read),
  timesFaster('read request', '1 KB', 3, HELD.read),
  timesFaster('read request', '10 KB', 3, HELD.read),
  ofFloor('get'),
  ofFloor('set new'),
  ofFloor('set again'),
  elsewhere('touch'),
  elsewhere('set new'),
  elsewhere('set again'),
  {
    what: 'growth of an operation, of the growth of the floor',
    target: 'at most 1.1',
    most: 1.1,
    heldBy: HELD.growth,
    measure: ({ growth }) =>
      growth &&
      each(
        Object.entries(growth.ns).map(([operation, bySize]) => [
          operation,
          growthOf(bySize, 'lembro') / growthOf(bySize, 'floor'),
        ]),
      ),
  },
  {
    what: "`require('lembro')` after express-session",
    target: 'at most 4 ms',
    most: 4,
    heldBy: HELD.import,
    measure: ({ imports }) => imports && only(imports.by.lembro.loaded, milliseconds),
  },
  {
    what: 'read requests of a hot set in Redis, times those of connect-redis',
    target: 'at least 8',
    least: 8,
    heldBy: HELD.redis,
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
    what: 'saves, and first reads in a process, of owners in Redis, times those of connect-redis',
    target: 'at least 0.9',
    least: 0.9,
    heldBy: HELD.firstReads,
    measure: ({ redis }) => {
      const [ours, theirs] = [redis?.by['lembro/redis'], redis?.by['connect-redis']]
      if (ours === undefined || theirs === undefined) return undefined
      return each([
        ['saves', ours.save.perSecond / theirs.save.perSecond],
        ['first reads', ours.cold[0] / theirs.cold[0]],
        ['of 50 KB', ours.cold[1] / theirs.cold[1]],
      ])
    },
  },
  {
    what: 'Redis commands per 1,000 read requests',
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
]

function timesFaster(operation: Named, size: string, least: number, heldBy: string): Target {
  return {
    what: `${NAMES[operation]} of ${size}, times as fast as the predecessors`,
    target: `at least ${least}`,
    least,
    heldBy,
    measure: ({ operations }: Results) => {
      const ns = operations?.find((shape) => shape.owned && shape.size === size)?.ns
      return ns && each(RIVALS.map((rival) => [rival, times(ns, operation, rival, 'lembro')]))
    },
  }
}

function ofFloor(operation: Named): Target {
  return {
    what: `${NAMES[operation]}, of the floor`,
    target: 'at most 1.1',
    most: 1.1,
    heldBy: HELD.set,
    measure: ({ operations }) =>
      ofSizes(operations, (ns) => times(ns, operation, 'lembro', 'floor')),
  }
}

function elsewhere(operation: Named): Target {
  return {
    what: `${NAMES[operation]}, bound to another copy of express-session, of the same copy`,
    target: 'at most 1.1',
    most: 1.1,
    heldBy: HELD.elsewhere,
    measure: ({ operations }) =>
      ofSizes(operations, (ns) => times(ns, operation, 'lembro elsewhere', 'lembro')),
  }
}
