/** The worker of a shared file. The build makes a text of it, which is started as it is. */

import { parentPort, workerData } from 'node:worker_threads'
import { loadEngine } from '../sqlite/engine'
import { faultOf } from '../sqlite/link'
import { Keeper, type Reply, type Request } from './keeper'

let keeper: Keeper | undefined

function answer(request: Request): Reply {
  try {
    keeper ??= new Keeper(loadEngine(workerData.engine), workerData)
    return keeper.answer(request)
  } catch (error) {
    return { fault: faultOf(error) }
  }
}

parentPort?.on('message', (request: Request) => {
  parentPort?.postMessage({ reply: answer(request) })
  if (request.ask === 'close') parentPort?.close?.()
})
