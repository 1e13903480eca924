/** The report of a run: its conditions, the targets, and then every table. */

import { type Table, toMarkdown } from './table.js'

const HEAD = `# What the benchmark measured

\`npm run bench\` wrote this. All stores are measured side by side in the same run: each has a process of its own, and they take turns, round by round; a figure is the median of its rounds. The *floor* is the least that a store in memory can cost: a bare \`Map\` and \`JSON\`, with the same deferred callback. Sessions are express-session's own \`Session\` and \`Cookie\` objects; ids are slices of a Cookie header. A *read request* is \`get\`, \`createSession\`, \`touch\`; a *write request* ends with \`set\` instead. *lru-cache* is version 11 as its users make a store of it: JSON, and a \`sizeCalculation\`.`

export function report(
  conditions: string,
  targets: Table,
  obstacles: readonly string[],
  tables: readonly Table[],
): string {
  const parts = [
    HEAD,
    `**Conditions:** ${conditions} Compare within the report: on another machine every figure is another.`,
    toMarkdown(targets, '##'),
    ...listed(obstacles),
    '## Figures',
    ...tables.map((table) => toMarkdown(table)),
  ]
  return `${parts.join('\n\n')}\n`
}

function listed(obstacles: readonly string[]): string[] {
  if (obstacles.length === 0) return []
  return ['What holds those that are not reached:', obstacles.map((each) => `- ${each}`).join('\n')]
}
