import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { Lembro } from '../../lib/store'
import { Site } from '../support/site'

/** Two requests of one session overlap, and each sets a key of its own. */
async function overlap(t: TestContext, onConflict: 'overwrite' | 'merge') {
  const store = new Lembro({ interval: 0, onConflict })
  const site = await Site.open(store)
  t.after(() => site.close())
  const browser = site.browser()
  await browser.post('/sign-in', { name: 'ann' })
  const passes = [await site.slow(browser, '/slow/one'), await site.slow(browser, '/slow/two')]
  for (const pass of passes) await pass()
  const session = JSON.parse((await browser.get('/session')).text)
  return { session, conflicts: store.stats().conflicts }
}

describe('two requests of one session at once', () => {
  it("keep what either wrote, with 'merge'", async (t) => {
    const session = { userId: 'ann', one: true, two: true }
    assert.deepEqual(await overlap(t, 'merge'), { session, conflicts: 1 })
  })

  it("keep what the last one wrote, with 'overwrite': still a conflict that is counted", async (t) => {
    const session = { userId: 'ann', two: true }
    assert.deepEqual(await overlap(t, 'overwrite'), { session, conflicts: 1 })
  })
})
