/** The report of a run: what a reader wants to know first, the targets and what holds the missed ones, then every table. */

import { readFileSync } from 'node:fs'
import * as figures from './figures.js'
import { type Results, SECTION_NAMES, SECTIONS, type SectionName } from './sections.js'
import { PEERS } from './stores.js'
import { targetTable } from './targets.js'

const { count, digits, mapValues, milliseconds, percent, ratio, time, toMarkdown, whole } = figures
const IN_README = ['lembro', ...PEERS] as const
const LIMITS = new URL('../limits.md', import.meta.url)

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
    `**Conditions:** ${conditions}. Compare within the report: on another machine every figure is another. The rounds of the floor spread by ${percent(figures.median(spreads))}, the median of ${spreads.length} measurements; ${noisy} of them spread by more than a quarter. The spread is the distance between the quartiles, divided by the median.`,
    toMarkdown(glanceTable(results), '##'),
    toMarkdown(targetTable(results), '##'),
    `What holds those that are not reached:\n\n${readFileSync(LIMITS, 'utf8').trimEnd()}`,
    '## Figures',
    ...names.map((name) => {
      const shown = tablesOf(name, results).map((table) => toMarkdown(table))
      return `<details><summary>${name}</summary>\n\n${shown.join('\n\n')}\n\n</details>`
    }),
  ]
  return `${parts.join('\n\n')}\n`
}

export function tablesOf(name: SectionName, results: Results): figures.Table[] {
  const { tables } = SECTIONS[name] as { tables(figures: unknown): figures.Table[] }
  return tables(results[name])
}

/** A column for each store; beside lembro's own figure what it is of the best of the others. */
function glanceTable(results: Results): figures.Table {
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
export function glance({ memory, operations, stalls, floods, saving, http }: Results): Line[] {
  const lines: Line[] = []
  /** Adds a line with what `figure` makes of the figures of each store. */
  const add = <Of>(
    what: string,
    better: Line['better'],
    show: Line['show'],
    by: Readonly<Record<string, Of | undefined>> | undefined,
    figure: (of: Of) => number | undefined,
  ) => {
    const all = mapValues(by ?? {}, (of) => of && figure(of))
    const measured = Object.entries(all).filter(([, each]) => typeof each === 'number')
    const figures = Object.fromEntries(measured) as Record<string, number>
    if (measured.length > 0) lines.push({ what, better, show, figures })
  }
  const fitting = ({ each }: { each: number }) => (64 * 2 ** 20) / each
  add('signed-in sessions in 64 MB', 'more', whole, memory?.typical, fitting)
  add('anonymous sessions in 64 MB', 'more', whole, memory?.['typical, anonymous'], fitting)
  const members = 'members still known in a flood'
  add(members, 'more', percent, floods?.found, ({ strangers }) => strangers.members)
  for (const { size, by } of operations ?? []) {
    add(`a read request, ${size}`, 'less', time, by['read request'].ns, (ns) => ns)
  }
  const requests = 'requests a second of an application'
  add(requests, 'more', whole, http?.by, ({ perSecond }) => perSecond)
  const [stalled] = stalls ?? []
  const stall = `longest stall, ${count(stalled?.sessions)} sessions`
  const filling = `${stall}: filling past the room`
  add(filling, 'less', milliseconds, stalled?.by, ({ fill }) => fill?.whole)
  const expiring = `${stall}: everything expires`
  add(expiring, 'less', milliseconds, stalled?.by, ({ purge }) => purge?.whole)
  const restart = `restart, ${count(saving?.few)} sessions`
  add(restart, 'less', milliseconds, saving?.killed, ({ ms }) => ms)
  return lines
}

/** README with the figures of a run in the rows of its comparison: `|A touch of 10 KB|` and a cell for each store. */
export function quoted(readme: string, { operations, stalls, floods }: Results): string {
  const ns = operations?.at(-1)?.by.touch.ns
  const rows: Readonly<Record<string, (store: (typeof IN_README)[number]) => string>> = {
    'Members found in a flood': (store) => percent(floods?.found[store].strangers.members),
    'A touch of 10 KB': (store) => time(ns?.[store]),
    'Stall while 200,000 expire': (store) => milliseconds(stalls?.[0]?.by[store]?.purge?.whole),
  }
  return readme.replaceAll(/^\|([^|]+)\|.*$/gm, (line, name: string) => {
    const figureOf = rows[name]
    const cells = IN_README.map((store) =>
      store === 'MemoryStore' && name.startsWith('Members') ? '100%, unbounded' : figureOf?.(store),
    )
    return figureOf === undefined ? line : `|${name}|${cells.join('|')}|`
  })
}
