/** What runs inside a child process: it does the tasks of a module, one after another, as the bench asks for them. */

import { checkCopies } from './copies.js'

export type Tasks = Readonly<Record<string, (input: never) => unknown>>
export type Answer = { readonly output: unknown } | { readonly error: string }

checkCopies()
const { tasks } = (await import(process.argv[2] as string)) as { tasks: Tasks }

process.on('message', async ({ task, input }: { task: string; input: never }) => {
  let answer: Answer
  try {
    answer = { output: await tasks[task]?.(input) }
  } catch (error) {
    answer = { error: error instanceof Error ? String(error.stack) : String(error) }
  }
  process.send?.(answer)
})

// Some of the stores hold timers that would keep the process alive.
process.on('disconnect', () => process.exit())
