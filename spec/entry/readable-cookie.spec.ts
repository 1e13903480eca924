/** Of `cookie.ts`: cookies as sessions come with them. */

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import session from 'express-session'
import { expiryOf, readableCookie } from '../../lib/entry/cookie'
import { NOON } from '../support/time'

type CookieClass = typeof session.Cookie

/** The class of another copy of express-session, as a second installation has it. */
function classOfAnotherCopy(): CookieClass {
  const load = createRequire(__filename)
  const path = load.resolve('express-session/session/cookie')
  const own = load.cache[path]
  delete load.cache[path]
  const other = load(path) as CookieClass
  load.cache[path] = own
  return other
}

describe('a cookie', () => {
  it('of express-session is read as it is, one of another copy as JSON has it', () => {
    const Other = classOfAnotherCopy()
    assert.notEqual(Other, session.Cookie)
    const [own, other] = [new session.Cookie(), new Other()]
    assert.equal(readableCookie(own), own as unknown)
    assert.deepEqual(readableCookie(other), (own as unknown as { data: object }).data)
  })

  it('of another class is read as JSON has it', () => {
    class Own {
      readonly path = '/'
      toJSON() {
        return { path: this.path, seen: true }
      }
    }
    const cookie = new Own()
    assert.deepEqual(readableCookie(cookie), { path: '/', seen: true })
  })

  it('of a class with fields of its own is read as JSON has it, whatever it looks like', () => {
    class Longer {
      readonly _expires = null
      get data() {
        return { path: '/', colour: 'red' }
      }
      get expires() {
        return null
      }
      get maxAge() {
        return null
      }
      toJSON() {
        return this.data
      }
    }
    assert.deepEqual(readableCookie(new Longer()), { path: '/', colour: 'red' })
  })

  it('that claims to have been made by something is a plain one', () => {
    for (const made of ['Cookie', {}, null, undefined, 7]) {
      const cookie = { constructor: made, path: '/' }
      assert.equal(readableCookie(cookie), cookie)
    }
    const bare = Object.assign(Object.create(null), { path: '/' })
    assert.equal(readableCookie(bare), bare)
  })

  it('is none where there is no object, or JSON makes none of it', () => {
    for (const cookie of [undefined, null, 'a', 7, [], { toJSON: () => 'text' }]) {
      assert.equal(readableCookie(cookie), undefined)
    }
  })
})

describe('the expiry of a cookie', () => {
  it('is a Date, a text or a number, or else comes of its maxAge', () => {
    const text = new Date(NOON).toISOString()
    for (const expires of [new Date(NOON), text, NOON]) {
      assert.equal(expiryOf({ expires, maxAge: 1 }, 0), NOON)
    }
    assert.equal(expiryOf({ maxAge: 1000.7 }, NOON), NOON + 1000)
  })

  it('is none where the cookie has none, or nonsense', () => {
    for (const cookie of [undefined, {}, { expires: null }, { expires: 'soon', maxAge: '1' }]) {
      assert.equal(expiryOf(cookie, NOON), undefined)
    }
  })
})
