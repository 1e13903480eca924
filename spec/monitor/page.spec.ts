/**
 * Of the page in a browser: `page/main.ts`, `page/alarm-list.ts`, `page/alarms.ts`, `page/budget.ts`,
 * `page/buttons.ts`, `page/charts.ts`, `page/connection.ts`, `page/elements.ts`, `page/facts.ts`,
 * `page/lines.ts` and `page/past.ts`.
 */

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import {
  assertAccessible,
  assertNarrow,
  LOOKS,
  launch,
  noBrowser,
  openPage,
} from '../support/browser'
import { ALL_FIGURES } from '../support/figures'
import { watched } from '../support/watched'

const MEMBER_LOST = { ...ALL_FIGURES.evicted, members: 2 }

describe('the page of the monitor', { skip: noBrowser }, () => {
  let browser: Browser
  before(async () => {
    browser = await launch()
  })
  after(() => browser.close())

  /** The page, showing the first sample, over a store that has everything. */
  async function open(t: TestContext, options: BrowserContextOptions = {}) {
    const site = await watched()
    const { page, faults } = await openPage(browser, site.url, options)
    t.after(async () => {
      await page.close()
      await site[Symbol.asyncDispose]()
    })
    await shows(page, '#connection-text', /^Live, 12:00:00$/)
    return { ...site, page, faults }
  }

  /** Waits until an element's text is right. */
  async function shows(page: Page, selector: string, pattern: RegExp) {
    await page.locator(selector).filter({ hasText: pattern }).waitFor()
  }

  it('shows what the store holds, of what, and who holds it', async (t) => {
    const { page, faults } = await open(t)
    await shows(page, '.hero', /3\.9 KB\s+of 9\.8 KB/)
    await shows(page, '#meter-note', /^40% in use, 5\.9 KB free\./)
    await shows(page, '#people-legend', /Members3.*Newcomers1.*Strangers6/)
    const facts = await page.locator('#facts').innerText()
    for (const fact of [
      /93%\s+100 of 107/,
      /9\.8 KB → 7\.3 KB/,
      /coherent\s+answers 80% of reads/,
      /1 too big/,
    ]) {
      assert.match(facts, fact)
    }
    assert.deepEqual(faults, [])
  })

  it('goes on by itself, and draws what happens', async (t) => {
    const { page, next, faults } = await open(t)
    for (let second = 1; second <= 20; second++)
      next({
        hits: 100 + 50 * second,
        bytes: 4_000 + 100 * second,
        evicted: { ...ALL_FIGURES.evicted, anonymous: 30 + 5 * second },
      })
    await shows(page, '#connection-text', /Live, 12:00:20/)
    await shows(page, '#reads-legend', /Found50\/s/)
    for (const chart of ['memory', 'reads', 'gone']) {
      assert.ok((await inkOf(page, chart)) > 100, chart)
    }
    assert.deepEqual(faults, [])
  })

  it('tells the charts as a table too', async (t) => {
    const { page, next } = await open(t)
    for (let second = 1; second <= 40; second++) next({ hits: 100 + 3 * second })
    await page.getByText('The last minutes as a table').click()
    await shows(page, '#past tr:first-child', /12:00:30\s*3\.9 KB\s*3\/s\s*0\/s/)
    assert.equal(await page.locator('#past tr').count(), 3)
  })

  it('tells what is wrong in words, and says so once to who listens', async (t) => {
    const { page, next } = await open(t)
    const alarm = (name: string) => page.locator(`[data-alarm="${name}"]`)
    assert.equal(await alarm('LembroSavingOff').getAttribute('data-state'), 'quiet')
    next({
      evicted: MEMBER_LOST,
      refused: { ...ALL_FIGURES.refused, tooBig: 5 },
      save: { ...ALL_FIGURES.save, saving: false },
      near: { ...ALL_FIGURES.near, coherent: false },
    })
    await shows(
      page,
      '[data-alarm="LembroMemberEvicted"]',
      /Alarm: 2 members lost a session.*raise maxSize/,
    )
    await shows(page, '[data-alarm="LembroSessionTooBig"]', /Alarm: 5 saves refused as too big/)
    await shows(page, '[data-alarm="LembroSavingOff"]', /Alarm: Sessions are not saved/)
    await shows(
      page,
      '[data-alarm="LembroNearCacheNotCoherent"]',
      /Alarm: The near cache is not used/,
    )
    assert.equal(await page.title(), '(4) Sessions')
    await shows(page, '#announcer', /^Alarm: /)
    await page.evaluate(() => document.getElementById('announcer')?.replaceChildren())
    next()
    await shows(page, '#connection-text', /12:00:02/)
    assert.equal(await page.locator('#announcer').textContent(), '')
  })

  for (const [look, options] of Object.entries(LOOKS)) {
    it(`is accessible and no wider than the window: ${look}`, async (t) => {
      const { page, next } = await open(t, options)
      for (let second = 1; second <= 20; second++) next({ hits: 100 + second })
      await page.getByText('The last minutes as a table').click()
      await shows(page, '#connection-text', /12:00:20/)
      await assertAccessible(page)
      await assertNarrow(page)
      next({ evicted: MEMBER_LOST, save: { ...ALL_FIGURES.save, saving: false } })
      await shows(page, '[data-alarm="LembroSavingOff"]', /not saved/)
      await assertAccessible(page)
      await page.getByRole('button', { name: 'Reduce to 75%' }).click()
      await assertAccessible(page)
      await assertNarrow(page)
    })
  }

  it('purges at the press of a key, and tells how many expired', async (t) => {
    const { page, store } = await open(t)
    await tabTo(page, 'Purge expired')
    await page.keyboard.press('Enter')
    await shows(page, '#outcome', /^5 sessions expired, in 0\.5 ms\.$/)
    assert.deepEqual(store.told, ['prune'])
    await shows(page, '#announcer', /5 sessions expired/)
  })

  it('asks before it reduces, and leaves it when told so', async (t) => {
    const { page, store } = await open(t)
    await tabTo(page, 'Reduce to 75%…')
    await page.keyboard.press('Enter')
    await shows(page, 'dialog', /75% of the budget is left\. The store holds 3\.9 KB now/)
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'hidden' })
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'reduce')
    assert.deepEqual(store.told, [])
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await shows(page, '#outcome', /^From 9\.8 KB to 7\.3 KB: 12 sessions evicted\.$/)
    assert.deepEqual(store.told, ['reduce'])
  })

  it('says which process this is, what the mark means, and where nothing was yet', async (t) => {
    const { page, next } = await open(t)
    await shows(page, '#about', new RegExp(`^the shop, process ${process.pid} on ${hostname()}$`))
    await shows(page, '#meter-goal', /^75%$/)
    const empty = (chart: string) => page.locator(`#${chart}-chart`).getAttribute('data-empty')
    assert.equal(await empty('gone'), 'true')
    next()
    next({ expired: 7_000 })
    await shows(page, '#connection-text', /12:00:02/)
    assert.equal(await empty('gone'), 'false')
    assert.equal(await empty('memory'), 'false')
  })

  it('says when a button could do nothing', async (t) => {
    const { page, store } = await open(t)
    store.failure = Object.assign(new Error('closed'), { code: 'ECLOSED' })
    await page.getByRole('button', { name: 'Purge expired' }).click()
    await shows(page, '#outcome', /^This failed on the server \(500\)\.$/)
  })

  it('says that the connection is lost, and comes back when the server does', async (t) => {
    const site = await watched()
    const first = createServer(site.app).listen(0, '127.0.0.1')
    await new Promise((resolve) => first.once('listening', resolve))
    const { port } = first.address() as { port: number }
    const { page } = await openPage(browser, `http://127.0.0.1:${port}/admin/sessions/`)
    t.after(async () => {
      await page.close()
      await site[Symbol.asyncDispose]()
    })
    await shows(page, '#connection-text', /^Live/)
    first.close()
    first.closeAllConnections()
    await shows(page, '#connection-text', /^No connection: trying again, as of 12:00:00$/)
    const opacity = () =>
      page.evaluate(() => getComputedStyle(document.querySelector('main') as Element).opacity)
    assert.equal(await opacity(), '0.55')
    // Not there, then refusing, as a proxy does while what is behind it starts.
    const refusing = createServer((_req, res) => res.writeHead(502).end()).listen(port, '127.0.0.1')
    await new Promise((resolve) => refusing.once('request', resolve))
    refusing.close()
    refusing.closeAllConnections()
    const second = createServer(site.app).listen(port, '127.0.0.1')
    t.after(() => {
      second.close()
      second.closeAllConnections()
    })
    await shows(page, '#connection-text', /^Live/)
    site.next({ sessions: 77 })
    await shows(page, '#sessions', /^77 sessions$/)
    assert.equal(await opacity(), '1')
  })

  it('draws anew in the colours of another scheme', async (t) => {
    const { page, next } = await open(t, LOOKS.light)
    next()
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await background()
    await page.emulateMedia({ colorScheme: 'dark' })
    assert.notEqual(await background(), light)
    assert.equal(await page.locator('.uplot').count(), 3)
  })
})

/** How many pixels of a chart are drawn in colours, not in the greys of its grid. */
function inkOf(page: Page, chart: string): Promise<number> {
  return page.evaluate((id) => {
    const canvas = document.querySelector<HTMLCanvasElement>(`#${id}-chart canvas`)
    const { data } = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {
      data: [],
    }
    let ink = 0
    for (let at = 0; at < data.length; at += 4) {
      const [red = 0, green = 0, blue = 0, alpha = 0] = data.slice(at, at + 4)
      if (alpha > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 50) ink++
    }
    return ink
  }, chart)
}

/** Presses Tab until a button of that name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let key = 0; key < 10; key++) {
    await page.keyboard.press('Tab')
    if ((await page.evaluate(() => document.activeElement?.textContent)) === name) return
  }
  throw new Error(`no key leads to ${name}`)
}
