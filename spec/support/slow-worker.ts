/** A worker whose one call of SQLite takes some 100 ms; it tells when that begins. */

import { parentPort, workerData } from 'node:worker_threads'
import { loadEngine } from '../../lib/sqlite/engine'
import { answerAll } from '../../lib/sqlite/link'

const COUNT =
  'WITH RECURSIVE each(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM each WHERE n < 1000000) SELECT count(*) FROM each'

answerAll(() => {
  const statement = loadEngine(workerData.engine, false)(':memory:').prepare(COUNT)
  parentPort?.postMessage({ notice: {} })
  statement.get()
  return {}
})
