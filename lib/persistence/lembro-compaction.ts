/**
 * The thread that compaction runs in: says that it is the one, then does the task it is sent. In a
 * bundle it lies among the application's own files, hence its name.
 */

import { parentPort } from 'node:worker_threads'
import { type CompactionTask, compact } from './compaction'
import { codeOf, realFiles } from './files'

let off = false

parentPort?.once('message', (task: CompactionTask) => {
  parentPort?.once('message', () => {
    off = true
  })
  compact(realFiles, task, () => off)
    .then(
      (compacted) => parentPort?.postMessage({ compacted }),
      (error) => parentPort?.postMessage({ message: error.message, code: codeOf(error) }),
    )
    .finally(() => parentPort?.close())
})
parentPort?.postMessage('lembro-compaction')
