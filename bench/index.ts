/** `npm run bench`: runs the sections that were asked for, and makes the report of all that was measured. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { chart } from './chart.js'
import { checkCopies } from './copies.js'
import { type Table, toMarkdown } from './figures.js'
import { type Run, report, tablesOf } from './report.js'
import { type Results, SECTION_NAMES, SECTIONS, type SectionName } from './sections.js'

const USAGE = `npm run bench                      everything, in some nine minutes
npm run bench -- --quick           everything, smaller, in less than a minute
npm run bench -- --only SECTION    one of: ${SECTION_NAMES.join(', ')}

What --only measures joins what was measured before: a report may be made piece by piece.`

/** What came of one section. */
interface Piece {
  readonly conditions: string
  readonly figures: unknown
}

await main()

async function main(): Promise<void> {
  try {
    const { quick = false, only } = parseArgs({
      options: { quick: { type: 'boolean' }, only: { type: 'string', multiple: true } },
    }).values
    const unknown = only?.find((name) => !(name in SECTIONS))
    if (unknown !== undefined) throw new Error(`there is no section '${unknown}'`)
    checkCopies()
    const folder = new URL(`../partial/${quick ? 'quick' : 'full'}/`, import.meta.url)
    if (only === undefined) rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    for (const name of (only as SectionName[] | undefined) ?? SECTION_NAMES) {
      const piece = await measured(name, quick)
      writeFileSync(new URL(`${name}.json`, folder), JSON.stringify(piece))
      show(tablesOf(name, { [name]: piece.figures }))
    }
    write(folder, quick)
  } catch (error) {
    const isUsage = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
    console.error(isUsage ? `${(error as Error).message}\n\n${USAGE}` : error)
    process.exitCode = 2
  }
}

async function measured(name: SectionName, quick: boolean): Promise<Piece> {
  const [load = 0] = os.loadavg()
  const began = performance.now()
  process.stderr.write(`${name} ... `)
  const figures = await SECTIONS[name].run(quick)
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0)} s\n`)
  const { node, v8 } = process.versions
  const where = `${process.platform} ${process.arch}, ${os.cpus().length} CPUs`
  const conditions = `Node ${node} (V8 ${v8}) on ${where}, ${new Date().toISOString().slice(0, 10)}`
  if (load > 1) console.log(`${load.toFixed(1)} processes were busy in the minute before.\n`)
  return { conditions, figures }
}

/** Makes the report of all pieces that there are. That of less than everything does not take the place of the one that is kept. */
function write(folder: URL, quick: boolean): void {
  const pieces = SECTION_NAMES.flatMap((name) => {
    try {
      const piece: Piece = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'))
      return [[name, piece] as const]
    } catch {
      return []
    }
  })
  const results: Results = Object.fromEntries(pieces.map(([name, { figures }]) => [name, figures]))
  const conditions = [...new Set(pieces.map(([, { conditions }]) => conditions))].join('; ')
  const run: Run = { conditions, results }
  const whole = !quick && pieces.length === SECTION_NAMES.length
  const to = whole ? new URL('..', folder.href.replace(/partial\/full\/$/, 'partial/')) : folder
  writeFileSync(new URL('report.md', to), report(run))
  writeFileSync(new URL('chart.svg', to), chart(run))
  console.log(`written: report.md and chart.svg in ${to.pathname}`)
}

function show(tables: readonly Table[]): void {
  for (const table of tables) console.log(`${toMarkdown(table)}\n`)
}
