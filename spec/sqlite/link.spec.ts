/** Of `link.ts`. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { it } from 'node:test'
import { Link } from '../../lib/sqlite/link'
import { TYPESCRIPT } from '../support/process'

it('takes no message for a reply that another has the worker post, as `node --watch` does', async () => {
  const code = `
    const { parentPort } = require('node:worker_threads')
    parentPort.on('message', (n) => {
      if (n === 'end') process.exit()
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

for (const how of ['exit', 'end']) {
  it(`waits for a call of SQLite that is under way at the ${how === 'exit' ? 'end of the process' : 'end of its worker'}`, () => {
    const child = path.resolve('spec/support/slow-child.ts')
    const { status, stderr } = spawnSync(process.execPath, [...TYPESCRIPT, child, how])
    assert.equal(status, 7, String(stderr))
  })
}
