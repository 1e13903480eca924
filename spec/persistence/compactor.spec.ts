import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { startCompaction } from '../../lib/persistence/compactor'
import { realFiles } from '../../lib/persistence/files'
import { segmentsOf, taskOf } from '../support/files'
import { newFolder, newSaveFile } from '../support/folder'
import { runNode } from '../support/process'
import { open } from '../support/saving'
import { plainSession } from '../support/sessions'

// The threads alone keep no process alive.
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

const KEY = new Uint8Array(32).fill(7)

async function saved(): Promise<string> {
  const saveFile = newSaveFile()
  const { store } = await open({ saveFile, saveKeys: [KEY] })
  await store.set('a', plainSession())
  await store.close()
  return saveFile
}

/** A file in the place of lembro's worker that notes whatever it is sent. */
function foreign(source: string): { worker: string; notes: string } {
  const folder = newFolder()
  const [worker, notes] = [path.join(folder, 'worker.js'), path.join(folder, 'notes')]
  const note = `(what) => require('fs').appendFileSync(${JSON.stringify(notes)}, JSON.stringify(what))`
  fs.writeFileSync(
    worker,
    `
    const { parentPort, workerData } = require('node:worker_threads')
    const note = ${note}
    if (workerData) note(workerData)
    parentPort.on('message', note)
    ${source}
    `,
  )
  return { worker, notes }
}

describe('a compaction', () => {
  for (const [what, source] of [
    ['says something else', `parentPort.postMessage({ compacted: { bytes: 1, sessions: 1 } })`],
    ['ends at once', 'process.exit()'],
    ['fails', 'null.x'],
  ] as const) {
    it(`sends nothing to a file that ${what}, and runs without a thread`, async () => {
      const saveFile = await saved()
      const { worker, notes } = foreign(source)
      const task = await taskOf(realFiles, saveFile, [KEY])
      const compacted = await startCompaction(realFiles, task, worker).done
      assert.equal(compacted?.sessions, 1)
      assert.deepEqual(segmentsOf(saveFile), [])
      assert.equal(fs.existsSync(notes), false)
    })
  }

  it('that is called off ends, though its thread hangs', { timeout: 20_000 }, async () => {
    const saveFile = await saved()
    const { worker } = foreign(
      `parentPort.postMessage('lembro-compaction'); parentPort.on('message', () => { for (;;); })`,
    )
    const running = startCompaction(realFiles, await taskOf(realFiles, saveFile), worker)
    running.stop()
    assert.equal(await running.done, undefined)
  })

  it('runs where threads are forbidden', async () => {
    const saveFile = newSaveFile()
    const { code, out, err } = await runNode(
      `
      const worker = require('node:worker_threads')
      worker.Worker = class { constructor() { throw new Error('ERR_ACCESS_DENIED') } }
      const { Lembro } = require('./lib/store')
      const saveFile = process.env.SAVE_FILE
      ;(async () => {
        for (let n = 0; n < 12; n++) {
          const store = new Lembro({ saveFile })
          store.on('error', (error) => console.log(error.message))
          await store.set('s' + n, { cookie: {} })
          for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
          await store.close()
        }
        const segments = require('fs').readdirSync(require('path').dirname(saveFile))
        console.log(segments.length < 9)
      })()
      `,
      { SAVE_FILE: saveFile },
    )
    assert.deepEqual([code, out], [0, 'true\n'], err)
  })
})
