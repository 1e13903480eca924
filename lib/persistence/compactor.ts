/** Has a compaction done: in a worker thread, or in this one where the worker's file is not to be had. */

import fs from 'node:fs'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Compacted, type CompactionTask, compact } from './compaction'
import type { Files } from './files'

export interface Running {
  /** Gives `undefined` for one that was called off. */
  readonly done: Promise<Compacted | undefined>
  /** Calls it off; `done` then comes soon. */
  stop(): void
}

interface Answer {
  readonly compacted?: Compacted
  readonly message?: string
  readonly code?: string
}

const EXTENSION = path.extname(__filename)
const WORKER = path.join(__dirname, `worker${EXTENSION}`)
// None of the process' own flags, such as an agent's. TypeScript needs the specs' loader.
const FLAGS = EXTENSION === '.ts' ? ['--require', 'tsx/cjs'] : []

export function startCompaction(files: Files, task: CompactionTask): Running {
  // A bundler may have left the worker's file behind.
  if (files.isReal && fs.existsSync(WORKER)) return inWorker(task)
  let off = false
  return {
    done: compact(files, task, () => off),
    stop: () => {
      off = true
    },
  }
}

function inWorker(task: CompactionTask): Running {
  const worker = new Worker(WORKER, { workerData: task, execArgv: FLAGS })
  // Neither a process that has nothing else to do, nor one that ends, waits for it.
  worker.unref()
  const done = new Promise<Compacted | undefined>((resolve, reject) => {
    worker.once('message', ({ compacted, message, code }: Answer) => {
      if (message === undefined) resolve(compacted)
      else reject(Object.assign(new Error(message), { code }))
    })
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the compaction's thread ended with ${code}`)))
  })
  return {
    done,
    stop() {
      worker.ref()
      worker.postMessage('stop')
    },
  }
}
