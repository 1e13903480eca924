/** Of `quarantine.ts` and `findings.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Paths } from '../../../lib/persistence/disk/paths'
import { findings } from '../../../lib/persistence/recovery/findings'
import { Quarantine } from '../../../lib/persistence/recovery/quarantine'
import { Disk, failure } from '../../support/disk'

const FILE = '/sessions'
const DAY = 86_400_000
const paths = new Paths(FILE)

function quarantined(writable = true) {
  const disk = new Disk()
  disk.write(FILE, Buffer.from('content'))
  return { disk, quarantine: new Quarantine(disk, paths, writable) }
}

describe('a quarantine', () => {
  it('keeps a file under a second name, once for each of its states', async () => {
    const { disk, quarantine } = quarantined()
    for (const changed of [1, 1, 2]) await quarantine.keep(FILE, 'damaged', changed)
    assert.equal(disk.names.length, 3)
    assert.deepEqual([quarantine.isDue, quarantine.problems], [false, []])
  })

  it('changes nothing where files must stay as they are', async () => {
    const { disk, quarantine } = quarantined(false)
    await quarantine.keep(FILE, 'damaged', 1)
    await quarantine.moveAway(FILE, 'newer', 1)
    await quarantine.remove(FILE)
    assert.deepEqual(disk.names, [FILE])
  })

  it('says what it could not do, and does it later', async () => {
    const { disk, quarantine } = quarantined()
    disk.fault = () => failure('ENOSPC')
    await quarantine.keep(FILE, 'damaged', 1)
    assert.match(quarantine.problems[0]?.message ?? '', /can't keep .* aside: the disk is full/)
    await assert.rejects(quarantine.finish(), { code: 'ENOSPC' })
    assert.equal(quarantine.isDue, true)
    disk.fault = undefined
    await quarantine.finish()
    assert.deepEqual([quarantine.isDue, disk.names.length], [false, 2])
  })

  it('removes damaged files after thirty days, and those beyond the newest eight', async () => {
    const { disk, quarantine } = quarantined()
    for (let n = 0; n < 12; n++) disk.write(`${FILE}.damaged-${n}`, Buffer.from('x'))
    const names = () => disk.names.map((name) => name.slice(1))
    await quarantine.prune(names(), Date.now() + 29 * DAY)
    assert.equal(disk.names.length, 9)
    await quarantine.prune(names(), Date.now() + 31 * DAY)
    assert.deepEqual(disk.names, [FILE])
  })
})

describe('findings', () => {
  it('name what was found, with a code for each kind', async () => {
    const { quarantine } = quarantined()
    await quarantine.keep(FILE, 'damaged', 1)
    const found = findings({
      ...{ quarantine, damaged: 1, missing: ['/sessions.journal-3'], undecryptable: 2 },
      plain: ['/sessions.imported'],
    })
    const codes = found.map((error) => (error as { code?: string }).code)
    assert.deepEqual(codes, ['ESAVEDAMAGED', 'ESAVEDAMAGED', 'ESAVEKEY', 'ESAVEPLAIN'])
    assert.match(
      found[0]?.message ?? '',
      /1 damaged record skipped; kept aside: \/sessions\.damaged/,
    )
    assert.match(found[1]?.message ?? '', /missing.*journal-3/)
  })

  it('are none if nothing was found', () => {
    const { quarantine } = quarantined()
    const none = { damaged: 0, missing: [], undecryptable: 0, plain: [] }
    assert.deepEqual(findings({ quarantine, ...none }), [])
  })
})
