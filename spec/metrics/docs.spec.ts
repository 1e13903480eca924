import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, it } from 'node:test'
import { METRICS } from '../../lib/metrics/table'
import { alarmsOf } from '../../lib/monitor/page/alarms'
import { History } from '../../lib/monitor/page/history'
import { sampleOf } from '../../lib/monitor/sample'
import { ALL_FIGURES } from '../support/figures'

const EXPORTED = METRICS.map(({ name }) => `lembro_${name}`)
const alerts = fs.readFileSync('docs/alerts.yml', 'utf8')
const dashboard = fs.readFileSync('docs/grafana-dashboard.json', 'utf8')
const manual = fs.readFileSync('docs/metrics.md', 'utf8')

const namesIn = (text: string) => [...new Set(text.match(/\blembro_\w+/g))].sort()
const unknownIn = (text: string) => namesIn(text).filter((name) => !EXPORTED.includes(name))
const alarmNames = alarmsOf(sampleOf(ALL_FIGURES, 1), new History()).map(({ name }) => name)

describe('the alert rules', () => {
  it('use metrics that are exported, in each rule one', () => {
    assert.deepEqual(unknownIn(alerts), [])
    const rules = [...alerts.matchAll(/- alert: (\w+)\n\s+expr: (.*)\n/g)]
    assert.equal(rules.length, 5)
    for (const [, name, expr = ''] of rules) assert.equal(namesIn(expr).length, 1, name)
  })

  it('have the names of the page’s alarms', () => {
    const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
    assert.deepEqual(names, alarmNames)
  })

  it('ask for the growth of counters and the value of gauges', () => {
    for (const [, expr = ''] of alerts.matchAll(/expr: (.*)\n/g)) {
      const row = METRICS.find(({ name }) => expr.includes(`lembro_${name}`))
      assert.equal(/^increase\(/.test(expr), row?.type === 'counter', expr)
    }
  })
})

describe('the dashboard', () => {
  const { panels, templating } = JSON.parse(dashboard)

  it('uses metrics that are exported, in each query', () => {
    assert.deepEqual(unknownIn(dashboard), [])
    for (const { title, targets } of panels) {
      for (const { expr } of targets) assert.equal(namesIn(expr).length, 1, `${title}: ${expr}`)
    }
    assert.equal(templating.list.length, 3)
  })

  it('asks for the rate of counters and the value of gauges', () => {
    for (const { targets } of panels) {
      for (const { expr } of targets) {
        const [used = ''] = namesIn(expr)
        const row = METRICS.find(({ name }) => `lembro_${name}` === used)
        assert.equal(/rate\(|increase\(/.test(expr), row?.type === 'counter', expr)
      }
    }
  })

  it('tells of each alarm by its name', () => {
    for (const name of alarmNames) assert.ok(dashboard.includes(name), name)
  })
})

describe('the manual of the metrics', () => {
  it('lists each one with its type and its help, as they are exported', () => {
    for (const { name, type, help } of METRICS) {
      const row = `| \`lembro_${name}\` | ${type} | ${help} |`
      assert.ok(manual.includes(row), row)
    }
    assert.deepEqual(unknownIn(manual), [])
  })
})
