/** The chart of a run: what a reader wants to know at a glance. */

import * as echarts from 'echarts'
import type { Panel } from './panels.js'

const WIDTH = 960
const MARGIN = 32
const HEAD = 108
const FOOT = 44
const COLUMNS = 2
const ROW = 26
const TITLE = 58
const LABELS = 156
const FIGURES = 76

const INK = '#1f2937'
const FAINT = '#6b7280'
const PAPER = '#fbfaf7'
const OURS = '#0f766e'
const THEIRS = '#c3c9d2'

/** The same colours on a dark page: a reader's browser chooses. */
const DARK = {
  [INK]: '#e5e7eb',
  [FAINT]: '#9ca3af',
  [PAPER]: '#14181d',
  [OURS]: '#2dd4bf',
  [THEIRS]: '#4b5563',
}
const FLOOR = 'floor: a bare Map and JSON, the least that a store in memory can cost.'

/** An SVG with a background of its own, for light pages and for dark ones. */
export function chart(panels: readonly Panel[], conditions: string): string {
  const most = Math.max(1, ...panels.map(({ bars }) => bars.length))
  const panelHeight = TITLE + most * ROW + 18
  const height = HEAD + Math.ceil(panels.length / COLUMNS) * panelHeight + FOOT
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  const places = panels.map((_, i) => ({
    left: MARGIN + (i % COLUMNS) * ((WIDTH - MARGIN) / COLUMNS),
    top: HEAD + Math.floor(i / COLUMNS) * panelHeight,
    width: (WIDTH - MARGIN) / COLUMNS - MARGIN,
  }))
  chart.setOption({
    animation: false,
    backgroundColor: PAPER,
    textStyle: { fontFamily: 'sans-serif', color: INK },
    title: [
      title('lembro beside the stores that people use', `${conditions}\n${FLOOR}`, MARGIN, 24, 22),
      ...panels.map((panel, i) => {
        const { left = 0, top = 0 } = places[i] ?? {}
        return title(panel.title, panel.better, left, top, 15)
      }),
    ],
    grid: panels.map(({ bars }, i) => {
      const { left = 0, top = 0, width = 0 } = places[i] ?? {}
      return {
        left: left + LABELS,
        top: top + TITLE,
        width: width - LABELS - FIGURES,
        height: bars.length * ROW,
      }
    }),
    xAxis: panels.map(({ logarithmic, bars }, gridIndex) => ({
      type: logarithmic ? 'log' : 'value',
      gridIndex,
      show: false,
      min: logarithmic ? Math.min(...bars.map(({ figure }) => figure)) / 3 : 0,
      max: Math.max(...bars.map(({ figure }) => figure)),
    })),
    yAxis: panels.map(({ bars }, gridIndex) => ({
      type: 'category',
      gridIndex,
      inverse: true,
      data: bars.map(({ store }) => store),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: INK, fontSize: 13, margin: 10 },
    })),
    series: panels.map(({ bars, show }, i) => ({
      type: 'bar',
      xAxisIndex: i,
      yAxisIndex: i,
      barWidth: 15,
      data: bars.map(({ store, figure }) => ({
        value: figure,
        itemStyle: { color: store === 'lembro' ? OURS : THEIRS, borderRadius: [0, 3, 3, 0] },
        label: {
          show: true,
          position: 'right',
          formatter: show(figure),
          color: store === 'lembro' ? OURS : INK,
          fontWeight: store === 'lembro' ? 'bold' : 'normal',
          fontSize: 13,
        },
      })),
    })),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return `${svg.replace('>', `>\n${darkStyle()}`)}\n`
}

function darkStyle(): string {
  const rules = Object.entries(DARK).map(([light, dark]) => `[fill="${light}"]{fill:${dark}}`)
  return `<style>@media (prefers-color-scheme:dark){${rules.join('')}}</style>`
}

function title(text: string, subtext: string, left: number, top: number, fontSize: number) {
  return {
    text,
    subtext,
    left,
    top,
    padding: 0,
    itemGap: 6,
    textStyle: { color: INK, fontSize, fontWeight: 'bold' },
    subtextStyle: { color: FAINT, fontSize: 12, lineHeight: 16 },
  }
}
