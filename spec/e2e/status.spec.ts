import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { Lembro } from 'lembro'
import { StatusLine, statusText } from '../../examples/shop/status'
import { newSaveFile } from '../support/folder'
import { open } from '../support/saving'
import { plainSession } from '../support/sessions'
import { openShop } from '../support/shop'
import { stopTime } from '../support/time'

describe('the status line', () => {
  it('tells of strangers and members', async () => {
    await using shop = await openShop({ maxSize: '64K' })
    await shop.browser().get('/')
    await shop.member('Ada')
    assert.match(
      statusText(shop.store.stats()),
      /^\d+ bytes of 64 KB · 2 sessions, 0 members · evicted 0, 0 members · expired 0 · 1 newcomer$/,
    )
  })

  it('counts what was evicted, and who is there', async () => {
    await using store = new Lembro({ max: 3 })
    for (const sid of ['a', 'b']) await store.set(sid, plainSession())
    for (const sid of ['c', 'd', 'e', 'f']) await store.set(sid, plainSession({ userId: sid }))
    assert.match(statusText(store.stats()), /· 3 sessions, 0 members · evicted 3, 0 members ·/)
  })

  it('counts what has expired', async (t) => {
    const { pass } = stopTime(t)
    await using store = new Lembro({ ttl: 1_000 })
    await store.set('a', plainSession())
    pass(1_001)
    await store.prune()
    assert.match(
      statusText(store.stats()),
      /· 0 sessions, 0 members · .* · expired 1 · 0 newcomers$/,
    )
  })

  it('begins with it where sessions should be saved and are not', async () => {
    const saveFile = newSaveFile()
    await using saved = (await open({ saveFile })).store
    await using unsaved = (await open({ saveFile: join(saveFile, 'sessions') })).store
    assert.match(statusText(saved.stats()), /^0 bytes of 4 MB/)
    assert.match(statusText(unsaved.stats()), /^NOT SAVED · 0 bytes of 4 MB/)
  })

  it('is rewritten in place on a terminal that is wide enough for a bar', async (t) => {
    const { store, written, later } = await watch(t, { isTTY: true, columns: 120 })
    await store.set('a', plainSession({ text: 'x'.repeat(2_000) }))
    later()
    assert.equal(written.length, 2)
    for (const text of written) assert.ok(text.startsWith('\r\x1b[2K'), text)
    assert.match(written[0] ?? '', /░{20} 0 bytes of 4 KB · 0 sessions/)
    assert.match(written[1] ?? '', /█{10,}░+ 2 KB of 4 KB · 1 session,/)
  })

  for (const columns of [20, 80, 0, undefined]) {
    it(`never wraps on a terminal of ${columns} columns`, async (t) => {
      const { written } = await watch(t, { isTTY: true, ...(columns !== undefined && { columns }) })
      const [text = ''] = written.map((each) => each.replace('\r\x1b[2K', ''))
      assert.match(text, /^([░█]+ )?0 bytes of 4 KB/)
      assert.ok(text.length < (columns || 80), text)
    })
  }

  it('has the bar on a terminal of 80 columns, however much it has to tell', async (t) => {
    const { store, written, later } = await watch(t, { isTTY: true, columns: 80 }, '100M')
    for (let sid = 0; sid < 10_000; sid++) await store.set(String(sid), plainSession())
    for (let sid = 0; sid < 1_000; sid++) await store.set(`m${sid}`, plainSession({ userId: 'a' }))
    later()
    await store.reduce('1%')
    later()
    assert.match(written.at(-1) ?? '', /[░█]{8,} .* of 100 MB · \d+ sessions, .* · evicted \d{4}, /)
  })

  it('tells of the members that were evicted on a terminal of 60 columns', async (t) => {
    const { store, written, later } = await watch(t, { isTTY: true, columns: 60 })
    for (let sid = 0; sid < 100; sid++) await store.set(String(sid), plainSession({ userId: sid }))
    later()
    assert.match(written.at(-1) ?? '', /[░█]{8,} \d+ KB of 4 KB · evicted \d\d, \d+ members$/)
  })

  it('is a plain line, printed when it has changed, where there is no terminal', async (t) => {
    const { store, written, later } = await watch(t, {})
    later()
    assert.equal(written.length, 1)
    await store.set('a', plainSession())
    later()
    assert.equal(written.length, 2)
    for (const text of written)
      assert.match(text, /^[\d.]+ (KB|bytes) of 4 KB · .* · expired 0 · 0 newcomers\n$/)
  })

  it('is shown a last time when it stops, and leaves the cursor on a new line', async (t) => {
    const { store, written, line, later } = await watch(t, { isTTY: true, columns: 80 })
    await store.set('a', plainSession())
    line.stop()
    later()
    assert.match(written.slice(1).join(''), /1 session,.*\n$/)
  })
})

/** A line that was shown once, over a store, and the time in hand. */
async function watch(
  t: TestContext,
  terminal: { isTTY?: boolean; columns?: number },
  maxSize = '4K',
) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const store = new Lembro({ maxSize, interval: 0 })
  const written: string[] = []
  const line = new StatusLine(store, { ...terminal, write: (text) => written.push(text) })
  const later = () => t.mock.timers.tick(2_000)
  later()
  return { store, written, line, later }
}
