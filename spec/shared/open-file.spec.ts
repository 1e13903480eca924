/** What the system is asked about a shared file: of `open-file.ts`. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { requireShareable } from '../../lib/shared/open-file'
import { newSaveFile } from '../support/folder'

const onLinux = process.platform === 'linux'

/** Has the system say that a file lies on a file system of that number. */
function standOn(t: TestContext, type: number): void {
  t.mock.method(fs.promises, 'statfs', async () => ({ type }))
}

describe('a file that processes are to share', () => {
  for (const [name, type] of [
    ['NFS', 0x6969],
    ['SMB', 0xfe534d42],
    // As Node gives numbers of the upper half on some systems.
    ['SMB', 0xff534d42 | 0],
    ['9p', 0x01021997],
  ] as const) {
    it(`is refused on ${name} (${type})`, { skip: !onLinux }, async (t) => {
      standOn(t, type)
      const file = newSaveFile()
      const says = new RegExp(
        `saveFile: '${file}' is on a file system of another machine \\(${name}\\)`,
      )
      await assert.rejects(requireShareable(file), { code: 'ESAVEREMOTE', message: says })
    })
  }

  it('is taken on a disk of this machine, whether it is there or not', async (t) => {
    const file = newSaveFile()
    await requireShareable(file)
    fs.writeFileSync(file, '')
    await requireShareable(file)
    standOn(t, 0xef53)
    await requireShareable(file)
  })

  it('is refused if it belongs to another user', async (t) => {
    const file = newSaveFile()
    fs.writeFileSync(file, '')
    const mine = process.getuid?.() ?? 0
    t.mock.method(process as { getuid(): number }, 'getuid', () => mine + 1)
    const message = `saveFile: '${file}' belongs to user ${mine}, and this process to user ${mine + 1}: all processes that share a file must be of one user`
    await assert.rejects(requireShareable(file), { code: 'ESAVEUSER', message })
  })
})
