import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SessionData } from 'express-session'
import { Lembro } from '../lib/store'
import { load, newSession, plainSession } from './support/sessions'

/** What the application may do to the store from within a function that the store asks. */
const deeds: Record<string, (store: Lembro) => unknown> = {
  'sets the same session': (store) => store.set('a', plainSession({ inner: true })),
  'sets others': (store) => {
    for (let n = 0; n < 20; n++) store.set(`other-${n}`, plainSession({ text: 'x'.repeat(200) }))
  },
  'destroys it': (store) => store.destroy('a'),
  'clears all': (store) => store.clear(),
  'trims all but one': (store) => store.reduce(1),
  'touches it': (store) => store.touch('a', plainSession()),
}

/** Every id is there once, and each can be read: nothing is in one place and not in another. */
async function check(store: Lembro): Promise<void> {
  // Joins a trim that is under way, which would evict some between the list and the count.
  await store.reduce(store.stats().maxBytes)
  const ids = await store.ids()
  const { sessions, bytes, maxBytes } = store.stats()
  assert.equal(new Set(ids).size, sessions)
  assert.equal(ids.length, sessions)
  assert.ok(bytes <= maxBytes)
  for (const sid of ids) assert.ok(await store.get(sid), `${sid} is listed, but not there`)
}

describe('a store stays true when', () => {
  for (const [deed, act] of Object.entries(deeds)) {
    for (const asker of ['ttl', 'owner', 'serializer', 'onConflict', 'dispose'] as const) {
      it(`${asker} ${deed}`, async () => {
        let inside = true
        const once = <Answer>(answer: Answer): Answer => {
          if (!inside) {
            inside = true
            act(store)
          }
          return answer
        }
        const options = {
          ttl: () => once(60_000),
          owner: () => once('ann'),
          serializer: {
            stringify: (session: SessionData) => once(JSON.stringify(session)),
            parse: JSON.parse,
          },
          onConflict: (_b: SessionData, _s: SessionData, incoming: SessionData) => once(incoming),
          dispose: () => once(undefined),
        }
        const store: Lembro = new Lembro({ maxSize: 4000, [asker]: options[asker] })
        const live = newSession(store, 'a', { n: 1 })
        store.set('a', live)
        store.set('b', plainSession())
        const slow = Object.assign(await load(store, 'a'), { n: 2 })
        for (const run of [
          () => store.set('a', plainSession({ n: 3 })),
          () => store.set('a', slow),
          () => store.touch('a', plainSession()),
          () => store.set('new', plainSession()),
        ]) {
          inside = false
          run()
          await check(store)
        }
        inside = true
        await store.destroy(await store.ids())
        assert.deepEqual([store.stats().sessions, store.stats().bytes], [0, 0])
      })
    }
  }
})
