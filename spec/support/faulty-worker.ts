/** The worker of a save file, on a disk that fails or hangs as long as a spec wants it to. */

import fs from 'node:fs'
import { workerData } from 'node:worker_threads'
import { serve } from '../../lib/persistence/writer'
import { type Engine, loadEngine } from '../../lib/sqlite/engine'

const NAME = `${workerData.file}-fault`
const CODES: Record<string, number> = { ENOSPC: 13, EIO: 10 }
const sleeper = new Int32Array(new SharedArrayBuffer(4))

function faultOr(): void {
  for (;;) {
    if (!fs.existsSync(NAME)) return
    const fault = fs.readFileSync(NAME, 'utf8')
    const errcode = CODES[fault]
    if (errcode !== undefined) throw Object.assign(new Error(fault), { errcode })
    Atomics.wait(sleeper, 0, 0, 5)
  }
}

/** Writes meet what the disk does: all but reading. */
function faulty(engine: Engine): Engine {
  return (file) => {
    const database = engine(file)
    return {
      ...{ close: () => database.close() },
      exec(sql) {
        if (/COMMIT|checkpoint/.test(sql)) faultOr()
        database.exec(sql)
      },
      prepare(sql) {
        const statement = database.prepare(sql)
        return {
          ...{ get: (...values) => statement.get(...values) },
          all: (...values) => statement.all(...values),
          run(...values) {
            faultOr()
            return statement.run(...values)
          },
        }
      },
    }
  }
}

serve(workerData, (found) => faulty(loadEngine(found, false)))
