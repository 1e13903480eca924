/** What a reader wants to know first: the sessions that fit, the requests that are saved, the longest stall, the restart. */

import { count, digits, milliseconds, whole } from './figures.js'
import type { ShapeName } from './sections/memory.js'
import type { Results } from './sections.js'
import { PEERS, type StoreName } from './stores.js'
import type { Table } from './table.js'

interface Line {
  readonly what: string
  readonly better: 'more' | 'less'
  show(figure: number): string
  /** `undefined` for a store that has no such figure. */
  of(store: StoreName): number | undefined
}

const ROOM = 64 * 1024 * 1024
const NS_IN_SECOND = 1e9

/** A column for each store; beside lembro's own figure what it is of the best of the others. */
export function glanceTable(results: Results): Table {
  return {
    title: 'At a glance',
    note: 'Sessions that fit: as many as 64 MB of heap hold. Read requests: what one process could answer if it did nothing but that. A stall is the longest turn of the event loop, garbage collection included. MemoryStore is not bounded, so it never makes room.',
    head: ['', 'lembro', 'of the best other', ...PEERS],
    rows: linesOf(results).map((line) => {
      const show = (store: StoreName) => {
        const figure = line.of(store)
        return figure === undefined ? '-' : line.show(figure)
      }
      return [line.what, show('lembro'), digits(ofBest(line)), ...PEERS.map(show)]
    }),
  }
}

function ofBest({ better, of }: Line): number {
  const others = PEERS.map(of).filter((figure) => figure !== undefined)
  if (others.length === 0) return Number.NaN
  const best = better === 'more' ? Math.max(...others) : Math.min(...others)
  return (of('lembro') ?? Number.NaN) / best
}

function linesOf(results: Results): Line[] {
  return [
    ...fitting(results, 'typical', 'signed-in sessions in 64 MB'),
    ...fitting(results, 'typical, anonymous', 'anonymous sessions in 64 MB'),
    ...reads(results),
    ...stalls(results),
    ...restarts(results),
  ]
}

function fitting({ memory }: Results, shape: ShapeName, what: string): Line[] {
  if (memory === undefined) return []
  const of = (store: StoreName) => ROOM / (memory[shape][store]?.each ?? Number.NaN)
  return [{ what, better: 'more', show: whole, of }]
}

function reads({ operations = [] }: Results): Line[] {
  return operations
    .filter(({ owned }) => owned)
    .map(({ size, ns }) => ({
      what: `read requests per second, ${size}`,
      better: 'more',
      show: whole,
      of: (store) => NS_IN_SECOND / (ns['read request']?.medians[store] ?? Number.NaN),
    }))
}

function stalls({ stalls = [] }: Results): Line[] {
  const [first] = stalls
  if (first === undefined) return []
  const works = { fill: 'filling past the room', purge: 'everything expires' } as const
  return (['fill', 'purge'] as const).map((work) => ({
    what: `longest stall, ${count(first.sessions)} sessions: ${works[work]}`,
    better: 'less',
    show: milliseconds,
    of: (store) => first.works[work][store]?.whole,
  }))
}

function restarts({ persistence, restarts }: Results): Line[] {
  const lines: Line[] = []
  if (persistence !== undefined) {
    const { crashes, sessions } = persistence
    lines.push({
      what: `restart with ${count(sessions[0])} sessions`,
      better: 'less',
      show: milliseconds,
      of: (store) =>
        store in crashes ? crashes[store as keyof typeof crashes].restarted.ms : undefined,
    })
  }
  if (restarts !== undefined) {
    lines.push({
      what: `restart with ${count(restarts.sessions)} sessions`,
      better: 'less',
      show: milliseconds,
      of: (store) => (store === 'lembro' ? restarts.full.medians.lembro : undefined),
    })
  }
  return lines
}
