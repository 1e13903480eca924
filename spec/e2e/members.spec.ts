import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FIREFOX, openShop, PHONE } from '../support/shop'

describe('a stranger', () => {
  it('signs nobody out', async () => {
    await using shop = await openShop()
    const ada = await shop.member('Ada')
    await shop.browser().post('/sign-out-elsewhere')
    await shop.browser().post('/sign-out')
    assert.match((await ada.get('/')).text, /Signed in as Ada/)
  })
})

describe('a member with several browsers', () => {
  it('sees the other one, and no id of it', async () => {
    await using shop = await openShop()
    const here = await shop.member('Ada', FIREFOX)
    await shop.member('Ada', PHONE)
    const { text } = await here.get('/')
    assert.match(text, /Safari on iOS, .*signed in just now/)
    assert.doesNotMatch(text, /Firefox/)
    for (const id of await shop.store.idsOf('Ada')) assert.equal(text.includes(id), false)
  })

  it('sees the newest few of many, and how many more there are', async () => {
    await using shop = await openShop()
    const here = await shop.member('Ada')
    for (let browser = 1; browser <= 7; browser++) await shop.member('Ada', `Browser ${browser}`)
    const { text } = await here.get('/')
    assert.deepEqual(
      text.match(/(?<=<span>)Browser \d/g),
      [7, 6, 5, 4, 3].map((each) => `Browser ${each}`),
    )
    assert.match(text, /and 2 more/)
    assert.match((await here.post('/sign-out-elsewhere')).text, /Signed out of 7 other sessions\./)
  })

  const browsers: [string, string][] = [
    [FIREFOX, 'Firefox on Linux'],
    [PHONE, 'Safari on iOS'],
    ['Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0', 'Edge on Windows'],
    ['Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36', 'Chrome on Android'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Safari/605.1.15', 'Safari on macOS'],
    ['curl/8.5.0', 'curl/8.5.0'],
  ]
  for (const [userAgent, name] of browsers) {
    it(`reads ${name} for that browser elsewhere`, async () => {
      await using shop = await openShop()
      await shop.member('Ada', userAgent)
      const { text } = await (await shop.member('Ada')).get('/')
      assert.ok(text.includes(`<span>${name}, `), text)
    })
  }

  it('sees nothing of the sessions of others', async () => {
    await using shop = await openShop()
    await shop.member('Grace', PHONE)
    assert.match((await (await shop.member('Ada')).get('/')).text, /None: only this one/)
  })

  it('signs out everywhere else and stays signed in here', async () => {
    await using shop = await openShop()
    const here = await shop.member('Ada', FIREFOX)
    const phone = await shop.member('Ada', PHONE)
    const other = await shop.member('Grace')
    const { text } = await here.post('/sign-out-elsewhere')
    assert.match(text, /Signed out of 1 other session\./)
    assert.match(text, /None: only this one/)
    assert.doesNotMatch((await phone.get('/')).text, /Ada/)
    assert.match((await here.get('/')).text, /Signed in as Ada/)
    assert.match((await other.get('/')).text, /Signed in as Grace/)
  })

  it('ends one in another browser, which is then told so', async () => {
    await using shop = await openShop()
    const here = await shop.member('Ada', FIREFOX)
    const phone = await shop.member('Ada', PHONE)
    const { text } = await here.get('/')
    const [, handle = ''] = /name="handle" value="([\w-]+)"/.exec(text) ?? []
    const { text: ended } = await here.post('/sign-out-device', { handle })
    assert.match(ended, /Signed out there\./)
    assert.match(ended, /None: only this one/)
    assert.match(
      (await phone.get('/')).text,
      /Your session has ended: you were signed out elsewhere/,
    )
    assert.match((await here.get('/')).text, /Signed in as Ada/)
    assert.match((await here.post('/sign-out-device', { handle })).text, /had ended already/)
  })

  it('signs out here and stays signed in there', async () => {
    await using shop = await openShop()
    const here = await shop.member('Ada')
    const there = await shop.member('Ada')
    await here.post('/sign-out')
    assert.match((await there.get('/')).text, /Signed in as Ada/)
  })

  it('stays signed in while strangers fill the store many times over', async () => {
    await using shop = await openShop({ maxSize: '64K' })
    const here = await shop.member('Ada')
    while (shop.store.stats().evicted.anonymous < 500) {
      await Promise.all(Array.from({ length: 20 }, () => shop.browser().get('/')))
    }
    assert.match((await here.get('/')).text, /Signed in as Ada/)
    assert.equal(shop.store.stats().evicted.owned, 0)
  })
})
