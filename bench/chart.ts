/** The chart of a run: what a reader wants to know at a glance, a panel for each figure, a bar for each store. */

import { glance, type Line, type Run } from './report.js'
import { STORE_NAMES } from './stores.js'

const [WIDTH, MARGIN, HEAD] = [960, 32, 100]
const [ROW, PANEL_HEAD, LABELS, FIGURES] = [24, 46, 150, 80]
const PANEL_WIDTH = WIDTH / 2 - MARGIN
const PANEL_HEIGHT = PANEL_HEAD + STORE_NAMES.length * ROW + 20

/** Colours for light pages and for dark ones: a reader's browser chooses. */
const STYLE = `svg{--ink:#1f2937;--faint:#6b7280;--paper:#fbfaf7;--ours:#0f766e;--theirs:#c3c9d2}
@media (prefers-color-scheme:dark){svg{--ink:#e5e7eb;--faint:#9ca3af;--paper:#14181d;--ours:#2dd4bf;--theirs:#4b5563}}
text{font:13px sans-serif;fill:var(--ink)}rect{fill:var(--theirs)}.paper{fill:var(--paper)}.faint{font-size:12px;fill:var(--faint)}
.title{font-weight:bold;font-size:15px}.store{text-anchor:end}.ours text{font-weight:bold;fill:var(--ours)}.ours rect{fill:var(--ours)}`

/** An SVG with a background of its own. */
export function chart({ conditions, results }: Run): string {
  const panels = glance(results).map((line, i) =>
    panel(
      line,
      MARGIN + (i % 2) * (WIDTH / 2 - MARGIN / 2),
      HEAD + Math.floor(i / 2) * PANEL_HEIGHT,
    ),
  )
  const height = HEAD + Math.ceil(panels.length / 2) * PANEL_HEIGHT
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">
<style>${STYLE}</style>
<rect class="paper" width="${WIDTH}" height="${height}"/>
<text class="title" style="font-size:22px" x="${MARGIN}" y="42">lembro beside the stores that people use</text>
<text class="faint" x="${MARGIN}" y="62">${conditions}</text>
<text class="faint" x="${MARGIN}" y="78">floor: a bare Map and JSON, the least that a store in memory can cost.</text>
${panels.join('\n')}
</svg>
`
}

function panel({ what, better, show, figures }: Line, left: number, top: number): string {
  const shown = STORE_NAMES.filter((store) => figures[store] !== undefined)
  const all = shown.map((store) => figures[store] as number)
  const [least, most] = [Math.min(...all), Math.max(...all)]
  const isWide = most > 20 * least
  const share = (figure: number) =>
    isWide ? Math.log((3 * figure) / least) / Math.log((3 * most) / least) : figure / most
  const bars = shown.map((store, i) => {
    const width = share(figures[store] as number) * (PANEL_WIDTH - LABELS - FIGURES)
    const y = PANEL_HEAD + i * ROW
    return `<g${store === 'lembro' ? ' class="ours"' : ''}><text class="store" x="${LABELS - 10}" y="${y + 12}">${store}</text><rect x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="15" rx="3"/><text x="${(LABELS + width + 6).toFixed(1)}" y="${y + 12}">${show(figures[store])}</text></g>`
  })
  return `<g transform="translate(${left} ${top})">
<text class="title" y="14">${what}</text><text class="faint" y="32">${better} is better${isWide ? ', on a logarithmic scale' : ''}</text>
${bars.join('\n')}
</g>`
}
