import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { LembroOptions } from '../../lib/settings/options'
import type { LembroStore } from '../../lib/store'
import { type Cut, Disk } from '../support/disk'
import { newSaveFile } from '../support/folder'
import { on } from '../support/saving'
import { type Data, plainSession } from '../support/sessions'
import { NOON, nextTurn, stopTime } from '../support/time'

const MOST = 12

const sid = fc.integer({ min: 0, max: 15 }).map((n) => `sid-${n}`)
const maxAge = fc.constantFrom(0, 50, 1000, 60_000, 1e9)
const path = fc.constantFrom('/', '/a', '/b')
const cut = fc.constantFrom<Cut>('nothing', 'removals', 'names', 'everything')

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      sid,
      maxAge,
      text: fc.string({ unit: 'binary', maxLength: 100 }),
      userId: fc.constantFrom(undefined, 'ann', 'bob'),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('touch' as const), sid, maxAge, path }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('destroy' as const), sid }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 49, 70_000) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('kill' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('power cut' as const), cut }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('breathe' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

interface Kept {
  readonly sid: string
  readonly text: string
  readonly userId: string | undefined
  readonly expiry: number
  readonly path: string
}

/** A store that is restarted, killed and cut off, and a list that is not, oldest first. */
class Pair {
  readonly #time: { pass(ms: number): void }
  readonly #options: LembroOptions
  #disk = new Disk()
  #kept: Kept[] = []
  #store: LembroStore | undefined

  constructor(time: { pass(ms: number): void }, options: LembroOptions) {
    this.#time = time
    this.#options = { saveFile: newSaveFile(), max: MOST, owner: false, ...options }
  }

  async start(): Promise<void> {
    const { store, error, heard } = await on(this.#disk).open(this.#options)
    assert.deepEqual([error, heard], [null, []])
    this.#store = store
  }

  async take(step: Step): Promise<void> {
    const store = this.#store as LembroStore
    const now = Date.now()
    switch (step.do) {
      case 'set': {
        const { sid, text, userId } = step
        this.#put({ sid, text, userId, expiry: now + step.maxAge, path: '/' }, now)
        return store.set(sid, plainSession({ text, userId }, { maxAge: step.maxAge }))
      }
      case 'touch': {
        const { sid, path } = step
        const kept = this.#kept.find((each) => each.sid === sid)
        if (kept !== undefined) this.#put({ ...kept, expiry: now + step.maxAge, path }, now)
        return store.touch(sid, plainSession({}, { maxAge: step.maxAge, path }))
      }
      case 'destroy':
        this.#kept = this.#kept.filter(({ sid }) => sid !== step.sid)
        return store.destroy(step.sid)
      case 'clear':
        this.#kept = []
        return store.clear()
      case 'wait':
        return this.#time.pass(step.ms)
      case 'breathe':
        for (let turn = 0; turn < 5; turn++) await nextTurn()
        return
      case 'restart':
        await store.close()
        return this.start()
      case 'kill':
        return this.#crash('everything')
      case 'power cut':
        if (this.#options.savePeriod !== 0) await store.save()
        return this.#crash(step.cut)
    }
  }

  async check(): Promise<void> {
    const now = Date.now()
    const store = this.#store as LembroStore
    this.#kept = this.#kept.filter(({ expiry }) => expiry > now)
    assert.deepEqual(
      (await store.ids()).reverse(),
      this.#kept.map(({ sid }) => sid),
    )
    const all = await store.all()
    for (const { sid, text, userId, expiry, path } of this.#kept) {
      const { cookie, ...data } = all[sid] as Data
      assert.deepEqual(data, userId === undefined ? { text } : { text, userId })
      assert.equal(cookie.path, path)
      assert.equal(cookie.expires, new Date(expiry).toISOString())
    }
  }

  async end(): Promise<void> {
    await this.#store?.close()
  }

  #put(kept: Kept, now: number): void {
    const others = this.#kept.filter(({ sid, expiry }) => sid !== kept.sid && expiry > now)
    if (kept.expiry <= now) this.#kept = others
    else this.#kept = [...others.slice(-(MOST - 1)), kept]
  }

  async #crash(left: Cut): Promise<void> {
    const former = this.#store as LembroStore
    this.#disk = this.#disk.cut(left)
    on(this.#disk).kill(this.#options.saveFile as string)
    await this.start()
    await former.close().catch(() => {})
  }
}

for (const [setting, options] of [
  ['whatever happens', {}],
  ['at savePeriod 0', { savePeriod: 0 }],
  ['with saveKeys', { saveKeys: [new Uint8Array(32).fill(5)] }],
] as const) {
  it(`holds after restarts, kills and power cuts what a naive list holds, ${setting}`, async (t) => {
    const time = stopTime(t)
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 60, size: 'max' }),
      async (steps) => {
        t.mock.timers.setTime(NOON)
        const pair = new Pair(time, options)
        await pair.start()
        for (const step of steps) {
          await pair.take(step)
          await pair.check()
        }
        await pair.end()
      },
    )
    await fc.assert(property, { numRuns: Number(process.env.FUZZ_RUNS ?? 60) })
  })
}
