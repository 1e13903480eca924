/** The cost of a verb stays flat: its work is counted in a small store and in a large one. */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Clock, systemClock } from '../lib/clock'
import type { LembroOptions } from '../lib/settings/options'
import type { LembroStore } from '../lib/store'
import { type Data, load, plainSession } from './support/sessions'
import { storeAt } from './support/store'
import { nextTurn, stopTime } from './support/time'
import { countingSerializer, type Work, watchEntries, workOf } from './support/work'

const SIZES = [1000, 20_000]
const DAY = 86_400_000
const TEXT = 'x'.repeat(100)

let unwatch = () => {}
before(() => {
  unwatch = watchEntries()
})
after(() => unwatch())

/** A store of so many sessions: a tenth signed in, three of them as ann. */
function filled(
  size: number,
  options: LembroOptions = {},
  clock: Clock = systemClock,
): LembroStore {
  const store = storeAt(clock, {
    maxSize: Infinity,
    interval: false,
    serializer: countingSerializer,
    ...options,
  })
  for (let n = 0; n < size; n++) {
    const userId = n < 3 ? 'ann' : n % 10 === 0 ? `u${n}` : undefined
    store.set(`s${n}`, plainSession({ userId, text: TEXT }, { maxAge: DAY }), undefined)
  }
  return store
}

const middle = (size: number) => `s${size / 2 + 5}`

/** What one session of these is as text, at the most. */
const ONE = TEXT.length + 200

type Verb = [
  name: string,
  most: Work,
  run: (store: LembroStore, size: number) => Promise<unknown>,
  result?: unknown,
]

const verbs: Verb[] = [
  ['stats', { entries: 0, steps: 0, characters: 0 }, async (store) => store.stats()],
  ['length', { entries: 0, steps: 0, characters: 0 }, (store) => store.length()],
  ['prune, of nothing', { entries: 0, steps: 0, characters: 0 }, (store) => store.prune()],
  ['get', { entries: 1, steps: 2, characters: ONE }, (store, size) => store.get(middle(size))],
  ['get, of an absent one', { entries: 0, steps: 2, characters: 0 }, (store) => store.get('no')],
  [
    'touch',
    { entries: 8, steps: 4, characters: 0 },
    (store, size) => store.touch(middle(size), plainSession({}, { maxAge: 2 * DAY })),
  ],
  [
    'touch to an earlier expiry',
    { entries: 8, steps: 4, characters: 0 },
    (store, size) => store.touch(middle(size), plainSession({}, { maxAge: 1000 })),
  ],
  [
    'touch of a member',
    { entries: 8, steps: 6, characters: 0 },
    (store) => store.touch('s1', plainSession({}, { maxAge: DAY })),
  ],
  [
    'set',
    { entries: 8, steps: 8, characters: ONE },
    (store, size) => store.set(middle(size), plainSession({ text: TEXT })),
  ],
  [
    'set of a new one',
    { entries: 8, steps: 8, characters: ONE },
    (store) => store.set('new', plainSession({ text: TEXT })),
  ],
  [
    'set of one that signs in',
    { entries: 8, steps: 12, characters: ONE },
    (store) => store.set('s11', plainSession({ userId: 'u10', text: TEXT })),
  ],
  [
    'a save by a request',
    { entries: 8, steps: 10, characters: 2 * ONE },
    async (store, size) => {
      const live = await load(store, middle(size))
      live.n = 1
      await store.set(middle(size), live)
    },
  ],
  [
    'destroy',
    { entries: 8, steps: 4, characters: 0 },
    (store, size) => store.destroy(middle(size)),
  ],
  ['idsOf', { entries: 3, steps: 10, characters: 0 }, (store) => store.idsOf('ann'), 3],
  [
    'destroyOwner',
    { entries: 12, steps: 30, characters: 0 },
    (store) => store.destroyOwner('ann', { except: 's1' }),
    2,
  ],
  ['clear', { entries: 0, steps: 8, characters: 0 }, (store) => store.clear()],
]

describe('the work stays the same in a store of 1,000 sessions and of 20,000:', () => {
  let stores: LembroStore[] = []
  before(() => {
    stores = SIZES.map((size) => filled(size, { onConflict: 'merge' }))
  })

  for (const [name, most, run, result] of verbs) {
    it(name, async () => {
      for (const [i, size] of SIZES.entries()) {
        let given: unknown
        const work = await workOf(async () => {
          given = await run(stores[i] as LembroStore, size)
        })
        assertAtMost(work, most, size)
        if (result !== undefined) assert.equal(Array.isArray(given) ? given.length : given, result)
      }
    })
  }

  it('clear, which takes what it dropped apart when there is time', async () => {
    while ((await workOf(nextTurn)).entries > 0);
  })
})

describe('the work follows what there is to do, not the size of the store:', () => {
  it('a set that evicts the oldest in a store that is full of sessions', async () => {
    for (const size of SIZES) {
      const store = filled(size, { max: size })
      const work = await workOf(() => store.set('new', plainSession({ text: TEXT })))
      assert.equal(store.stats().sessions, size)
      assertAtMost(work, { entries: 12, steps: 12, characters: ONE }, size)
    }
  })

  it('the trim of a store that is full of bytes', async (t) => {
    const time = stopTime(t)
    for (const size of SIZES) {
      const probe = filled(size)
      const store = filled(size, { maxSize: probe.stats().bytes }, time.clock)
      const trimmed = new Promise((resolve) => store.once('reduce', resolve))
      const work = await workOf(async () => {
        store.set('new', plainSession({ text: TEXT }))
        await trimmed
      })
      const evicted = store.stats().evicted.anonymous
      assert.ok(evicted > size / 5 && evicted < size / 3, `${evicted} evicted`)
      const most = { entries: evicted * 2 + 20, steps: evicted * 3 + 20, characters: ONE }
      assertAtMost(work, most, size)
      assert.ok(work.entries >= evicted, 'the entries are watched')
    }
  })

  it('the purge of a few that expired, and the length', async (t) => {
    const time = stopTime(t)
    for (const size of SIZES) {
      const store = filled(size, {}, time.clock)
      for (const run of [() => store.prune(), () => store.length()]) {
        const { expired } = store.stats()
        for (let n = 0; n < 10; n++) {
          store.set(`brief${n}`, plainSession({}, { maxAge: 500 + 50 * n }), undefined)
        }
        time.pass(1000)
        const work = await workOf(run)
        assert.deepEqual([store.stats().expired - expired, store.stats().sessions], [10, size])
        assertAtMost(work, { entries: 30, steps: 20, characters: 0 }, size)
      }
    }
  })

  it('the purge of many that were prolonged, which are looked at once for all the touches', async (t) => {
    const time = stopTime(t)
    const [size] = SIZES as [number]
    const store = filled(size, {}, time.clock)
    for (let n = 0; n < 100; n++) {
      store.set('busy', plainSession({ n } as unknown as Data, { maxAge: 1000 + n }))
      store.touch('busy', plainSession({}, { maxAge: 1000 + n }))
    }
    time.pass(1050)
    const work = await workOf(() => store.prune())
    assert.equal(store.stats().sessions, size + 1)
    assertAtMost(work, { entries: 3, steps: 2, characters: 0 }, size)
  })
})

function assertAtMost(work: Work, most: Work, size: number): void {
  for (const what of ['entries', 'steps', 'characters'] as const) {
    assert.ok(work[what] <= most[what], `${size} sessions: ${what} ${work[what]} > ${most[what]}`)
  }
}
