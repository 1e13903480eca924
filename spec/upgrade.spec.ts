/** What earlier releases have stored, read by this one, at the time at which it was stored. `spec/fixtures/write.ts` wrote it. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { newSaveFile } from './support/folder'
import { needsRedis, RedisServer } from './support/redis'
import {
  deviceOf,
  KEYS,
  type RedisKey,
  redisStore,
  Standing,
  type Told,
  toldBy,
} from './support/release'
import { open } from './support/saving'
import { openShared } from './support/shared'

const FIXTURES = path.resolve('spec/fixtures')
const RELEASES = fs.readdirSync(FIXTURES).filter((name) => /^\d+\.\d+\.\d+$/.test(name))
const LONGEST = 86_400_000

/** With the ids in an order of their own, as the two kinds of store give them. */
function sorted({ sessions, owned, devices }: Told): Told {
  const byHandle = (a: { handle: string }, b: { handle: string }) => (a.handle < b.handle ? -1 : 1)
  return { sessions, owned: [...owned].sort(), devices: [...devices].sort(byHandle) }
}

for (const release of RELEASES) {
  const folder = path.join(FIXTURES, release)
  const read = (name: string) => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'))

  describe(`what ${release} has stored`, () => {
    /** A copy of a file, the options that open it, and a clock that stands where it was written. */
    const stored = (name: string) => {
      const { at, ids, ...told } = read(`${name}.json`) as Told & { at: number; ids: string[] }
      const saveFile = newSaveFile()
      for (const end of ['', '-wal']) {
        const from = path.join(folder, name + end)
        if (fs.existsSync(from)) fs.copyFileSync(from, saveFile + end)
      }
      const saveKeys = name.startsWith('sealed') ? KEYS : undefined
      const options = { saveFile, saveKeys, describe: deviceOf }
      return { ids, told, options, clock: new Standing(at) }
    }

    for (const name of fs.readdirSync(folder).filter((each) => each.endsWith('.db'))) {
      it(`is in ${name} as it was: sessions, owners, devices, order, and who is a member`, async () => {
        const { ids, told, options, clock } = stored(name)
        const { store, error, heard } = await open(options, { clock })
        assert.deepEqual([error, heard], [null, []])
        assert.deepEqual(sorted(await toldBy(store)), sorted(told))
        assert.deepEqual(await store.ids(), ids)
        assert.equal(store.stats().members, 1)
        await store.destroyOwner('ann')
        clock.at += LONGEST
        // Each expires when it would have: one that was touched lives longer.
        await store.prune()
        assert.deepEqual(await store.ids(), ['stranger'])
        await store.close()
      })

      it(`is in ${name} for several processes too`, async () => {
        const { ids, told, options, clock } = stored(name)
        const { store, error, heard } = await openShared(options, clock)
        assert.deepEqual([error, heard], [null, []])
        assert.deepEqual(sorted(await toldBy(store)), sorted(told))
        assert.deepEqual([store.stats().sessions, store.stats().members], [ids.length, 1])
        await store.destroyOwner('ann')
        clock.at += LONGEST
        await store.prune()
        assert.deepEqual(await store.ids(), ['stranger'])
        await store.close()
      })
    }

    it('is in Redis as it was: sessions, owners and devices', needsRedis, async (t) => {
      type Kept = Told & { at: number; keys: Record<string, RedisKey> }
      const { at, keys, ...told } = read('redis.json') as Kept
      const server = await RedisServer.start(t)
      const client = await server.connected(t)
      for (const [key, { text, ids, ms }] of Object.entries(keys)) {
        if (text === undefined) await client.zAdd(key, [...(ids ?? [])])
        else await client.set(key, text)
        await client.pExpire(key, ms)
      }
      const store = await redisStore(server.port, new Standing(at))
      t.after(() => store.close())
      assert.deepEqual(sorted(await toldBy(store)), sorted(told))
      assert.equal(await store.destroyOwner('ann'), 2)
      assert.deepEqual(await client.keys('lembro-owner:*'), ['lembro-owner:sess:7'])
    })
  })
}
