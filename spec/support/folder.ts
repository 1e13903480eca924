/** A folder of a spec's own, gone when the spec is over. */

import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, type TestContext } from 'node:test'

const made: string[] = []

after(() => {
  for (const folder of made) fs.rmSync(folder, { recursive: true, force: true })
})

export function newFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lembro-'))
  made.push(folder)
  return folder
}

/** The path of a save file in a folder of its own. */
export function newSaveFile(): string {
  return path.join(newFolder(), 'sessions')
}

/** The folder of a disk of 1 MB; `undefined`, and the test is left out, where there is no right to mount one. */
export function newSmallDisk(t: TestContext): string | undefined {
  const folder = newFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    t.skip('no right to mount')
    return undefined
  }
  t.after(() => execFileSync('umount', ['-l', folder]))
  return folder
}

/** Gives such a disk room again. */
export function enlarge(folder: string): void {
  execFileSync('mount', ['-o', 'remount,size=64m', folder])
}

/** What the names in the folder of a save file have after its own, without that of the WAL. */
export function othersBeside(saveFile: string): string[] {
  const base = path.basename(saveFile)
  return fs
    .readdirSync(path.dirname(saveFile))
    .map((name) => name.slice(base.length))
    .filter((part) => part !== '' && part !== '-wal')
    .sort()
}
