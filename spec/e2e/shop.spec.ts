import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openShop } from '../support/shop'
import { stopTime } from '../support/time'

describe('a visitor of the shop', () => {
  it('has their visits counted', async () => {
    await using shop = await openShop()
    const browser = shop.browser()
    assert.match((await browser.get('/')).text, /This is your first visit/)
    assert.match((await browser.get('/')).text, /This is your visit number 2/)
    assert.match((await shop.browser().get('/')).text, /This is your first visit/)
  })

  it('has none counted that a form led to', async () => {
    await using shop = await openShop()
    const browser = shop.browser()
    await browser.post('/cart/add', { good: 'album' })
    await browser.post('/cart/add', { good: 'album' })
    assert.match((await browser.post('/sign-in', { name: 'Ada' })).text, /This is your first visit/)
    assert.match((await browser.get('/')).text, /This is your visit number 2/)
  })

  it('reads above all else what the store holds, and who had to make room', async () => {
    await using shop = await openShop({ max: 3 })
    for (let visitor = 1; visitor <= 5; visitor++) await shop.browser().get('/')
    const { text } = await (await shop.member('Ada')).get('/')
    assert.ok(text.indexOf('class="budget"') < text.indexOf('<main'))
    assert.match(text, /<dt>3 sessions<\/dt><dd>0 members, 1 newcomer, 2 strangers<\/dd>/)
    assert.match(text, /Evicted to make room<\/dt><dd>3 strangers, 0 members</)
  })

  it('makes no session by watching the budget', async () => {
    await using shop = await openShop()
    const { text } = await shop.browser().get('/budget')
    assert.match(text, /^\s*<dl class="budget">/)
    assert.equal(shop.store.stats().sessions, 0)
  })

  it('has a cookie that no script reads and no other site sends', async () => {
    await using shop = await openShop()
    const { headers } = await shop.browser().get('/')
    assert.match(headers.get('set-cookie') ?? '', /; HttpOnly; SameSite=Lax$/)
  })

  it('makes no session by fetching the stylesheet or a page that is not there', async () => {
    await using shop = await openShop()
    const browser = shop.browser()
    assert.equal(
      (await browser.get('/shop.css')).headers.get('content-type'),
      'text/css; charset=utf-8',
    )
    assert.equal((await browser.get('/nothing')).status, 404)
    assert.equal(shop.store.stats().sessions, 0)
  })

  it('is told what is wrong with a request, and nothing of how the shop works', async () => {
    await using shop = await openShop()
    const { status, text } = await shop.browser().post('/cart/add', { good: 'x'.repeat(5_000) })
    assert.equal(status, 413)
    assert.match(text, /That was not understood/)
    assert.doesNotMatch(text, /Error|node_modules/)
  })

  it('finds in the cart what they put there', async () => {
    await using shop = await openShop()
    const browser = shop.browser()
    await browser.post('/cart/add', { good: 'notebook' })
    await browser.post('/cart/add', { good: 'notebook' })
    await browser.post('/cart/add', { good: 'pencils' })
    const { text } = await browser.get('/')
    assert.match(text, /2 × Notebook/)
    assert.match(text, /1 × Pencils/)
    assert.match(text, /€30\.50/)
  })

  it('takes things out of the cart again', async () => {
    await using shop = await openShop()
    const browser = shop.browser()
    await browser.post('/cart/add', { good: 'notebook' })
    await browser.post('/cart/add', { good: 'notebook' })
    assert.match((await browser.post('/cart/remove', { good: 'notebook' })).text, /1 × Notebook/)
    assert.match(
      (await browser.post('/cart/remove', { good: 'notebook' })).text,
      /Nothing in it yet/,
    )
  })

  it('can put into the cart only what the shop sells', async () => {
    await using shop = await openShop()
    const browser = shop.browser()
    for (const good of ['elephant', '__proto__', 'constructor', '']) {
      assert.match((await browser.post('/cart/add', { good })).text, /Nothing in it yet/)
      assert.match((await browser.post('/cart/remove', { good })).text, /Nothing in it yet/)
    }
  })

  it('has a cart of their own', async () => {
    await using shop = await openShop()
    await shop.browser().post('/cart/add', { good: 'album' })
    assert.match((await shop.browser().get('/')).text, /Nothing in it yet/)
  })
})

describe('signing in', () => {
  it('shows the name and keeps the cart', async () => {
    await using shop = await openShop()
    const browser = shop.browser()
    await browser.post('/cart/add', { good: 'album' })
    const { text } = await browser.post('/sign-in', { name: '  Ada   Lovelace ' })
    assert.match(text, /Signed in as Ada Lovelace</)
    assert.match(text, /1 × Photo album/)
    assert.equal(shop.store.stats().owned, 1)
  })

  it('changes the session id, and the one from before is worth nothing', async () => {
    await using shop = await openShop()
    const browser = shop.browser()
    await browser.get('/')
    const before = browser.copy()
    await browser.post('/sign-in', { name: 'Ada' })
    assert.notEqual(browser.cookies.get('shop.sid'), before.cookies.get('shop.sid'))
    assert.match((await before.get('/')).text, /Your session has ended/)
  })

  it('asks for a name where there is none', async () => {
    await using shop = await openShop()
    const browser = shop.browser()
    assert.match((await browser.post('/sign-in', { name: '  ' })).text, /Please enter a name/)
    assert.doesNotMatch((await browser.get('/')).text, /Please enter a name|Signed in/)
  })

  it('shows a name as text, whatever is in it', async () => {
    await using shop = await openShop()
    const browser = await shop.member(`<script>alert("1")</script>&'`, '<img src=x>')
    await shop.member(`<script>alert("1")</script>&'`, '<b>bold</b>')
    const { text } = await browser.get('/')
    assert.match(text, /&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt;&amp;&#39;/)
    assert.match(text, /&lt;b&gt;bold&lt;\/b&gt;/)
    assert.doesNotMatch(text, /<script>|<b>/)
  })
})

describe('the standing of a visitor', () => {
  it('is told: a stranger, a newcomer, a member after a minute', async (t) => {
    const { pass } = stopTime(t)
    await using shop = await openShop()
    const browser = shop.browser()
    assert.match((await browser.get('/')).text, /you are a stranger/)
    const { text } = await browser.post('/sign-in', { name: 'Ada' })
    assert.match(text, /you are a newcomer, and a member if you come back in 60 s/)
    pass(60_000)
    assert.match((await browser.get('/')).text, /you are a member/)
  })
})

describe('signing out', () => {
  it('ends the session: the old cookie is signed out', async () => {
    await using shop = await openShop()
    const browser = await shop.member('Ada')
    const old = browser.copy()
    assert.doesNotMatch((await browser.post('/sign-out')).text, /Ada/)
    assert.doesNotMatch((await old.get('/')).text, /Ada/)
    assert.equal(shop.store.stats().owned, 0)
  })
})
