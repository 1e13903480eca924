/** The example's command for specs: a process of its own, what it prints, and how it ends. */

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { TYPESCRIPT } from './process'

const ROOT = join(__dirname, '../..')

export type Command = ChildProcessByStdio<null, Readable, Readable>

/** Starts what `npm start` runs, without its build: other specs are reading what that would write. */
export function start(
  t: TestContext,
  given: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Command {
  const args = [...TYPESCRIPT, 'examples/shop/main.ts', ...given]
  const command = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, SESSION_SECRET: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Until it is gone: it would still write into a folder that is about to be removed.
  t.after(async () => {
    if (command.exitCode !== null || command.signalCode !== null) return
    command.kill('SIGKILL')
    await once(command, 'exit')
  })
  return command
}

export function linesOf(command: Command): AsyncIterator<string> {
  return createInterface(command.stdout)[Symbol.asyncIterator]()
}

/** What the pattern captures in the first line that it matches. */
export async function lineOf(lines: AsyncIterator<string>, pattern: RegExp): Promise<string> {
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const [, captured] = pattern.exec(line.value) ?? []
    if (captured !== undefined) return captured
  }
  throw new Error(`the shop ended without a line that matches ${pattern}`)
}

export async function outcome(command: Command) {
  const [stderr, [code]] = await Promise.all([text(command.stderr), once(command, 'exit')])
  return { stderr, code }
}
