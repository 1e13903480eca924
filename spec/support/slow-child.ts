/** A process that ends, or ends its worker, while that calls SQLite. */

import path from 'node:path'
import { findEngine } from '../../lib/sqlite/engine'
import { Link } from '../../lib/sqlite/link'
import { workerCode } from './saving'

const code = workerCode(path.resolve('spec/support/slow-worker.ts'))
const task = { engine: findEngine(process.env.DATABASE) }
const link = new Link(code, task, (notice) => {
  if (notice === undefined) return
  if (process.argv[2] === 'exit') process.exit(7)
  link.end().then(() => process.exit(7))
})
link.ask('count').catch(() => {})
