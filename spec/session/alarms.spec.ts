/** Of `told.ts`: what the process is warned of. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runNode } from '../support/process'

/** The warnings of a process that evicts so many sessions of each owner: null for none, true for one without a name. */
async function warningsOf(evicted: [owner: string | true | null, count: number][], options = {}) {
  const source = `
    const { Lembro } = require('./lib/store')
    const warned = []
    process.on('warning', ({ code, message }) => warned.push([code, message]))
    const store = new Lembro({ max: 1, owner: (session) => session.who, ...${JSON.stringify(options)} })
    let n = 0
    for (const [who, count] of ${JSON.stringify(evicted)}) {
      for (let i = 0; i <= count; i++) store.set('s' + n++, { who }, () => {})
    }
    setImmediate(() => console.log(JSON.stringify(warned)))`
  const { code, out, err } = await runNode(source)
  assert.equal(code, 0, err)
  return JSON.parse(out) as [code: string, message: string][]
}

describe('the process is warned, once,', { concurrency: 2 }, () => {
  it('at the first signed-in session that is evicted, with what to do', async () => {
    const [[code, message] = [], ...more] = await warningsOf([['ann', 5]])
    assert.equal(code, 'LEMBRO_USER_EVICTED')
    assert.match(`${message}`, /raise maxSize, 4\.000M and max, 1; stats\(\)\.evicted\.owned/)
    assert.deepEqual(more, [])
  })

  it('when a hundred were evicted and not one had an owner', async () => {
    const [[code, message] = [], ...more] = await warningsOf([[null, 150]])
    assert.equal(code, 'LEMBRO_NO_OWNERS')
    assert.match(`${message}`, /with the option owner/)
    assert.deepEqual(more, [])
  })

  it('when most of thousands of owners had no name', async () => {
    const codes = (await warningsOf([[true, 3000]])).map(([code]) => code)
    assert.deepEqual(codes, ['LEMBRO_USER_EVICTED', 'LEMBRO_UNNAMED_OWNERS'])
  })

  it('of nothing where only some strangers went, or there are no owners by choice', async () => {
    assert.deepEqual(await warningsOf([[null, 80]]), [])
    assert.deepEqual(await warningsOf([[null, 3000]], { owner: false }), [])
  })
})
