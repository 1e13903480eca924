/** Has a compaction done: in a worker thread, or in this one where there can be none. */

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

const NAME = 'lembro-compaction'
/** A thread that was called off and hangs, as on a network disk, ends after so long. */
const MOST_MS = 5000

// In a bundle of ES modules there is no such name, and no file beside it that could be the worker.
const OWN = typeof __filename === 'string' ? __filename : undefined
const EXTENSION = path.extname(OWN ?? '')
const WORKER = OWN === undefined ? undefined : path.join(path.dirname(OWN), NAME + EXTENSION)
// None of the process' own flags, such as an agent's. TypeScript needs the specs' loader.
const FLAGS = EXTENSION === '.ts' ? ['--require', 'tsx/cjs'] : []

/** Starts a compaction, in a thread of the file `worker` where that is one of lembro's. */
export function startCompaction(
  files: Files,
  task: CompactionTask,
  worker: string | undefined = WORKER,
): Running {
  let off = false
  let stopThread = () => {}
  // Who calls it off before it has begun waits for it.
  const wait = (thread: Worker) => {
    stopThread = () => thread.ref()
    if (off) thread.ref()
  }
  const run = async () => {
    const thread = files.isReal && worker !== undefined ? await begin(worker, wait) : undefined
    if (thread === undefined) return compact(files, task, () => off)
    const { done, stop } = give(thread, task)
    stopThread = stop
    if (off) stop()
    return done
  }
  return {
    done: run(),
    stop() {
      off = true
      stopThread()
    },
  }
}

/** A thread that said what it is; `undefined` where threads are forbidden, or the file is missing or another. */
async function begin(file: string, begun: (worker: Worker) => void): Promise<Worker | undefined> {
  // A bundler may have left it behind.
  if (!fs.existsSync(file)) return undefined
  let worker: Worker
  try {
    worker = new Worker(file, { execArgv: FLAGS })
  } catch {
    return undefined
  }
  // Neither a process that has nothing else to do, nor one that ends, waits for it.
  worker.unref()
  begun(worker)
  const said = await new Promise<unknown>((resolve) => {
    worker.once('message', resolve)
    worker.once('error', () => resolve(undefined))
    worker.once('exit', () => resolve(undefined))
    setTimeout(resolve, MOST_MS).unref()
  })
  if (said === NAME) return worker
  worker.on('error', () => {})
  worker.terminate()
  return undefined
}

function give(worker: Worker, task: CompactionTask): Running {
  let isOff = false
  const done = new Promise<Compacted | undefined>((resolve, reject) => {
    worker.once('message', ({ compacted, message, code }: Answer) => {
      if (message === undefined) resolve(compacted)
      else reject(Object.assign(new Error(message), { code }))
    })
    worker.once('error', reject)
    worker.once('exit', (code) => {
      if (isOff) resolve(undefined)
      else reject(new Error(`the compaction's thread ended with ${code}`))
    })
  })
  worker.postMessage(task)
  return {
    done,
    stop() {
      isOff = true
      worker.ref()
      worker.postMessage('stop')
      setTimeout(() => worker.terminate(), MOST_MS).unref()
    },
  }
}
