/** Of `check.ts`: errors of JSON. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { quieted } from '../../lib/settings/check'
import { Lembro } from '../../lib/store'
import { type Data, plainSession } from '../support/sessions'

describe("an error of JSON's", () => {
  it('quotes nothing of the text, and names no key', () => {
    const circle: Record<string, unknown> = {}
    circle.secret = circle
    for (const run of [() => JSON.parse('{"secret": x'), () => JSON.stringify(circle)]) {
      assert.throws(
        () => {
          try {
            run()
          } catch (thrown) {
            throw quieted(thrown)
          }
        },
        (error: Error) => /^session: /.test(error.message) && !/secret/.test(error.message),
      )
    }
  })

  it('is given on as it is if it is another', () => {
    const error = new TypeError('mine')
    assert.equal(quieted(error), error)
  })

  it('of a circular cookie names no key either', async () => {
    const store = new Lembro()
    store.on('error', () => {})
    const cookie: Record<string, unknown> = { path: '/' }
    cookie.secret = cookie
    const session = { ...plainSession(), cookie } as unknown as Data
    await assert.rejects(store.set('a', session), (error: Error) => !/secret/.test(error.message))
  })
})
