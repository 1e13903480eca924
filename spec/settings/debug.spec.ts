/** Of `check.ts`: what developers read. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runNode } from '../support/process'

const PRINT = "require('./lib/settings/check').debug('%s of %d', 'one', 2)"

describe('a line for developers', () => {
  it('is printed for DEBUG=lembro', async () => {
    const { err } = await runNode(PRINT, { DEBUG: 'lembro' })
    assert.match(err, /lembro one of 2/)
  })

  it('is not printed for the DEBUG of others', async () => {
    const { err } = await runNode(PRINT, { DEBUG: 'express' })
    assert.equal(err, '')
  })

  it('is printed once the application asks for it, and no more when it has had enough', async () => {
    const { err } = await runNode(`
      ${PRINT}
      require('debug').enable('lembro')
      ${PRINT}
      require('debug').disable()
      ${PRINT}`)
    assert.equal(err.match(/lembro one of 2/g)?.length, 1)
  })

  it('costs nothing without: debug is not loaded', async () => {
    const shown = `${PRINT}\nconsole.log(Object.keys(require.cache).filter((f) => /debug.src/.test(f)))`
    const { out } = await runNode(shown)
    assert.equal(out, '[]\n')
  })
})
