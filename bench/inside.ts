/** What runs inside a child process: what a module exports is done, one task after another, as the bench asks for it. */

export type Answer = { readonly output: unknown } | { readonly error: string }

const tasks = await import(process.argv[2] as string)

process.on('message', async ({ task, input }: { task: string; input: unknown }) => {
  let answer: Answer
  try {
    answer = { output: await tasks[task](input) }
  } catch (error) {
    answer = { error: error instanceof Error ? String(error.stack) : String(error) }
  }
  process.send?.(answer)
})

// Some of the stores hold timers that would keep the process alive.
process.on('disconnect', () => process.exit())
