/** Of `link.ts`. */

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Link } from '../../lib/sqlite/link'

it('takes no message for a reply that another has the worker post, as `node --watch` does', async () => {
  const code = `
    const { parentPort } = require('node:worker_threads')
    parentPort.on('message', (n) => {
      parentPort.postMessage({ 'watch:require': ['/a/file'] })
      parentPort.postMessage({ reply: { n } })
    })`
  const link = new Link<number, { n: number; fault?: never }>(code, undefined)
  const replies = await Promise.all([1, 2, 3].map((n) => link.ask(n)))
  assert.deepEqual(
    replies.map(({ n }) => n),
    [1, 2, 3],
  )
  await link.end()
})
