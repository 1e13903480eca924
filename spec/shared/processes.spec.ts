/** Of four processes on one file that are killed again and again; and of the checker itself, which has to find defects. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { newFolder } from '../support/folder'
import { rounds } from '../support/rounds'
import { faultsIn, readLogs, SharedProcess } from '../support/shared-processes'

const PROCESSES = 4
const KILLS = rounds(4)
const LIFE_MS = 400
/** More than a lock is ever held, on a machine that is busy with other things too. */
const PATIENCE = 10_000
/** A defect shows by chance. */
const MOST_RUNS = 5

interface Run {
  readonly kills: number
  readonly mutant?: string
  readonly options?: object
}

/** Lets four processes live, kills one of them so many times and starts another in its place. */
async function run(t: TestContext, { kills, mutant = '', options = {} }: Run) {
  const folder = newFolder()
  const saveFile = join(folder, 'sessions')
  const logs: string[] = []
  const start = async (nth: number) => {
    const log = join(folder, `log-${logs.length}`)
    logs.push(log)
    const started = await SharedProcess.start(t, { saveFile, log, options, mutant, nth })
    await started.ask('live')
    return started
  }
  const processes = await Promise.all(Array.from({ length: PROCESSES }, (_, nth) => start(nth)))
  for (let n = 0; n < kills; n++) {
    await new Promise((resolve) => setTimeout(resolve, LIFE_MS * Math.random() * 2))
    const nth = n % PROCESSES
    await processes[nth]?.kill()
    processes[nth] = await start(nth)
  }
  await new Promise((resolve) => setTimeout(resolve, LIFE_MS))
  await Promise.all(processes.map((each) => each.kill()))
  return readLogs(logs)
}

describe('four processes on one file', () => {
  for (const saveKeys of [undefined, ['a text of sixteen characters']]) {
    const sealed = saveKeys === undefined ? '' : ', sealed'
    it(`serve nothing stale, lose nothing and bring nothing back, killed ${KILLS} times${sealed}`, async (t) => {
      const { operations, failed } = await run(t, {
        kills: KILLS,
        options: { saveKeys, patience: PATIENCE },
      })
      const count = (kind: string) => operations.filter((each) => each.kind === kind).length
      t.diagnostic(
        `${count('read')} reads, ${count('add')} merged saves, ${count('destroy')} logouts, ${failed.length} failed`,
      )
      assert.deepEqual(faultsIn(operations).slice(0, 10), [])
      assert.deepEqual(failed.slice(0, 3), [])
      assert(count('destroy') > 0 && count('add') > 0)
    })
  }

  for (const mutant of ['cached', 'always', 'unmerged', 'early']) {
    it(`would be caught with the defect "${mutant}"`, async (t) => {
      for (let n = 0; n < MOST_RUNS; n++) {
        const { operations } = await run(t, { kills: 1, mutant })
        if (faultsIn(operations).length > 0) return
      }
      assert.fail('nothing was found')
    })
  }
})
