/** The worker of a shared file. The build makes a text of it, which is started as it is. */

import { workerData } from 'node:worker_threads'
import { loadEngine } from '../sqlite/engine'
import { answerAll } from '../sqlite/link'
import { Keeper, type Reply, type Request } from './keeper'

let keeper: Keeper | undefined

answerAll<Request, Reply>((request) => {
  keeper ??= new Keeper(loadEngine(workerData.engine), workerData)
  return keeper.answer(request)
})
