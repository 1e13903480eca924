/** Of a file as it is on the disk: `file.ts`, `rows.ts`, `keys.ts`, `reading.ts`, `opening.ts` and `engine.ts`. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import zlib from 'node:zlib'
import { codeOf, findEngine, isDamage, loadEngine } from '../../lib/sqlite/engine'
import { SessionFile } from '../../lib/sqlite/file'
import { KeyRing } from '../../lib/sqlite/keys'
import { asideOf, Opening, setAside } from '../../lib/sqlite/opening'
import { Reading } from '../../lib/sqlite/reading'
import { type Row, tableCrc32 } from '../../lib/sqlite/rows'
import { newSaveFile } from '../support/folder'
import { sqliteOf, tooOld } from '../support/old-sqlite'
import { rounds } from '../support/rounds'
import { nextTurn } from '../support/time'

const engine = loadEngine(findEngine(process.env.DATABASE), false)
const KEYS = ['a text of sixteen characters']
const MOST = 1_000_000
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function row(key: number, more: Partial<Row> = {}): Row {
  return {
    ...{ key, seq: key, expires: 2e12 + key, used: 1.9e12, held: 5000, cookieExpires: Number.NaN },
    ...{
      sid: `sid-${key}`,
      owner: key % 2 ? 'ann' : null,
      body: `{"n":${key},"x":"${'y'.repeat(200)}"}`,
    },
    ...{ cookie: '{"path":"/"}', dated: 1, created: 0 },
    ...more,
  }
}

/** A closed file with those rows. */
function written(rows: readonly Row[], keys?: KeyRing): string {
  const name = newSaveFile()
  const file = new SessionFile(engine, name, keys)
  file.begin()
  for (const each of rows) file.put(each)
  file.commit()
  file.close()
  return name
}

function readAll(name: string, keys?: KeyRing) {
  const file = new SessionFile(engine, name, keys)
  const reading = new Reading(file.database, keys, MOST)
  const rows = [...reading.rows()]
  file.close()
  return { rows, reading }
}

describe('a file', () => {
  for (const keys of [undefined, new KeyRing(KEYS)]) {
    it(`gives its rows back as they were, the longest unused first${keys ? ', sealed' : ''}`, () => {
      const rows = [
        row(1),
        row(2, { owner: 1, expires: Number.POSITIVE_INFINITY }),
        row(3, { owner: 0, cookie: null, cookieExpires: 5 }),
        row(4, { sid: '\ud800\u0000', body: 'ü\ufffd' }),
      ]
      const name = written(rows, keys)
      const file = new SessionFile(engine, name, keys)
      const latest = { ...rows[1], seq: 9, used: 1.95e12, expires: 3e12 } as Row
      file.touch(latest)
      file.close()
      const { rows: found, reading } = readAll(name, keys)
      assert.deepEqual(found, [rows[0], rows[2], rows[3], latest])
      assert.deepEqual([reading.damaged, reading.unread, reading.last], [0, 0, 9])
    })
  }

  it('is locked as long as it is open, and free after a failed open', () => {
    const name = written([row(1)])
    const file = new SessionFile(engine, name, undefined)
    assert.throws(
      () => new SessionFile(engine, name, undefined),
      (error) => codeOf(error) === 'ELOCKED',
    )
    file.close()
    assert.equal(readAll(name).rows.length, 1)
  })

  it('of another program is left alone', () => {
    const name = newSaveFile()
    const other = engine(name)
    other.exec('CREATE TABLE goods (name)')
    other.close()
    const before = fs.readFileSync(name)
    assert.throws(() => new SessionFile(engine, name, undefined), { code: 'ESAVEFOREIGN' })
    assert.equal(fs.readFileSync(name).includes('goods'), before.includes('goods'))
  })

  it('of a later version is told', () => {
    const name = newSaveFile()
    const other = engine(name)
    other.exec('PRAGMA application_id = 0x6c6d6272; PRAGMA user_version = 3; CREATE TABLE more (x)')
    other.close()
    assert.throws(() => new SessionFile(engine, name, undefined), { code: 'ESAVEVERSION' })
  })

  it('that is sealed takes no plain row, and no plain touch', () => {
    const name = written([row(1)], new KeyRing(KEYS))
    const plain = new SessionFile(engine, name, undefined)
    plain.put(row(2))
    plain.touch({ ...row(1), seq: 3, expires: 3e12 })
    plain.close()
    const { rows, reading } = readAll(name, new KeyRing(KEYS))
    assert.deepEqual([rows, reading.damaged], [[row(1)], 2])
  })

  it('does not change under the wrong key, and counts what it does not open', () => {
    const name = written([row(1), row(2)], new KeyRing(KEYS))
    const { rows, reading } = readAll(name, new KeyRing(['quite another long text']))
    assert.deepEqual([rows.length, reading.unread, reading.damaged], [0, 2, 0])
  })
})

/** How many of the files could be opened, and how many rows of those were not found. Nothing else than `rows` may be. */
async function tryAll(
  name: string,
  files: Iterable<Buffer>,
  rows: readonly Row[],
  keys: KeyRing | undefined,
): Promise<{ opened: number; lost: number; tried: number }> {
  const known = new Map(rows.map((each) => [`${each.key} ${each.seq}`, each]))
  const counts = { opened: 0, lost: 0, tried: 0 }
  for (const bytes of files) {
    // @photostructure/sqlite closes a file in a turn after the collector came.
    if (counts.tried++ % 200 === 0) {
      collect()
      await nextTurn()
    }
    fs.writeFileSync(name, bytes)
    for (const part of ['-wal', '-journal', '-shm']) fs.rmSync(name + part, { force: true })
    let file: SessionFile
    try {
      file = new SessionFile(engine, name, keys)
    } catch (error) {
      // Then it is set aside, and the start goes on.
      assert.ok(isDamage(error), String(error))
      continue
    }
    counts.opened++
    const found = [...new Reading(file.database, keys, MOST).rows()]
    for (const each of found) assert.deepEqual(each, known.get(`${each.key} ${each.seq}`))
    counts.lost += 12 - found.length
    file.close()
  }
  return counts
}

