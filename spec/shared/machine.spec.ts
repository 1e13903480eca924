/** What the system is asked about a shared file: of `machine.ts`. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { requireShareable } from '../../lib/shared/machine'
import { newSaveFile } from '../support/folder'

const onLinux = process.platform === 'linux'

/** Has the system say that a file lies on a file system of that number. */
function standOn(t: TestContext, type: number): void {
  t.mock.method(fs, 'statfsSync', () => ({ type }))
}

describe('a file that processes are to share', () => {
  for (const [name, type] of [
    ['NFS', 0x6969],
    ['SMB', 0xfe534d42],
    // As Node gives numbers of the upper half on some systems.
    ['SMB', 0xff534d42 | 0],
    ['9p', 0x01021997],
  ] as const) {
    it(`is refused on ${name} (${type})`, { skip: !onLinux }, (t) => {
      standOn(t, type)
      const file = newSaveFile()
      const says = new RegExp(
        `saveFile: '${file}' is on a file system of another machine \\(${name}\\)`,
      )
      assert.throws(() => requireShareable(file), { code: 'ESAVEREMOTE', message: says })
    })
  }

  it('is taken on a disk of this machine, whether it is there or not', (t) => {
    const file = newSaveFile()
    requireShareable(file)
    fs.writeFileSync(file, '')
    requireShareable(file)
    standOn(t, 0xef53)
    requireShareable(file)
  })

  it('is refused if it belongs to another user', (t) => {
    const file = newSaveFile()
    fs.writeFileSync(file, '')
    const mine = process.getuid?.() ?? 0
    t.mock.method(process as { getuid(): number }, 'getuid', () => mine + 1)
    const message = `saveFile: '${file}' belongs to user ${mine}, and this process to user ${mine + 1}: all processes that share a file must be of one user`
    assert.throws(() => requireShareable(file), { code: 'ESAVEUSER', message })
  })
})
