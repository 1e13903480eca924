/** Copies of the project with a fault in them, and whether specs notice. */

import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const PARTS = ['lib', 'spec', 'scripts', 'bench', 'examples', 'package.json', 'tsconfig.json']
/** A spec that takes longer hangs, and has noticed the fault. */
const MOST_MS = 180_000

/** A copy of the project in a folder of its own, but for what is installed and built. */
export class Copy {
  readonly #folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lembro-mutants-'))

  constructor() {
    for (const name of PARTS) {
      fs.cpSync(name, path.join(this.#folder, name), {
        recursive: true,
        filter: (from) => !from.includes('node_modules'),
      })
    }
    for (const name of ['node_modules', 'dist']) {
      fs.symlinkSync(path.resolve(name), path.join(this.#folder, name))
    }
  }

  /** Does something while a file has another text. */
  async with<Result>(file: string, text: string, run: () => Promise<Result>): Promise<Result> {
    const place = path.join(this.#folder, file)
    const former = fs.readFileSync(place, 'utf8')
    fs.writeFileSync(place, text)
    try {
      return await run()
    } finally {
      fs.writeFileSync(place, former)
    }
  }

  /** Whether specs fail, or hang. */
  fails(specs: readonly string[]): Promise<boolean> {
    if (specs.length === 0) return Promise.resolve(false)
    const child = spawn(process.execPath, ['scripts/test/main.mjs', ...specs], {
      cwd: this.#folder,
      stdio: 'ignore',
      detached: true,
    })
    return new Promise((resolve) => {
      const hung = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), MOST_MS)
      child.on('exit', (code) => {
        clearTimeout(hung)
        resolve(code !== 0)
      })
    })
  }

  remove(): void {
    fs.rmSync(this.#folder, { recursive: true, force: true })
  }
}
