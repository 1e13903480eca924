import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AtomicFile } from '../../../lib/persistence/disk/atomic-file'
import { Disk, failure } from '../../support/disk'

const MIB = 1024 * 1024
const sound = async () => {}

describe('an atomic file', () => {
  it('is there whole or not at all, whatever step a power cut comes after', async () => {
    for (let most = 0; most < 5; most++) {
      const disk = new Disk()
      disk.write('/file', Buffer.from('former'))
      await disk.syncFolder('/')
      disk.steps.length = 0
      disk.fault = () => (disk.steps.length >= most ? failure('EIO') : undefined)
      const write = async () => {
        const file = await AtomicFile.begin(disk, '/unfinished')
        await file.write(Buffer.from('whole'))
        await file.finish('/file', sound)
      }
      await write().catch(() => {})
      for (const left of ['nothing', 'removals', 'names', 'everything'] as const) {
        assert.match(disk.cut(left).read('/file').toString(), /^(former|whole)$/)
      }
    }
  })

  it('is synced every eight megabytes, so that no single sync takes long', async () => {
    const disk = new Disk()
    const file = await AtomicFile.begin(disk, '/unfinished')
    const part = Buffer.alloc(MIB)
    for (let n = 0; n < 17; n++) await file.write(part)
    assert.equal(disk.steps.filter((step) => step.startsWith('datasync')).length, 2)
    await (await file.finish('/file', sound)).close()
    assert.deepEqual([disk.names, file.length, disk.opened], [['/file'], 17 * MIB, 0])
  })

  it('does not get its name if the last check fails, and leaves nothing once it is abandoned', async () => {
    const disk = new Disk()
    disk.write('/file', Buffer.from('former'))
    const file = await AtomicFile.begin(disk, '/unfinished')
    await file.write(Buffer.from('whole'))
    const check = async () => {
      throw new Error('taken over')
    }
    await assert.rejects(file.finish('/file', check), /taken over/)
    await file.abandon()
    assert.deepEqual([disk.names, disk.read('/file').toString()], [['/file'], 'former'])
    assert.equal(disk.opened, 0)
  })
})
