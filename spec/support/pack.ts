/** The package as a user gets it: packed, and installed in a folder of its own. */

import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const PROJECT = join(__dirname, '../..')
const QUIET: ExecFileSyncOptionsWithStringEncoding = {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'pipe'],
}

export class Installation {
  readonly tarballBytes: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'lembro-'))

  /** Packs the project and installs it here, next to other packages. Takes the registry, or npm's cache. */
  constructor(...packages: string[]) {
    execFileSync('npm', ['pack', '--pack-destination', this.#folder], { ...QUIET, cwd: PROJECT })
    const tarball = readdirSync(this.#folder).find((file) => file.endsWith('.tgz')) ?? ''
    this.tarballBytes = statSync(join(this.#folder, tarball)).size
    this.write('package.json', '{ "private": true }')
    this.run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', tarball, ...packages)
  }

  write(file: string, text: string): void {
    const path = join(this.#folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }

  /** The path of a file here. */
  path(file: string): string {
    return join(this.#folder, file)
  }

  /** Runs a command here and gives what it prints. Throws when it fails, with all it printed. */
  run(command: string, ...args: string[]): string {
    try {
      return execFileSync(command, args, { ...QUIET, cwd: this.#folder })
    } catch (thrown) {
      const { stdout, stderr } = thrown as { stdout: string; stderr: string }
      throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`)
    }
  }

  /** Runs a script with Node and gives what it prints. */
  script(file: string, text: string): string {
    this.write(file, text)
    return this.run(process.execPath, file).trim()
  }

  /** A file of the installed package itself. */
  read(file: string): string {
    return readFileSync(join(this.#folder, 'node_modules/lembro', file), 'utf8')
  }

  /** The files of the installed package itself, by their paths in it. */
  files(): string[] {
    const root = join(this.#folder, 'node_modules/lembro')
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .filter((file) => !file.startsWith('node_modules'))
      .sort()
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
