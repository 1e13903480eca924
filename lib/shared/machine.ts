/** Owns what the system is asked about a shared file: whether it is on this machine, whose it is, and which process has its lock. */

import fs from 'node:fs'
import path from 'node:path'
import { coded } from '../settings/check'

/** File systems of other machines, by the numbers that Linux gives them. There the lock and the memory that processes share don't work. */
const REMOTE = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'SMB'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x0bd00bd0, 'Lustre'],
])
/** The byte of the `-shm` that a writer has locked. */
const WRITE_LOCK = '120'

/** Throws with the code `ESAVEREMOTE` or `ESAVEUSER` for a file that processes can't share. */
export function requireShareable(file: string): void {
  const { type } = fs.statfsSync(path.dirname(file))
  const remote = process.platform === 'linux' ? REMOTE.get(type >>> 0) : undefined
  if (remote !== undefined) {
    const message = `saveFile: '${file}' is on a file system of another machine (${remote}): processes can only share a file on a disk of their own machine`
    throw coded('ESAVEREMOTE', message)
  }
  const owner = fs.statSync(file, { throwIfNoEntry: false })?.uid
  const mine = process.getuid?.()
  if (owner === undefined || mine === undefined || owner === mine) return
  const message = `saveFile: '${file}' belongs to user ${owner}, and this process to user ${mine}: all processes that share a file must be of one user`
  throw coded('ESAVEUSER', message)
}

/** The process that writes in a file now: ' (process 12)', or '' if the system does not tell. */
export function holderOf(file: string): string {
  try {
    const { ino } = fs.statSync(`${file}-shm`)
    const locks = fs.readFileSync('/proc/locks', 'utf8').split('\n')
    const found = locks.map((line) => line.trim().split(/\s+/)).find((words) => isLock(words, ino))
    return found === undefined ? '' : ` (process ${found[4]})`
  } catch {
    return ''
  }
}

// 3: POSIX  ADVISORY  WRITE 4711 08:01:123456 120 120
function isLock([, , , kind, , where = '', from]: string[], ino: number): boolean {
  return kind === 'WRITE' && from === WRITE_LOCK && where.endsWith(`:${ino}`)
}
