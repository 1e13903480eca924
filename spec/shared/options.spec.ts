/** Of `options.ts`, `index.ts` and `index.mts`; the packed package is tried in `packed/`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import session from 'express-session'
import { parseOptions } from '../../lib/settings/settings'
import lembro from '../../lib/shared'
import { type LembroSqliteOptions, parseSqliteOptions } from '../../lib/shared/options'
import { Lembro } from '../../lib/shared/store'

const parse = (options: object) =>
  parseSqliteOptions({ saveFile: 'sessions.db', ...options } as LembroSqliteOptions)

describe('the options of lembro/sqlite', () => {
  it('have defaults of their own, and the others of any lembro', () => {
    const { patience, touchAfter, ...settings } = parse({ onConflict: 'merge' })
    assert.deepEqual([patience, touchAfter, settings.maxBytes], [2000, undefined, 256 * 1024 ** 2])
    assert.deepEqual([settings.onConflict, settings.savePeriod], ['merge', 1000])
    assert.equal(parse({ maxSize: '8M' }).maxBytes, 8 * 1024 ** 2)
  })

  it('ask for a file', () => {
    for (const options of [undefined, null, 7, {}, { saveFile: null }]) {
      const message = /options: expected an object with a saveFile/
      assert.throws(() => parseSqliteOptions(options as never), { name: 'TypeError', message })
    }
  })

  for (const [name, value, message] of [
    ['stale', true, /stale: lembro\/sqlite has no such option, since any process/],
    ['noDisposeOnSet', true, /noDisposeOnSet: .* this process removes/],
    ['client', () => 'a', /client: .* by age alone/],
    ['patience', -1, /patience: expected a number of ms; got -1/],
    ['touchAfter', 'soon', /touchAfter: expected a number of ms/],
  ] as const) {
    it(`refuse ${name} with a message that says why`, () => {
      assert.throws(() => parse({ [name]: value }), { message })
    })
  }

  it('may say what is so anyway', () => {
    parse({ stale: false, noDisposeOnSet: false, client: undefined })
  })

  it('take a file that is larger than the heap without a warning', (t) => {
    const warned = t.mock.method(process, 'emitWarning', () => {})
    parse({ maxSize: '64G' })
    assert.equal(warned.mock.callCount(), 0)
    parseOptions({ maxSize: '64G' })
    assert.equal(warned.mock.callCount(), 1)
  })
})

describe("require('lembro/sqlite')", () => {
  it('is a class, and gives one for an express-session', () => {
    assert.equal(lembro.Lembro, Lembro)
    assert.equal(lembro(session), Lembro)
    assert.throws(() => new lembro({} as LembroSqliteOptions), /with a saveFile/)
    assert.throws(() => lembro({} as never), /expected what express-session exports/)
  })
})
