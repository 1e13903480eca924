/** What two processes make of one page: see `support/pages.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sendPages } from '../support/pages'
import { needsRedis, RedisServer } from '../support/redis'
import { rounds } from '../support/rounds'

const PAGES = rounds(300)

describe('a page of two requests at a time, to two processes', needsRedis, () => {
  const kinds: [string, object][] = [
    ['each touch told', { options: { touchAfter: 0 } }],
    ['touches due, default options', { maxAge: 8000, visitors: 300 }],
    ['saves by a script', { options: { touchAfter: 0, onConflict: 'merge' } }],
  ]
  for (const [what, options] of kinds) {
    it(`leaves nothing stale: ${what}`, async (t) => {
      const server = await RedisServer.start(t)
      const client = { library: 'redis 6', kind: 'server', ports: [server.port] } as const
      const { stale, late, expired } = await sendPages(t, client, { pages: PAGES, ...options })
      t.diagnostic(`${PAGES} pages: ${late} seen late, ${stale} stale, ${expired} expired`)
      assert.equal(stale, 0)
      // On a slow machine many are: some must have been seen alive.
      assert.ok(expired < PAGES)
    })
  }
})
