import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { METRICS } from '../../lib/metrics/table'
import { ALL_FIGURES } from '../support/figures'

describe('the table of metrics', () => {
  it('has names in the style of Prometheus: lower case, a counter alone ends in _total', () => {
    for (const { name, type } of METRICS) {
      assert.match(name, /^[a-z]+(_[a-z]+)*$/)
      assert.equal(name.endsWith('_total'), type === 'counter', name)
    }
  })

  it('has each name once, with a sentence of help', () => {
    assert.equal(new Set(METRICS.map(({ name }) => name)).size, METRICS.length)
    for (const { name, help } of METRICS) assert.match(help, /^[A-Z].{10,}\.$/, name)
  })

  it('reads a number for each, out of a store that has everything', () => {
    for (const row of METRICS) assert.equal(typeof row.read(ALL_FIGURES), 'number', row.name)
  })

  it('reads nothing for any, out of a store that has nothing', () => {
    for (const row of METRICS) assert.equal(row.read({}), undefined, row.name)
  })

  it('reads each figure of stats() but the last compaction’s sizes and the process', () => {
    const seen = new Set<string>()
    const watched = watch(ALL_FIGURES, '', seen)
    for (const row of METRICS) row.read(watched)
    assert.deepEqual(
      pathsOf(ALL_FIGURES).filter((path) => !seen.has(path)),
      ['save.lastCompaction.from', 'save.lastCompaction.to', 'shared.process'],
    )
  })

  it('gives times in seconds', () => {
    const read = (name: string) => METRICS.find((row) => row.name === name)?.read(ALL_FIGURES)
    assert.equal(read('last_reduce_duration_seconds'), 0.0015)
    assert.equal(read('last_purge_duration_seconds'), 0.0005)
    assert.equal(read('last_save_timestamp_seconds'), 1_700_000_000)
    assert.equal(read('last_compaction_duration_seconds'), 0.02)
    assert.equal(read('last_evicted_owned_unused_seconds'), 90)
    for (const { name, read } of METRICS) {
      if (/duration|timestamp|unused/.test(name)) assert.match(name, /_seconds$/)
      assert.notEqual(read, undefined)
    }
  })
})

function pathsOf(value: object, above = ''): string[] {
  return Object.entries(value).flatMap(([key, each]) =>
    typeof each === 'object' ? pathsOf(each, `${above}${key}.`) : [`${above}${key}`],
  )
}

/** The same object, which notes the path of each field that is read. */
function watch<T extends object>(value: T, above: string, seen: Set<string>): T {
  return new Proxy(value, {
    get(target, key) {
      const path = `${above}${String(key)}`
      seen.add(path)
      const each: unknown = Reflect.get(target, key)
      return typeof each === 'object' && each !== null ? watch(each, `${path}.`, seen) : each
    },
  })
}
