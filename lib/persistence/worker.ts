/** The worker that has the file of a store. The build makes a text of it, which is started as it is. */

import { workerData } from 'node:worker_threads'
import { loadEngine } from '../sqlite/engine'
import { serve } from './writer'

serve(workerData, (found) => loadEngine(found, false))
