/** The three charts, and the legends that say in text what they show. */

import type uPlotClass from 'uplot'
import type { Sample } from '../sample'
import { byId, showTerms, type Term } from './elements'
import type { History, Moment } from './history'
import { CHARTS, type ChartSpec } from './lines'
import { bytes, number, time } from './words'

declare const uPlot: typeof uPlotClass

const HEIGHT = 176
// Memory is counted in units of 1024: its scale is marked in them.
const POWERS_OF_2 = Array.from({ length: 50 }, (_, power) => 2 ** power)
/** Half of the widest mark of the time axis: the last one may stand at its very end. */
const HALF_A_TIME = 27
const AXIS_FONT = '12px system-ui, sans-serif'
const TIME_STEPS = [5, 10, 15, 30, 60, 120, 300]

export class Charts {
  #plots: uPlotClass[] = []
  #budget: number | null = null
  #moments: readonly Moment[] = []

  constructor() {
    for (const { id } of CHARTS) new ResizeObserver(() => this.#fit()).observe(chartOf(id))
    // The colours are the style sheet's: another scheme draws anew.
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw())
  }

  show(history: History, { maxBytes }: Sample): void {
    const budget = maxBytes ?? null
    this.#moments = history.moments()
    const [from, to] = history.span
    if (this.#plots.length === 0 || budget !== this.#budget) {
      this.#budget = budget
      this.#draw()
    }
    this.#plots.forEach((plot, index) => {
      plot.batch(() => {
        plot.setData(dataOf(CHARTS[index] as ChartSpec, this.#moments), false)
        plot.setScale('x', { min: from / 1_000, max: to / 1_000 })
      })
    })
    CHARTS.forEach((spec, index) => {
      chartOf(spec.id).dataset.empty = String(isEmpty(spec, this.#moments))
      this.#showLegend(spec, this.#plots[index]?.cursor.idx)
    })
  }

  #draw(): void {
    for (const plot of this.#plots) plot.destroy()
    this.#plots = CHARTS.map((spec) => {
      const target = chartOf(spec.id)
      return new uPlot(
        this.#optionsOf(spec, target.clientWidth),
        dataOf(spec, this.#moments),
        target,
      )
    })
  }

  #fit(): void {
    this.#plots.forEach((plot, index) => {
      const { clientWidth } = chartOf((CHARTS[index] as ChartSpec).id)
      if (clientWidth !== plot.width) plot.setSize({ width: clientWidth, height: HEIGHT })
    })
  }

  /** The legend tells the moment under the pointer, else the latest. */
  #showLegend(spec: ChartSpec, index: number | null | undefined): void {
    const moment = this.#moments.at(index ?? -1)
    const terms = spec.lines.map(({ term, colour, read }): Term => {
      const value = moment === undefined ? null : read(moment)
      return { term, colour, value: value === null ? '–' : spec.words(value) }
    })
    if (spec.id === 'memory' && this.#budget !== null) {
      terms.push({ term: 'Budget', colour: 'alarm', value: bytes(this.#budget) })
    }
    showTerms(byId(`${spec.id}-legend`), terms)
  }

  #optionsOf(spec: ChartSpec, width: number): uPlotClass.Options {
    const budget = spec.id === 'memory' ? this.#budget : null
    const quiet = colour('quiet')
    const grid = { stroke: colour('line'), width: 1 }
    const axis = { stroke: quiet, font: AXIS_FONT, grid, ticks: { show: false } }
    return {
      width,
      height: HEIGHT,
      padding: [8, HALF_A_TIME, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { time: true, auto: false },
        y: { range: (_plot, _low, high) => [0, Math.max(high, budget ?? 0, spec.least) * 1.06] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          space: 72,
          incrs: TIME_STEPS,
          values: (_plot, splits, _axis, _space, step) => splits.map((at) => clock(at, step)),
        },
        {
          ...axis,
          size: 62,
          space: 36,
          values: (_plot, splits) => splits.map(labelOf(spec)),
          ...(spec.id === 'memory' && { incrs: POWERS_OF_2 }),
        },
      ],
      series: [
        {},
        ...spec.lines.map((line) => ({
          stroke: colour(line.colour),
          width: 2,
          points: { show: false },
          ...(line.filled === true && { fill: colour(`${line.colour}-soft`) }),
        })),
      ],
      hooks: {
        setCursor: [({ cursor: { idx } }) => this.#showLegend(spec, idx)],
        draw: [(plot) => budget !== null && drawBudget(plot, budget)],
      },
    }
  }
}

function drawBudget(plot: uPlotClass, budget: number): void {
  const { ctx, bbox } = plot
  const y = Math.round(plot.valToPos(budget, 'y', true))
  ctx.save()
  ctx.strokeStyle = colour('alarm')
  ctx.lineWidth = devicePixelRatio * 1.5
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio])
  ctx.beginPath()
  ctx.moveTo(bbox.left, y)
  ctx.lineTo(bbox.left + bbox.width, y)
  ctx.stroke()
  ctx.restore()
}

function dataOf(spec: ChartSpec, moments: readonly Moment[]): uPlotClass.AlignedData {
  return [
    moments.map(({ at }) => at / 1_000),
    ...spec.lines.map(({ read }) => moments.map((moment) => read(moment))),
  ]
}

/** Whether there is no line to see: one moment makes none, nor do zeros. */
function isEmpty({ lines }: ChartSpec, moments: readonly Moment[]): boolean {
  const isSeen = (moment: Moment) => lines.some(({ read }) => (read(moment) ?? 0) > 0)
  return moments.length < 2 || !moments.some(isSeen)
}

function labelOf({ id }: ChartSpec): (value: number) => string {
  return id === 'memory' ? bytes : (value) => number(value, 1)
}

/** Such as `14:03:15`, or `14:03` if the marks are minutes apart. */
function clock(seconds: number, step: number): string {
  return time(seconds * 1_000).slice(0, step < 60 ? undefined : 5)
}

function chartOf(id: string): HTMLElement {
  return byId(`${id}-chart`)
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}
