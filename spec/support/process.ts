/** A Node process of its own, for what only a process shows: that it ends, dies, or how much it holds. */

import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** What lets a process of Node require TypeScript. */
export const TYPESCRIPT = ['--require', join(__dirname, '../../scripts/typescript.cjs')]

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
  readonly ms: number
}

/** Runs CommonJS in a fresh process at the project's root, able to require TypeScript. */
export function runNode(
  source: string,
  env: NodeJS.ProcessEnv = {},
  flags: string[] = [],
): Promise<Ended> {
  const began = performance.now()
  const args = [...flags, ...TYPESCRIPT, '--input-type=commonjs', '-e', source]
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env } })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err, ms: performance.now() - began }))
  })
}
