/** The report of a run: what a reader wants to know first, the targets and what holds the missed ones, then every table. */

import { readFileSync } from 'node:fs'
import * as figures from './figures.js'
import { type Results, SECTION_NAMES, SECTIONS, type SectionName } from './sections.js'
import { PEERS } from './stores.js'
import { isReached, targetsOf, targetTable } from './targets.js'

const { digits, mapValues, milliseconds, percent, ratio, time, toMarkdown, whole } = figures
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
  const tables = names.flatMap((name) => tablesOf(name, results[name]))
  const spreads = tables.flatMap(({ spreads = [] }) => spreads).filter(Number.isFinite)
  const noisy = spreads.filter((spread) => spread > 0.25).length
  const [lines, targets] = [glance(results), targetsOf(results)]
  const ahead = lines.filter((line) => besides(line) >= 1).length
  const reached = targets.filter(isReached).length
  const limits = readFileSync(LIMITS, 'utf8').matchAll(/^## (.+)\n\n((?:.+\n)+)/gm)
  const parts = [
    '# What the benchmark measured',
    `**In short:** in ${ahead} of the ${lines.length} lines of the first table lembro is at least as good as the best other store; ${reached} of its ${targets.length} targets are reached. \`npm run bench\` wrote this: ${conditions}. On another machine every figure is another: compare within the report.`,
    toMarkdown(glanceTable(lines), '##'),
    toMarkdown(targetTable(targets), '##'),
    '## What holds the targets that are missed',
    [...limits]
      .map(([, name, why = '']) => `- **${name}**: ${why.trim().replaceAll('\n', ' ')}`)
      .join('\n'),
    'What was tried for each, and what each try gave, is in [limits.md](limits.md).',
    '## Figures',
    `All stores are measured side by side in the same run: each has a process of its own, and they take turns, round by round; a figure is the median of its rounds. Sessions are express-session's own \`Session\` and \`Cookie\` objects; ids are slices of a Cookie header. *lru-cache* is version 11 as its users make a store of it: JSON, and a \`sizeCalculation\`. The rounds of the floor spread by ${percent(spreads.length > 0 ? figures.median(spreads) : Number.NaN)}, the median of ${spreads.length} measurements; ${noisy} of them spread by more than a quarter. The spread is the distance between the quartiles, divided by the median.`,
    ...names.map((name) => {
      const shown = tablesOf(name, results[name]).map((table) => toMarkdown(table))
      return `<details><summary>${name}</summary>\n\n${shown.join('\n\n')}\n\n</details>`
    }),
  ]
  return `${parts.join('\n\n')}\n`
}

export function tablesOf(name: SectionName, figures: unknown): figures.Table[] {
  const { show } = SECTIONS[name] as { show(of: unknown): figures.Table | figures.Table[] }
  return [show(figures)].flat()
}

/** How many times as good lembro's figure is as the best of the others. */
function besides({ better, figures }: Line): number {
  const others = PEERS.flatMap((store) => figures[store] ?? [])
  return better === 'more'
    ? ratio(figures.lembro, Math.max(...others))
    : ratio(Math.min(...others), figures.lembro)
}

function glanceTable(lines: readonly Line[]): figures.Table {
  return {
    title: 'At a glance',
    note: 'Above 1, lembro is better than all the others; below 1, one of them is better. Sessions that fit: as many as 64 MB of heap hold. A read request is `get`, `createSession` and `touch`. A stall is the longest turn of the event loop, garbage collection included. MemoryStore has no bound: it never makes room, and loses nobody until the process ends.',
    head: ['', 'lembro', 'times as good as the best other', ...PEERS],
    rows: lines.map((line) => [
      ...[line.what, line.show(line.figures.lembro), digits(besides(line))],
      ...PEERS.map((store) => line.show(line.figures[store])),
    ]),
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
  add('Signed-in sessions in 64 MB', 'more', whole, memory?.typical, fitting)
  add('Anonymous sessions in 64 MB', 'more', whole, memory?.['typical, anonymous'], fitting)
  add('Members found in a flood', 'more', percent, floods?.found, (of) => of.strangers.members)
  for (const { size, by } of operations ?? []) {
    add(`A read request of ${size}`, 'less', time, by['read request'].ns, (ns) => ns)
  }
  const largest = operations?.at(-1)
  add(`A touch of ${largest?.size}`, 'less', time, largest?.by.touch.ns, (ns) => ns)
  add('Requests a second of an application', 'more', whole, http?.by, (of) => of.perSecond)
  const stalled = stalls?.[0]
  const past = `Stall while ${whole(stalled?.sessions)} are filled past the room`
  add(past, 'less', milliseconds, stalled?.by, ({ fill }) => fill?.whole)
  const expire = `Stall while ${whole(stalled?.sessions)} expire`
  add(expire, 'less', milliseconds, stalled?.by, ({ purge }) => purge?.whole)
  add(
    `Restart with ${whole(saving?.sessions)}`,
    'less',
    milliseconds,
    saving?.killed,
    (of) => of.ms,
  )
  return lines
}

/** README with the figures of a run, in those rows of its comparison that have the name of a line. */
export function quoted(readme: string, results: Results): string {
  const lines = new Map(glance(results).map((line) => [line.what, line]))
  return readme.replaceAll(/^\|([^|]+)\|.*$/gm, (row, name: string) => {
    const line = lines.get(name)
    if (line === undefined) return row
    const cells = ['lembro', ...PEERS].map((store) => line.show(line.figures[store]))
    return `|${name}|${cells.join('|')}|`
  })
}