describe('damage', () => {
  for (const keys of [undefined, new KeyRing(KEYS)]) {
    const rows = Array.from({ length: 12 }, (_, nth) => row(nth + 1))
    const sealed = keys ? ', sealed' : ''

    it(`of any one bit gives no row that was not written, and keeps the start going${sealed}`, async () => {
      const name = written(rows, keys)
      const whole = fs.readFileSync(name)
      function* flipped() {
        const step = Math.max(1, Math.floor((53 * 8 + 1) / rounds(1)))
        for (let bit = 0; bit < whole.length * 8; bit += step) {
          const bytes = Buffer.from(whole)
          const at = bit >> 3
          bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7))
          yield bytes
        }
      }
      const { opened, lost, tried } = await tryAll(name, flipped(), rows, keys)
      assert.ok(opened > tried / 2, `${opened} of ${tried}`)
      assert.ok(lost < opened * 4)
    })

    it(`of a cut, and of pages of an older state, gives no row that was not written${sealed}`, async () => {
      const newer = rows.map((each) => ({
        ...each,
        seq: each.seq + 100,
        body: each.body.repeat(2),
      }))
      const name = written(rows, keys)
      const old = fs.readFileSync(name)
      const file = new SessionFile(engine, name, keys)
      for (const each of newer) file.put(each)
      file.close()
      const whole = fs.readFileSync(name)
      function* mixed() {
        for (let at = 0; at < whole.length; at += 230) yield whole.subarray(0, at)
        for (let at = 0; at < old.length; at += 512) {
          const bytes = Buffer.from(whole)
          old.copy(bytes, at, at, at + 512)
          yield bytes
        }
      }
      const { opened } = await tryAll(name, mixed(), [...rows, ...newer], keys)
      assert.ok(opened > 10, String(opened))
    })
  }

  it('in the middle of many costs what it hit, and the rest is rescued', () => {
    const rows = Array.from({ length: 2000 }, (_, nth) => row(nth + 1))
    const name = written(rows)
    const bytes = fs.readFileSync(name)
    bytes.fill(0xee, bytes.length / 2, bytes.length / 2 + 2048)
    fs.writeFileSync(name, bytes)
    const task = { file: name, keys: undefined, mostBytes: MOST, engine: '' }
    const opening = new Opening(engine, task)
    const file = opening.open()
    opening.mend(file, 1)
    const [aside] = asideOf(name)
    assert.match(
      opening.found.findings[0]?.message ?? '',
      new RegExp(`in 1 place: .* as '${aside}'`),
    )
    const { rows: left, reading } = readAll(name)
    assert.equal(reading.damaged, 0)
    assert.ok(left.length > 1900 && left.length < 2000, String(left.length))
  })

  it('is rescued all the same if a kill comes before the new file has its name', () => {
    const name = written([row(1), row(2)])
    fs.renameSync(name, `${name}.rescued`)
    assert.equal(readAll(name).rows.length, 2)
    assert.deepEqual(fs.readdirSync(path.dirname(name)), [path.basename(name)])
  })

  it('keeps eight files, none older than thirty days', () => {
    const name = newSaveFile()
    for (let nth = 0; nth < 10; nth++) {
      fs.writeFileSync(name, String(nth))
      const aside = setAside(name, 'damaged')
      const at = nth === 0 ? 0 : Date.now() / 1000 - 100 + nth
      fs.renameSync(aside, `${aside}-${nth}`)
      fs.utimesSync(`${aside}-${nth}`, at, at)
    }
    const kept = asideOf(name).map((each) => Number(each.at(-1)))
    assert.deepEqual(kept.sort(), [2, 3, 4, 5, 6, 7, 8, 9])
  })
})

it('has a table for the CRC-32 of a Node whose zlib has none', () => {
  assert.equal(tableCrc32(Buffer.from('123456789')), 0xcbf43926)
  const long = Buffer.alloc(1000, 'lembro')
  assert.equal(tableCrc32(long), (zlib as { crc32?(bytes: Buffer): number }).crc32?.(long))
})

describe('the engine', () => {
  it('is told what to install if there is none', () => {
    assert.throws(() => findEngine('no-such-module'), { code: 'ENOSQLITE', message: /npm install/ })
  })

  it('is refused if it is no SQLite', () => {
    const file = path.resolve('package.json')
    assert.throws(() => loadEngine(`${file}.missing`), { code: 'ENOSQLITE' })
  })

  for (const [version, isOld] of [
    ...[['3.45.1', true] as const, ['3.50.9', true] as const, ['3.51.2', true] as const],
    ...[['3.51.3', false] as const, ['3.52.0', false] as const, ['4.0.0', false] as const],
  ]) {
    it(`${isOld ? 'is refused' : 'is taken'} for a file of several processes if it is ${version}`, () => {
      const file = sqliteOf(version)
      loadEngine(file, false)
      if (!isOld) loadEngine(file)
      else assert.throws(() => loadEngine(file), tooOld(file, version))
    })
  }
})
