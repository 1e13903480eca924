/** Owns how a worker gets its requests and gives its replies. */

import { parentPort } from 'node:worker_threads'
import type { Engine } from '../sqlite/engine'
import { faultOf } from '../sqlite/link'
import type { Notice, Reply, Request, Task } from './protocol'
import { Writer } from './writer'

/** Answers what the store asks; `load` gives the engine of a task. */
export function serve(task: Task, load: (found: string) => Engine): void {
  let writer: Writer | undefined
  const tell = (notice: Notice) => parentPort?.postMessage({ notice })
  const answer = (request: Request): Reply => {
    try {
      writer ??= new Writer(load(task.engine), task, tell)
      return writer.answer(request)
    } catch (error) {
      return { fault: faultOf(error) }
    }
  }
  parentPort?.on('message', (request: Request) => {
    parentPort?.postMessage(answer(request))
    writer?.rest()
    if (request.ask === 'close') parentPort?.close()
  })
}
