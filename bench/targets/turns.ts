/** How long lembro may keep the event loop. */

import { count, milliseconds } from '../figures.js'
import { HELD } from '../held.js'
import { each, only, type Target } from '../target.js'

export const TURN_TARGETS: readonly Target[] = [
  {
    what: 'longest turn while filling past the room, garbage collection included, of the floor',
    target: 'at most 1',
    most: 1,
    heldBy: HELD.stall,
    measure: ({ stalls }) =>
      stalls &&
      each(
        stalls.map(({ sessions, works: { fill } }) => [
          count(sessions),
          (fill.lembro?.whole ?? NaN) / (fill.floor?.whole ?? NaN),
        ]),
      ),
  },
  {
    what: 'longest own slice of a purge and of `reduce()`',
    target: 'at most 5 ms',
    most: 5,
    heldBy: HELD.stall,
    measure: ({ stalls }) =>
      stalls &&
      each(
        stalls.flatMap(({ sessions, works }) =>
          (['purge', 'reduce'] as const).map(
            (work) => [`${work}, ${count(sessions)}`, works[work].lembro?.own ?? NaN] as const,
          ),
        ),
        milliseconds,
      ),
  },
  {
    what: 'event-loop delay p99 with `saveFile`, over the same run without',
    target: 'at most 3 ms',
    most: 3,
    measure: ({ persistence }) =>
      persistence &&
      only(persistence.saving.delays.p99 - persistence.without.delays.p99, milliseconds),
  },
]
