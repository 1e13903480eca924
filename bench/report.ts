/** The report of a run: its conditions, what a reader wants to know first, the targets, and then every table. */

import { glanceTable } from './glance.js'
import { type Noises, quietness, quietnessTable } from './quietness.js'
import type { Results } from './sections.js'
import { type Table, toMarkdown } from './table.js'
import { obstacles, targetTable } from './targets.js'

const HEAD = `# What the benchmark measured

\`npm run bench\` wrote this. All stores are measured side by side in the same run: each has a process of its own, and they take turns, round by round; a figure is the median of its rounds. The *floor* is the least that a store in memory can cost: a bare \`Map\` and \`JSON\`, with the same deferred callback. Sessions are express-session's own \`Session\` and \`Cookie\` objects; ids are slices of a Cookie header. A *read request* is \`get\`, \`createSession\`, \`touch\`; a *write request* ends with \`set\` instead. *lru-cache* is version 11 as its users make a store of it: JSON, and a \`sizeCalculation\`.`

/** All that came of a run. */
export interface Run {
  readonly conditions: string
  readonly results: Results
  readonly noises: Noises
  /** Those of the sections, in their order. */
  readonly tables: readonly Table[]
}

export function report({ conditions, results, noises, tables }: Run): string {
  const parts = [
    HEAD,
    `**Conditions:** ${conditions} Compare within the report: on another machine every figure is another.`,
    `**Noise:** ${quietness(noises)}`,
    ...filled(glanceTable(results)),
    ...filled(targetTable(results)),
    ...listed(obstacles(results)),
    toMarkdown(quietnessTable(noises), '##'),
    '## Figures',
    ...tables.map((table) => toMarkdown(table)),
  ]
  return `${parts.join('\n\n')}\n`
}

// Of a run of a few sections, not every table has something to say.
function filled(table: Table): string[] {
  return table.rows.length === 0 ? [] : [toMarkdown(table, '##')]
}

function listed(obstacles: readonly string[]): string[] {
  if (obstacles.length === 0) return []
  return ['What holds those that are not reached:', obstacles.map((each) => `- ${each}`).join('\n')]
}
