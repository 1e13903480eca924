import assert from 'node:assert/strict'
import { get } from 'node:http'
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
import { FIREFOX, openShop } from '../support/shop'

describe('the page of the shop', { skip: noBrowser }, () => {
  let browser: Browser
  before(async () => {
    browser = await launch()
  })
  after(() => browser.close())

  async function open(t: TestContext, options: BrowserContextOptions = {}) {
    const shop = await openShop({ max: 3 })
    const { page, faults } = await openPage(browser, shop.url, options)
    t.after(async () => {
      await page.close()
      await shop[Symbol.asyncDispose]()
    })
    return { shop, page, faults }
  }

  const small = { viewport: { width: 360, height: 500 } }
  const activeId = (page: Page) => page.evaluate(() => document.activeElement?.id)
  const placeOf = (page: Page, id: string) =>
    page.evaluate((name) => document.getElementById(name)?.getBoundingClientRect().top, id)

  it('keeps the place and the focus when something is added to the cart, and says so', async (t) => {
    const { page, faults } = await open(t, small)
    await page.locator('#add-album').focus()
    const before = await placeOf(page, 'add-album')
    await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }))
    await page.keyboard.press('Enter')
    await page
      .locator('#announcer', { hasText: 'Photo album added to your cart.' })
      .waitFor({ state: 'attached' })
    assert.equal(await activeId(page), 'add-album')
    assert.ok(await page.evaluate(() => 'sameDocument' in globalThis))
    const moved = Math.abs(((await placeOf(page, 'add-album')) ?? 0) - (before ?? 0))
    assert.ok(moved <= 1, `moved by ${moved} px`)
    assert.ok(await page.locator('.notice').isVisible())
    assert.deepEqual(faults, [])
  })

  it('leads to the cart when its last one is taken out', async (t) => {
    const { page } = await open(t)
    await page.locator('#add-album').click()
    await page.locator('#remove-album').focus()
    await page.keyboard.press('Enter')
    await page.getByText('One Photo album taken out of your cart.').first().waitFor()
    await page.getByText('Nothing in it yet.').waitFor()
    assert.equal(await activeId(page), 'cart')
  })

  it('leads to who is signed in after a sign-in, and adds nothing twice', async (t) => {
    const { page } = await open(t)
    await page.locator('#add-album').click()
    await page.getByText('1 × Photo album').waitFor()
    await page.locator('#name').fill('Ada')
    await page.keyboard.press('Enter')
    await page.getByText('Signed in as Ada').waitFor()
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Signed in as Ada')
    await page.getByText('1 × Photo album').waitFor()
  })

  it('works without scripts, and leads back to the button', async (t) => {
    const { page } = await open(t, { ...small, javaScriptEnabled: false })
    await page.locator('#add-album').click()
    await page.getByText('Photo album added to your cart.').waitFor()
    assert.match(page.url(), /#add-album$/)
    await page.getByText('1 × Photo album').waitFor()
  })

  it('names its buttons by what they add', async (t) => {
    const { page } = await open(t)
    const add = page.getByRole('button', { name: 'Add to cart: Notebook' })
    assert.equal(await add.count(), 1)
    await add.click()
    await page.getByRole('button', { name: 'Remove one: Notebook' }).waitFor()
    assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'The Lembro Shop')
  })

  it('shows the budget as it is, with evictions, while nobody reloads', async (t) => {
    const { shop, page } = await open(t)
    for (let visitor = 1; visitor <= 6; visitor++) await shop.browser().get('/')
    await page
      .locator('.budget', { hasText: /Evicted to make room\s*4 strangers, 0 members/ })
      .waitFor()
  })

  it('shows where somebody is signed in, and ends one in another browser', async (t) => {
    const { shop, page: mine } = await open(t)
    const options = { userAgent: FIREFOX }
    const { page: theirs, faults } = await openPage(browser, shop.url, options)
    t.after(() => theirs.close())
    assert.notEqual(theirs.context(), mine.context())
    for (const page of [mine, theirs]) {
      await page.locator('#name').fill('Ada')
      await page.keyboard.press('Enter')
      await page.getByText('Signed in as Ada').waitFor()
    }
    await mine.reload()
    const devices = mine.locator('.devices li')
    assert.match(await devices.nth(1).innerText(), /^Firefox on Linux, signed in/)
    const shown = await mine.content()
    for (const sid of await shop.store.idsOf('Ada')) assert.ok(!shown.includes(sid))
    await devices
      .nth(1)
      .getByRole('button', { name: /^Sign out: / })
      .click()
    await mine.getByText('Signed out there.').first().waitFor()
    assert.equal(await devices.count(), 1)
    await theirs.reload()
    await theirs.getByText('Your session has ended: you were signed out elsewhere').waitFor()
    assert.equal(await theirs.getByText('Signed in as Ada').count(), 0)
    await mine.reload()
    await mine.getByText('Signed in as Ada').waitFor()
    assert.deepEqual(faults, [])
  })

  for (const [look, options] of Object.entries(LOOKS)) {
    it(`is accessible and no wider than the window: ${look}`, async (t) => {
      const { page } = await open(t, options)
      await page.locator('#add-album').click()
      await page.locator('#remove-album').waitFor()
      await assertAccessible(page)
      await assertNarrow(page)
    })
  }

  it('has targets of 44 px on a phone', async (t) => {
    const { page } = await open(t, LOOKS['phone width'])
    await page.locator('#add-album').click()
    await page.locator('#remove-album').waitFor()
    for (const target of await page.locator('button, input:not([type=hidden])').all()) {
      const { height = 0, width = 0 } = (await target.boundingBox()) ?? {}
      assert.ok(
        height >= 44 && width >= 44,
        `${await target.getAttribute('id')}: ${width} by ${height}`,
      )
    }
  })
})

describe('the operator', () => {
  it('sees the monitor and the metrics from this computer', async () => {
    await using shop = await openShop()
    assert.match((await shop.browser().get('/sessions/')).text, /<h1>Sessions<\/h1>/)
    assert.match(
      (await shop.browser().get('/metrics')).text,
      /^lembro_sessions\{store="shop"\} 0$/m,
    )
    assert.equal(shop.store.stats().sessions, 0)
  })

  it('is nobody who comes by another name of this computer', async () => {
    await using shop = await openShop()
    for (const path of ['/sessions/', '/metrics']) {
      assert.equal(await statusFrom(`${shop.url}${path}`, 'evil.example'), 403)
    }
  })
})

/** The status of a request that takes the computer for another host. fetch would not let it. */
function statusFrom(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
}
