/** The chart of a run: what a reader wants to know at a glance, a panel for each figure, a bar for each store. */

import * as echarts from 'echarts'
import { glance, type Line, type Run } from './report.js'
import { COMPARED, type StoreName } from './stores.js'

const [WIDTH, MARGIN, HEAD, FOOT] = [960, 32, 108, 44]
const [COLUMNS, ROW, TITLE, LABELS, FIGURES] = [2, 26, 58, 156, 76]

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

interface Bar {
  readonly store: StoreName
  readonly figure: number
}

/** An SVG with a background of its own, for light pages and for dark ones. */
export function chart({ conditions, results }: Run): string {
  const panels = panelsOf(glance(results))
  const panelHeight = TITLE + Math.max(1, ...panels.map(({ bars }) => bars.length)) * ROW + 18
  const height = HEAD + Math.ceil(panels.length / COLUMNS) * panelHeight + FOOT
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  const left = (i: number) => MARGIN + (i % COLUMNS) * ((WIDTH - MARGIN) / COLUMNS)
  const top = (i: number) => HEAD + Math.floor(i / COLUMNS) * panelHeight
  chart.setOption({
    animation: false,
    backgroundColor: PAPER,
    textStyle: { fontFamily: 'sans-serif', color: INK },
    title: [
      title('lembro beside the stores that people use', `${conditions}\n${FLOOR}`, MARGIN, 24, 22),
      ...panels.map(({ line }, i) => {
        const better = line.better === 'more' ? 'more is better' : 'less is better'
        return title(
          line.what,
          isWide(line) ? `logarithmic: ${better}` : better,
          left(i),
          top(i),
          15,
        )
      }),
    ],
    grid: panels.map(({ bars }, i) => ({
      left: left(i) + LABELS,
      top: top(i) + TITLE,
      width: (WIDTH - MARGIN) / COLUMNS - MARGIN - LABELS - FIGURES,
      height: bars.length * ROW,
    })),
    xAxis: panels.map(({ line, bars }, gridIndex) => ({
      ...{ type: isWide(line) ? 'log' : 'value', gridIndex, show: false },
      min: isWide(line) ? Math.min(...bars.map(({ figure }) => figure)) / 3 : 0,
      max: Math.max(...bars.map(({ figure }) => figure)),
    })),
    yAxis: panels.map(({ bars }, gridIndex) => ({
      ...{ type: 'category', gridIndex, inverse: true, data: bars.map(({ store }) => store) },
      ...{ axisLine: { show: false }, axisTick: { show: false } },
      axisLabel: { color: INK, fontSize: 13, margin: 10 },
    })),
    series: panels.map(({ line, bars }, i) => ({
      ...{ type: 'bar', xAxisIndex: i, yAxisIndex: i, barWidth: 15 },
      data: bars.map(({ store, figure }) => ({
        value: figure,
        itemStyle: { color: store === 'lembro' ? OURS : THEIRS, borderRadius: [0, 3, 3, 0] },
        label: {
          ...{ show: true, position: 'right', formatter: line.show(figure), fontSize: 13 },
          color: store === 'lembro' ? OURS : INK,
          fontWeight: store === 'lembro' ? 'bold' : 'normal',
        },
      })),
    })),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  const rules = Object.entries(DARK).map(([light, dark]) => `[fill="${light}"]{fill:${dark}}`)
  const style = `<style>@media (prefers-color-scheme:dark){${rules.join('')}}</style>`
  return `${svg.replace('>', `>\n${style}`)}\n`
}

function panelsOf(lines: readonly Line[]): { line: Line; bars: Bar[] }[] {
  return lines.map((line) => ({
    line,
    bars: COMPARED.flatMap((store) => {
      const figure = line.of(store)
      return figure === undefined ? [] : [{ store, figure }]
    }),
  }))
}

/** Whether the figures of a line differ by powers of ten. */
function isWide({ what }: Line): boolean {
  return what.startsWith('longest stall')
}

function title(text: string, subtext: string, left: number, top: number, fontSize: number) {
  return {
    ...{ text, subtext, left, top, padding: 0, itemGap: 6 },
    textStyle: { color: INK, fontSize, fontWeight: 'bold' },
    subtextStyle: { color: FAINT, fontSize: 12, lineHeight: 16 },
  }
}
