/** `npm run bench`: runs the sections that were asked for, and makes the report of all that was measured. */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { chart } from './chart.js'
import { toMarkdown } from './figures.js'
import { quoted, report, tablesOf } from './report.js'
import { SECTION_NAMES, SECTIONS, type SectionName } from './sections.js'

const USAGE = `npm run bench                      everything, in less than ten minutes
npm run bench -- --quick           everything, smaller, in less than one
npm run bench -- --only SECTION    one of: ${SECTION_NAMES.join(', ')}

What --only measures joins what was measured before: a report may be made piece by piece.`

await run(asked())

function asked() {
  try {
    const options = {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
    } as const
    const { quick, only } = parseArgs({ options }).values
    const unknown = only?.find((name) => !(name in SECTIONS))
    if (unknown !== undefined) throw new Error(`there is no section '${unknown}'`)
    return { quick, only: only as SectionName[] | undefined }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    process.exit(2)
  }
}

async function run({ quick, only }: ReturnType<typeof asked>): Promise<void> {
  const folder = new URL(`../partial/${quick ? 'quick' : 'full'}/`, import.meta.url)
  const fileOf = (name: SectionName) => new URL(`${name}.json`, folder)
  if (only === undefined) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const name of only ?? SECTION_NAMES) {
    const piece = await measured(name, quick)
    writeFileSync(fileOf(name), JSON.stringify(piece))
    for (const table of tablesOf(name, piece.figures)) {
      console.log(`${toMarkdown(table)}\n`)
    }
  }
  const names = SECTION_NAMES.filter((name) => existsSync(fileOf(name)))
  const pieces = names.map((name) => JSON.parse(readFileSync(fileOf(name), 'utf8')))
  const made = {
    conditions: [...new Set(pieces.map(({ conditions }) => conditions))].join('; '),
    results: Object.fromEntries(names.map((name, i) => [name, pieces[i].figures])),
  }
  // The report of less than everything does not take the place of the one that is kept.
  const isWhole = !quick && names.length === SECTION_NAMES.length
  const to = isWhole ? new URL('../', import.meta.url) : folder
  writeFileSync(new URL('report.md', to), report(made))
  writeFileSync(new URL('chart.svg', to), chart(made))
  if (isWhole) {
    const readme = new URL('../../README.md', import.meta.url)
    writeFileSync(readme, quoted(readFileSync(readme, 'utf8'), made.results))
  }
  console.log(`written: report.md and chart.svg in ${to.pathname}`)
}

/** What came of one section, as it is kept for the report. */
async function measured(name: SectionName, quick: boolean) {
  const began = performance.now()
  process.stderr.write(`${name}, while ${os.loadavg()[0]?.toFixed(1)} processes are busy ... `)
  const figures = await SECTIONS[name].run(quick)
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0)} s\n`)
  const { node, v8 } = process.versions
  const where = `${process.platform} ${process.arch}, ${os.cpus().length} CPUs`
  const conditions = `Node ${node} (V8 ${v8}) on ${where}, ${new Date().toISOString().slice(0, 10)}`
  return { conditions, figures }
}
