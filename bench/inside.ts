/** What runs inside a child process: one task after another, as the bench asks for them. */

import { checkCopies } from './copies.js'

/** The module of each task: a process loads only those that it needs. */
const MODULES = {
  ask: () => import('./tasks/share.js'),
  bare: () => import('./tasks/bare.js'),
  change: () => import('./tasks/share.js'),
  cold: () => import('./tasks/share.js'),
  crash: () => import('./tasks/crash.js'),
  flood: () => import('./tasks/flood.js'),
  full: () => import('./tasks/paced.js'),
  grow: () => import('./tasks/measure.js'),
  measure: () => import('./tasks/measure.js'),
  paced: () => import('./tasks/paced.js'),
  peer: () => import('./tasks/rate.js'),
  race: () => import('./tasks/race.js'),
  rate: () => import('./tasks/rate.js'),
  restart: () => import('./tasks/restart.js'),
  see: () => import('./tasks/share.js'),
  serve: () => import('./tasks/serve.js'),
  share: () => import('./tasks/share.js'),
  stall: () => import('./tasks/stall.js'),
  weigh: () => import('./tasks/weigh.js'),
}

type Modules = typeof MODULES
type Task<Name extends TaskName> =
  Awaited<ReturnType<Modules[Name]>> extends Record<
    Name,
    infer Done extends (input: never) => unknown
  >
    ? Done
    : never

export type TaskName = keyof Modules
export type TaskInput<Name extends TaskName> = Parameters<Task<Name>>[0]
export type TaskOutput<Name extends TaskName> = Awaited<ReturnType<Task<Name>>>
export type Answer = { readonly output: unknown } | { readonly error: string }

checkCopies()

process.on('message', async ({ task, input }: { task: TaskName; input: never }) => {
  const answer: Answer = await run(task, input).then(
    (output: unknown) => ({ output }),
    (error: unknown) => ({ error: error instanceof Error ? String(error.stack) : String(error) }),
  )
  process.send?.(answer)
})

// Some of the stores hold timers that would keep the process alive.
process.on('disconnect', () => process.exit())

async function run<Name extends TaskName>(name: Name, input: never): Promise<unknown> {
  const tasks = (await MODULES[name]()) as unknown as Record<Name, (input: never) => unknown>
  return tasks[name](input)
}
