/** What is shown of saving: the rates, the delays of a full store, and crashes. */

import type { Delays } from '../delay.js'
import { count, digits, milliseconds, percent, whole } from '../figures.js'
import { SAVERS, SAVINGS, type Saving } from '../saving.js'
import type { Table } from '../table.js'
import { OPERATIONS_A_SECOND, type PersistenceFigures, SESSIONS_A_SECOND } from './persistence.js'

export function persistenceTables(figures: PersistenceFigures): Table[] {
  return [rateTable(figures), delayTable(figures), crashTable(figures)]
}

function rateTable({ rates }: PersistenceFigures): Table {
  const plain = rates.by['without `saveFile`']
  return {
    title: 'Persistence: sets and touches per second',
    note: `Typical sessions on a new file in the system's temporary folder, 500 operations in flight until all are acknowledged; compactions that come due are part of it. In brackets: the share of what lembro does without a file; the rounds of that spread by ${percent(rates.spread)}. The last column: the time until an operation is acknowledged when ${whole(OPERATIONS_A_SECOND)} a second come at a steady pace.`,
    head: ['', 'sets', 'touches', 'acknowledged, p99'],
    rows: (Object.keys(SAVINGS) as Saving[]).map((saving) => {
      const { sets, touches, acknowledged } = rates.by[saving]
      return [
        saving,
        `${whole(sets)} (${digits(sets / plain.sets)})`,
        `${whole(touches)} (${digits(touches / plain.touches)})`,
        milliseconds(acknowledged),
      ]
    }),
  }
}

function delayTable({ sessions, without, saving }: PersistenceFigures): Table {
  const row = (name: string, { p99, longest }: Delays, acknowledged: number) => [
    name,
    milliseconds(p99),
    milliseconds(longest),
    milliseconds(acknowledged),
  ]
  const { compaction } = saving
  return {
    title: `Persistence: the delay of the event loop with ${count(sessions[1])} sessions`,
    note: `${whole(OPERATIONS_A_SECOND)} operations a second at a steady pace, half sets, half touches, each with the \`get\` of its request, from before a compaction until after it. Node's \`monitorEventLoopDelay\` at a resolution of 1 ms, which is part of every figure.`,
    head: ['', 'delay, p99', 'delay, longest', 'acknowledged, p99'],
    rows: [
      row('without `saveFile`', without.delays, without.acknowledged),
      row('`saveFile`', saving.delays, saving.acknowledged),
      ...(compaction === undefined
        ? []
        : [
            row(
              `of that, while it compacts for ${milliseconds(compaction.ms)}`,
              compaction.delays,
              Number.NaN,
            ),
          ]),
    ],
  }
}

function crashTable({ sessions, period, crashes }: PersistenceFigures): Table {
  return {
    title: `Persistence: killed with ${count(sessions[0])} sessions`,
    note: `${whole(SESSIONS_A_SECOND)} new sessions a second come in until the process is killed (SIGKILL), ${period / 2000} s after a save. express-memfilestore saves every ${period / 1000} s here; its README has it save every five minutes. The stall is the longest from one save to the next.`,
    head: ['', 'longest stall', 'acknowledged since the last save', 'lost', 'restart'],
    rows: SAVERS.map((saver) => {
      const { stall, sinceSave, acknowledged, restarted } = crashes[saver]
      return [
        saver,
        milliseconds(stall),
        whole(sinceSave),
        whole(acknowledged - restarted.sessions),
        milliseconds(restarted.ms),
      ]
    }),
  }
}
