/** The report of a run: what a reader wants to know first, the targets and what holds the missed ones, then every table. */

import {
  count,
  digits,
  median,
  milliseconds,
  percent,
  type Table,
  time,
  toMarkdown,
  whole,
} from './figures.js'
import type { ShapeName } from './sections/memory.js'
import { type Results, SECTION_NAMES, SECTIONS, type SectionName } from './sections.js'
import { PEERS, type StoreName } from './stores.js'
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
  show(figure: number | undefined): string
  of(store: StoreName): number | undefined
}

/** The bytes that are filled with sessions. */
const ROOM = 64 * 1024 * 1024

const TITLES: Readonly<Record<SectionName, string>> = {
  operations: 'How long each operation takes',
  growth: 'How operations grow with the store',
  memory: 'What a session takes of the heap',
  stalls: 'How long the event loop stalls',
  floods: 'Who is still known in a flood',
  races: 'What parallel requests do to one session',
  saving: 'What it costs to save',
  crashes: 'What a crash takes, and how soon sessions are back',
  imports: 'How long the import takes',
  http: 'What sessions cost an application',
  redis: 'Several processes, with Redis',
  processes: 'Several processes of one machine, without a server',
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
      return `<details><summary>${TITLES[name]}</summary>\n\n${shown.join('\n\n')}\n\n</details>`
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
    rows: glance(results).map(({ what, better, show, of }) => {
      const others = PEERS.map(of).filter((figure) => figure !== undefined)
      const best = better === 'more' ? Math.max(...others) : Math.min(...others)
      const ours = of('lembro') ?? Number.NaN
      return [what, show(ours), digits(ours / best), ...PEERS.map((store) => show(of(store)))]
    }),
  }
}

/** What a reader wants to know first, so far as it was measured. */
export function glance(results: Results): Line[] {
  const { memory, operations = [], stalls: [stall] = [], floods, crashes, http } = results
  const lines: (Line | false | undefined)[] = [
    ...(['typical', 'typical, anonymous'] as const).map(
      (shape: ShapeName): Line | undefined =>
        memory && {
          what: `${shape === 'typical' ? 'signed-in' : 'anonymous'} sessions in 64 MB`,
          better: 'more',
          show: whole,
          of: (store) => memory[shape][store] && ROOM / memory[shape][store].each,
        },
    ),
    floods && {
      what: 'members who stay signed in through a flood',
      better: 'more',
      show: percent,
      of: (store) => floods.found[store]?.strangers.members,
    },
    ...operations
      .filter(({ owned }) => owned)
      .map(({ size, by }): Line => {
        const of = (store: StoreName) => by['read request'].ns[store]
        return { what: `a read request, ${size}`, better: 'less', show: time, of }
      }),
    http && {
      what: 'requests per second of an application',
      better: 'more',
      show: whole,
      of: (store) => http.by[store]?.perSecond,
    },
    ...(['fill', 'purge'] as const).map(
      (work): Line | undefined =>
        stall && {
          what: `longest stall, ${count(stall.sessions)} sessions: ${work === 'fill' ? 'filling past the room' : 'everything expires'}`,
          better: 'less',
          show: milliseconds,
          of: (store) => stall.works[work][store]?.whole,
        },
    ),
    crashes && {
      what: `restart with ${count(crashes.sessions[0])} sessions`,
      better: 'less',
      show: milliseconds,
      of: (store) => (crashes.killed as Partial<Record<StoreName, { ms: number }>>)[store]?.ms,
    },
  ]
  return lines.filter((line) => line !== undefined && line !== false)
}
