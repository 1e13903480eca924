/** The metrics of one register under one prefix: made once, and fed by any number of stores. */

import { Counter, Gauge, type Registry, type RegistryContentType } from 'prom-client'
import type { Figures, MeasuredStore } from './figures'
import { METRICS, type MetricRow } from './table'

const LABEL = 'store'

interface Exported {
  readonly row: MetricRow
  readonly metric: Counter | Gauge
}

/** A store that is read, and what each of its counters said when it was last read. */
class Source {
  readonly name: string
  readonly store: MeasuredStore
  readonly #counted = new Map<string, number>()
  #figures: Figures | undefined

  constructor(name: string, store: MeasuredStore) {
    this.name = name
    this.store = store
  }

  /** The same for all that is read in one turn, so that the figures of a scrape fit together. */
  get figures(): Figures {
    if (this.#figures === undefined) {
      this.#figures = this.store.stats()
      queueMicrotask(() => {
        this.#figures = undefined
      })
    }
    return this.#figures
  }

  /** How much a counter has grown since this was last asked. One that is smaller has begun again. */
  growth(row: MetricRow, count: number): number {
    const before = this.#counted.get(row.name) ?? 0
    this.#counted.set(row.name, count)
    return count < before ? count : count - before
  }
}

export class Family {
  readonly #register: Registry<RegistryContentType>
  readonly #prefix: string
  readonly #sources = new Map<string, Source>()
  readonly #exported: Exported[] = []

  constructor(register: Registry<RegistryContentType>, prefix: string) {
    this.#register = register
    this.#prefix = prefix
  }

  /** Whether the register still has these metrics: it may have been cleared. */
  get registered(): boolean {
    return this.#exported.every(({ metric, row }) => this.#registered(row) === metric)
  }

  /** Whether another store than this one is read under a name. */
  readsAnother(name: string, than: MeasuredStore): boolean {
    const source = this.#sources.get(name)
    return source !== undefined && source.store !== than
  }

  /** Reads a store from now on. One of the same name is read a last time: its counters go on from there. */
  add(name: string, store: MeasuredStore): () => void {
    this.#end(this.#sources.get(name))
    const source = new Source(name, store)
    for (const row of METRICS) {
      const has = row.read(source.figures) !== undefined
      if (has && !this.#exported.some((each) => each.row === row)) this.#export(row)
    }
    this.#sources.set(name, source)
    return () => {
      if (this.#sources.get(name) === source) this.#end(source)
    }
  }

  #registered(row: MetricRow): unknown {
    return this.#register.getSingleMetric(this.#prefix + row.name)
  }

  #export(row: MetricRow): void {
    const settings = {
      name: this.#prefix + row.name,
      help: row.help,
      labelNames: [LABEL],
      registers: [this.#register],
      collect: () => {
        for (const source of this.#sources.values()) this.#read({ row, metric }, source)
      },
      ...(row.ofWorkers && { aggregator: row.ofWorkers }),
    }
    const metric = row.type === 'counter' ? new Counter(settings) : new Gauge(settings)
    this.#exported.push({ row, metric })
  }

  #read({ row, metric }: Exported, source: Source): void {
    const value = row.read(source.figures)
    const labels = { [LABEL]: source.name }
    if (value === undefined || value === null) {
      if (metric instanceof Gauge) metric.remove(labels)
      return
    }
    if (metric instanceof Gauge) metric.set(labels, value)
    else metric.inc(labels, source.growth(row, value))
  }

  // What it counted stays counted; what it held is no more.
  #end(source: Source | undefined): void {
    if (source === undefined) return
    for (const { row, metric } of this.#exported) {
      if (metric instanceof Gauge) metric.remove({ [LABEL]: source.name })
      else this.#read({ row, metric }, source)
    }
    this.#sources.delete(source.name)
  }
}
