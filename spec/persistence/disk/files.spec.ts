/** Of `files.ts` and `paths.ts`. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, it } from 'node:test'
import { readAll, realFiles, writeAll } from '../../../lib/persistence/disk/files'
import { Paths, realPath } from '../../../lib/persistence/disk/paths'
import { Disk, failure } from '../../support/disk'
import { newFolder, newSaveFile } from '../../support/folder'

const SECTOR = 4096

describe('reading', () => {
  it('gives zeros for the sectors that the disk can not read, and all others', async () => {
    const disk = new Disk()
    const content = Buffer.alloc(10 * SECTOR, 7)
    disk.write('/file', content)
    disk.bad.set('/file', [3 * SECTOR, 5 * SECTOR])
    const target = Buffer.alloc(content.length)
    let unreadable = 0
    const file = await disk.open('/file', 'r')
    const read = await readAll(file, target, 0, content.length, 0, () => unreadable++)
    content.fill(0, 3 * SECTOR, 5 * SECTOR)
    assert.deepEqual([read, unreadable, target], [content.length, 2, content])
  })

  it('passes on any other failure', async () => {
    const file = {
      read: async () => {
        throw failure('EBADF')
      },
    }
    await assert.rejects(readAll(file as never, Buffer.alloc(10), 0, 10, 0), { code: 'EBADF' })
  })
})

describe('writing', () => {
  it('goes on where the system took only a part, and fails if it takes nothing', async () => {
    const disk = new Disk()
    disk.mostWritten = 3
    const file = await disk.open('/file', 'w')
    await writeAll(file, Buffer.from('0123456789'), 10, 0)
    assert.equal(disk.read('/file').toString(), '0123456789')
    disk.mostWritten = 0
    await assert.rejects(writeAll(file, Buffer.from('x'), 1, 0), { code: 'EIO' })
  })
})

describe('the real files', () => {
  it('tell of what is not there without an error, and know the room that is left', async () => {
    const file = newSaveFile()
    assert.deepEqual(
      [await realFiles.info(file), await realFiles.text(file)],
      [undefined, undefined],
    )
    assert.equal(await realFiles.target(file), undefined)
    fs.writeFileSync(file, 'text')
    assert.equal(await realFiles.text(file), 'text')
    assert.equal(await realFiles.target(file), undefined)
    await realFiles.setChanged(file, 5000)
    assert.equal((await realFiles.info(file))?.changed, 5000)
    assert.ok((await realFiles.freeBytes(newFolder())) > 0)
    assert.equal(await realFiles.freeBytes('/nowhere/at/all'), Number.POSITIVE_INFINITY)
  })

  it('have one path each, by whatever links', { skip: process.platform === 'win32' }, async () => {
    const [file, link] = [newSaveFile(), newSaveFile()]
    fs.symlinkSync(file, link)
    const real = fs.realpathSync(file.slice(0, file.lastIndexOf('/')))
    assert.equal(await realPath(realFiles, link), `${real}/sessions`)
  })
})

describe('paths', () => {
  const paths = new Paths('/folder/sessions')

  it('tell the files of one store from those of others beside it', () => {
    const names = [
      ...['sessions', 'sessions.journal-10', 'sessions.journal-9', 'sessions2.journal-1'],
      ...['sessions.tmp', 'sessions.tmp-0f', 'sessions.tmp-x', 'sessions.journal-9007199254740992'],
      ...['sessions.unread-0a0b0c0d', 'sessions.undecryptable-2026', 'sessions.damaged-2'],
      ...['sessions.damaged-1', 'sessions.imported', 'sessions.newer-1', 'other.damaged-1'],
    ]
    assert.deepEqual(paths.segmentsAmong(names), [9, 10])
    const parts = (found: string[]) => found.map((file) => file.slice('/folder/sessions'.length))
    assert.deepEqual(parts(paths.unfinishedAmong(names)), ['.tmp', '.tmp-0f'])
    const undecryptable = ['.unread-0a0b0c0d', '.undecryptable-2026']
    assert.deepEqual(parts(paths.undecryptableAmong(names)), undecryptable)
    assert.deepEqual(parts(paths.damagedAmong(names)), ['.damaged-1', '.damaged-2'])
    const kept = ['.damaged-2', '.damaged-1', '.imported', '.newer-1']
    assert.deepEqual(parts(paths.keptAmong(names)), kept)
  })

  it('keep a file aside by the same name until it changes', () => {
    const aside = paths.aside('/folder/sessions.journal-3', 'damaged', 0)
    assert.equal(aside, '/folder/sessions.damaged-1970-01-01T00-00-00-000Z.journal-3')
  })
})
