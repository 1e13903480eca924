/** What Prometheus would read: the text of `/metrics`, parsed line by line. */

import assert from 'node:assert/strict'

export interface Metric {
  help: string
  type: string
  /** The values by their labels, as in `store="default"`. */
  readonly values: Map<string, number>
}

const HELP = /^# HELP (\w+) (.+)$/
const TYPE = /^# TYPE (\w+) (counter|gauge)$/
const VALUE = /^(\w+)(?:\{(.*)\})? ([-+\w.]+)$/

/** The metrics by name. Fails for a line that is none of the text format. */
export function parseMetrics(text: string): Map<string, Metric> {
  const metrics = new Map<string, Metric>()
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, name = '', rest = ''] = HELP.exec(line) ?? TYPE.exec(line) ?? []
    if (line.startsWith('# HELP ')) {
      assert.equal(metrics.has(name), false, `twice: ${line}`)
      metrics.set(name, { help: rest, type: '', values: new Map() })
    } else if (line.startsWith('# TYPE ')) {
      const metric = metrics.get(name)
      assert(metric, `no help before ${line}`)
      metric.type = rest
    } else {
      const [, sampled = '', labels = '', value = ''] = VALUE.exec(line) ?? []
      const metric = metrics.get(sampled)
      assert(metric, `a value of nothing: ${line}`)
      metric.values.set(labels, value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value))
    }
  }
  return metrics
}

/** The value of a metric with just one label, its store. */
export function sampleOf(metrics: Map<string, Metric>, name: string, store = 'default') {
  return metrics.get(name)?.values.get(`store="${store}"`)
}
