/** What visitors send over HTTP takes no more heap than the store counts, whatever they send. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runNode } from '../support/process'
import { rounds } from '../support/rounds'

const SESSIONS = rounds(300)
const VISITS = [
  ...['a form', 'a form with padding', 'a form with an emoji elsewhere'],
  ...['JSON', 'JSON with padding and half an emoji'],
  ...['text', 'text with padding and an emoji', 'text of two bytes a character'],
  ...['long cookie domains', 'varying ages of cookies'],
  ...['a text that a serializer cuts out', 'texts that two requests wrote'],
]
/** Code that V8 compiles, and forgets again, while it runs would weigh more than the sessions. */
const FLAGS = ['--expose-gc', '--no-opt', '--no-flush-bytecode']

async function measured(visits: string) {
  const source = `process.argv.push(${JSON.stringify(visits)}, '${SESSIONS}'); require('./spec/support/http-heap.ts')`
  const { code, out, err } = await runNode(source, {}, FLAGS)
  assert.equal(code, 0, err)
  return JSON.parse(out) as Record<'grown' | 'bytes' | 'sessions' | 'conflicts', number>
}

describe('a process whose visitors send', { concurrency: 2 }, () => {
  for (const visits of VISITS) {
    it(`${visits} grows by what stats tell`, async () => {
      const { grown, bytes, sessions, conflicts } = await measured(visits)
      assert.equal(sessions, SESSIONS)
      assert.equal(conflicts > 0, visits === 'texts that two requests wrote')
      const ratio = grown / bytes
      assert.ok(ratio >= 0.85 && ratio <= 1.1, `${ratio.toFixed(3)} of ${bytes} bytes`)
    })
  }
})
