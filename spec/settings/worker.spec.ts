/** Of `check.ts`: the warning of a worker. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runNode, TYPESCRIPT } from '../support/process'

const STORES = `
  const { Lembro } = require('./lib')
  new Lembro()
  new Lembro()`

const WARNED =
  /\[LEMBRO_WORKER\] LembroWarning: sessions are in this process' memory.*'lembro\/sqlite'.*'lembro\/redis'/

function times(err: string): number {
  return err.split('LEMBRO_WORKER').length - 1
}

describe('a store in memory', () => {
  it('warns once in a worker of node:cluster, that its sessions are that worker alone', async () => {
    const { code, err } = await runNode(`
      const cluster = require('node:cluster')
      cluster.setupPrimary({ exec: 'spec/support/worker.cjs', execArgv: ${JSON.stringify(TYPESCRIPT)} })
      cluster.fork().on('exit', (code) => process.exit(code))`)
    assert.equal(code, 0)
    assert.match(err, WARNED)
    assert.equal(times(err), 1)
  })

  it("warns once in pm2's second process and those after it", async () => {
    const { err } = await runNode(STORES, { NODE_APP_INSTANCE: '1' })
    assert.match(err, WARNED)
    assert.equal(times(err), 1)
  })

  it('warns in no process that is alone', async () => {
    for (const env of [{}, { NODE_APP_INSTANCE: '0' }]) {
      assert.equal(times((await runNode(STORES, env)).err), 0)
    }
  })
})

describe('a store before Redis', () => {
  it('warns of nothing there', async () => {
    const { err } = await runNode(
      `
      const { createClient } = require('redis')
      const { Lembro } = require('./lib/redis')
      const store = new Lembro({ client: createClient({ socket: { port: 1 } }) }, () => store.close())
      store.on('error', () => {})`,
      { NODE_APP_INSTANCE: '1' },
    )
    assert.equal(err, '')
  })
})
