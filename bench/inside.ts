/** What runs inside a child process: one task after another, as the bench asks for them. */

import { checkCopies } from './copies.js'
import { bare } from './tasks/bare.js'
import { crash } from './tasks/crash.js'
import { flood } from './tasks/flood.js'
import { grow, measure } from './tasks/measure.js'
import { brim, paced } from './tasks/paced.js'
import { race } from './tasks/race.js'
import { rate } from './tasks/rate.js'
import { compact, restart } from './tasks/restart.js'
import { serve } from './tasks/serve.js'
import { ask, change, see, share } from './tasks/share.js'
import { stall } from './tasks/stall.js'
import { weigh } from './tasks/weigh.js'

const tasks = {
  ...{ flood, grow, measure, race, serve, stall, weigh },
  ...{ bare, brim, compact, crash, paced, rate, restart },
  ...{ ask, change, see, share },
}

type Tasks = typeof tasks
export type TaskName = keyof Tasks
export type TaskInput<Name extends TaskName> = Parameters<Tasks[Name]>[0]
export type TaskOutput<Name extends TaskName> = Awaited<ReturnType<Tasks[Name]>>
export type Answer = { readonly output: unknown } | { readonly error: string }

checkCopies()

process.on('message', async ({ task, input }: { task: TaskName; input: never }) => {
  const answer: Answer = await Promise.resolve(tasks[task](input)).then(
    (output: unknown) => ({ output }),
    (error: unknown) => ({ error: error instanceof Error ? String(error.stack) : String(error) }),
  )
  process.send?.(answer)
})

// Some of the stores hold timers that would keep the process alive.
process.on('disconnect', () => process.exit())
