/** What lembro's sessions may take, how honest its count of bytes has to be, and who keeps their session when room is short. */

import { percent } from '../figures.js'
import { HELD } from '../held.js'
import { HOSTILE, type ShapeName } from '../sections/memory.js'
import { each, only, type Target } from '../target.js'

export const MEMORY_TARGETS: readonly Target[] = [
  heap('typical, anonymous', 'an anonymous', 0.8),
  heap('typical', 'a signed-in', 0.85),
  honesty('plain', 0.95, 1.05, (name) => !HOSTILE.includes(name)),
  honesty('hostile', 0.85, 1.1, (name) => HOSTILE.includes(name)),
  {
    what: 'a flood, 500 sessions per 50 visits of members: visits that find their session',
    target: '100%',
    least: 1,
    measure: ({ floods }) => {
      const found = floods?.found.lembro
      return (
        found &&
        each(
          [
            ['strangers', found.strangers.members],
            ['some sign in', found.newcomers.members],
            ['one account', found['one account'].members],
          ],
          percent,
        )
      )
    },
  },
]

function heap(shape: ShapeName, which: string, most: number): Target {
  return {
    what: `heap of ${which} typical session, of MemoryStore's`,
    target: `at most ${most.toFixed(2)}`,
    most,
    heldBy: HELD.heap,
    measure: ({ memory }) => {
      const { lembro, MemoryStore } = memory?.[shape] ?? {}
      return lembro && MemoryStore && only(lembro.each / MemoryStore.each)
    },
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
    target: `${least.toFixed(2)} to ${most.toFixed(2)}`,
    least,
    most,
    measure: ({ memory }) =>
      memory &&
      each(
        (Object.keys(memory) as ShapeName[])
          .filter(includes)
          .map((name) => [name, memory[name].lembro?.honesty ?? NaN]),
      ),
  }
}
