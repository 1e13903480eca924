/** The thread that compaction runs in: does the one task it was made for. */

import { parentPort, workerData } from 'node:worker_threads'
import { type CompactionTask, compact } from './compaction'
import { codeOf, realFiles } from './files'

let off = false
parentPort?.once('message', () => {
  off = true
})
compact(realFiles, workerData as CompactionTask, () => off)
  .then(
    (compacted) => parentPort?.postMessage({ compacted }),
    (error) => parentPort?.postMessage({ message: error.message, code: codeOf(error) }),
  )
  .finally(() => parentPort?.close())
