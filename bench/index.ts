/** `npm run bench`: runs the sections that were asked for and tells what came of them. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { type Asked, parseArguments, USAGE } from './arguments.js'
import { chart } from './chart.js'
import { conditions } from './conditions.js'
import { checkCopies } from './copies.js'
import { glanceTable } from './glance.js'
import type { Noise } from './noise.js'
import { panelsOf } from './panels.js'
import { Progress } from './progress.js'
import { quietness, quietnessTable } from './quietness.js'
import { report } from './report.js'
import { FULL, QUICK } from './scale.js'
import { type Results, runSection, SECTIONS, type SectionName } from './sections.js'
import { type Table, toMarkdown } from './table.js'
import { targetTable } from './targets.js'

await main()

async function main(): Promise<void> {
  let asked: Asked
  try {
    asked = parseArguments(process.argv.slice(2))
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    process.exitCode = 2
    return
  }
  checkCopies()
  await run(asked)
}

async function run({ quick, sections }: Asked): Promise<void> {
  const progress = new Progress()
  const results: Results = {}
  const noises: Partial<Record<SectionName, Noise>> = {}
  const tables: Table[] = []
  const where = conditions(quick)
  console.log(`${where}\n`)
  for (const name of sections) {
    const section = await runSection(name, results, quick ? QUICK : FULL, progress)
    for (const table of section.tables) console.log(`${toMarkdown(table)}\n`)
    noises[name] = section.noise
    tables.push(...section.tables)
  }
  const last = [quietnessTable(noises), glanceTable(results), targetTable(results)]
  for (const table of last) if (table.rows.length > 0) console.log(`${toMarkdown(table)}\n`)
  console.log(`${quietness(noises)}\n`)
  const whole = !quick && sections.length === Object.keys(SECTIONS).length
  write(
    whole ? '..' : '../partial',
    report({ conditions: where, results, noises, tables }),
    chart(panelsOf(results), where),
  )
}

// A run of less than everything must not take the place of the report that is kept.
function write(folder: string, text: string, svg: string): void {
  const url = new URL(`${folder}/`, import.meta.url)
  mkdirSync(url, { recursive: true })
  writeFileSync(new URL('report.md', url), text)
  writeFileSync(new URL('chart.svg', url), svg)
  console.log(`written: report.md and chart.svg in ${new URL(url).pathname}`)
}
