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

const ROOM = 1024 * 1024

/**
 * A folder with room for 1 MB, how one fails that is full, and what gives it more room: a disk of its
 * own, or without the right to mount one a limit on what this process writes to a file.
 */
export function newSmallDisk(t: TestContext) {
  const folder = newFolder()
  const mount = (...args: string[]) => {
    execFileSync('mount', [...args, folder], { stdio: 'ignore' })
  }
  try {
    mount('-t', 'tmpfs', '-o', `size=${ROOM}`, 'tmpfs')
  } catch {
    const limit = (bytes: number | 'unlimited') => {
      execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`])
    }
    limit(ROOM)
    const enlarge = () => limit('unlimited')
    t.after(enlarge)
    return { folder, code: 'EIO', enlarge }
  }
  t.after(() => execFileSync('umount', ['-l', folder]))
  return { folder, code: 'ENOSPC', enlarge: () => mount('-o', `remount,size=${64 * ROOM}`) }
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
