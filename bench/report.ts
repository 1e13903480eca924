/** The report of a run: what a reader wants to know first, the targets and what holds the missed ones, then every table. */

import {
  count,
  digits,
  mapValues,
  median,
  milliseconds,
  percent,
  ratio,
  type Table,
  time,
  toMarkdown,
  whole,
} from './figures.js'
import { type Results, SECTION_NAMES, SECTIONS, type SectionName } from './sections.js'
import { PEERS } from './stores.js'
import { obstacles, targetTable } from './targets.js'

/** All that came of a run. */
export interface Run {
  readonly conditions: string
  readonly results: Results
}

/** A figure of each store that has it. */
export interface Line {
  readonly what: string
  readonly better: 'more' | 'less'
  readonly show: (figure: number | undefined) => string
  /** By store. */
  readonly figures: Readonly<Record<string, number>>
}

export function report({ conditions, results }: Run): string {
  const names = SECTION_NAMES.filter((name) => results[name] !== undefined)
  const tables = names.flatMap((name) => tablesOf(name, results))
  const spreads = tables.flatMap(({ spreads = [] }) => spreads).filter(Number.isFinite)
  const noisy = spreads.filter((spread) => spread > 0.25).length
  const parts = [
    '# What the benchmark measured',
    `\`npm run bench\` wrote this. All stores are measured side by side in the same run: each has a process of its own, and they take turns, round by round; a figure is the median of its rounds. The *floor* is the least that a store in memory can cost: a bare \`Map\` and \`JSON\`, with the same deferred callback. Sessions are express-session's own \`Session\` and \`Cookie\` objects; ids are slices of a Cookie header. A *read request* is \`get\`, \`createSession\`, \`touch\`; a *write request* ends with \`set\` instead. *lru-cache* is version 11 as its users make a store of it: JSON, and a \`sizeCalculation\`.`,
    `**Conditions:** ${conditions}. Compare within the report: on another machine every figure is another.`,
    `**Noise:** the rounds of the floor spread by ${percent(median(spreads))}, the median of ${spreads.length} measurements; ${noisy} of them spread by more than a quarter. The spread is the distance between the quartiles, divided by the median.`,
    toMarkdown(glanceTable(results), '##'),
    toMarkdown(targetTable(results), '##'),
    obstacles(results)
      .map((each) => `- ${each}`)
      .join('\n'),
    '## Figures',
    ...names.map((name) => {
      const shown = tablesOf(name, results).map((table) => toMarkdown(table))
      return `<details><summary>${name}</summary>\n\n${shown.join('\n\n')}\n\n</details>`
    }),
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

export function tablesOf(name: SectionName, results: Results): Table[] {
  const { tables } = SECTIONS[name] as { tables(figures: unknown): Table[] }
  return tables(results[name])
}

/** A column for each store; beside lembro's own figure what it is of the best of the others. */
function glanceTable(results: Results): Table {
  return {
    title: 'At a glance',
    note: 'Sessions that fit: as many as 64 MB of heap hold. A stall is the longest turn of the event loop, garbage collection included. MemoryStore is not bounded, so it never makes room, and loses nobody until the process ends.',
    head: ['', 'lembro', 'of the best other', ...PEERS],
    rows: glance(results).map(({ what, better, show, figures }) => {
      const others = PEERS.flatMap((store) => figures[store] ?? [])
      const best = better === 'more' ? Math.max(...others) : Math.min(...others)
      const beside = digits(ratio(figures.lembro, best))
      return [what, show(figures.lembro), beside, ...PEERS.map((store) => show(figures[store]))]
    }),
  }
}

/** What a reader wants to know first, so far as it was measured. */
export function glance({ memory, operations, stalls, floods, crashes, http }: Results): Line[] {
  const line = <Of>(
    what: string,
    better: Line['better'],
    show: Line['show'],
    by: Readonly<Record<string, Of>> | undefined,
    figure: (of: Of) => number,
  ): Line => ({ what, better, show, figures: mapValues(by ?? {}, figure) })
  const fitting = ({ each }: { each: number }) => (64 * 2 ** 20) / each
  const ms = ({ whole }: { whole: number }) => whole
  const stall = `longest stall, ${count(stalls?.[0]?.sessions)} sessions`
  const works = stalls?.[0]?.works
  const owned = operations?.filter(({ owned }) => owned) ?? []
  const anonymous = memory?.['typical, anonymous']
  const found = floods?.found
  const lines = [
    line('signed-in sessions in 64 MB', 'more', whole, memory?.typical, fitting),
    line('anonymous sessions in 64 MB', 'more', whole, anonymous, fitting),
    line('members still known in a flood', 'more', percent, found, (of) => of.strangers.members),
    ...owned.map(
      ({
        size,
        by: {
          'read request': { ns },
        },
      }) => line(`a read request, ${size}`, 'less', time, ns, Number),
    ),
    line('requests a second of an application', 'more', whole, http?.by, (of) => of.perSecond),
    line(`${stall}: filling past the room`, 'less', milliseconds, works?.fill, ms),
    line(`${stall}: everything expires`, 'less', milliseconds, works?.purge, ms),
    line(
      `restart, ${count(crashes?.few)} sessions`,
      'less',
      milliseconds,
      crashes?.killed,
      (of) => of.ms,
    ),
  ]
  return lines.filter(({ figures }) => Object.keys(figures).length > 0)
}
