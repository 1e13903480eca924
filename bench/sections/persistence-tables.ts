/** What is shown of saving: the rates, the delays of a full store, and crashes. */

import { count, digits, milliseconds, percent, whole } from '../figures.js'
import { DISK_STORES, SAVERS, SAVINGS, type Saving } from '../saving.js'
import type { Table } from '../table.js'
import type { Paced } from '../tasks/paced.js'
import { OPERATIONS_A_SECOND, type PersistenceFigures, SESSIONS_A_SECOND } from './persistence.js'

export function persistenceTables(figures: PersistenceFigures): Table[] {
  return [rateTable(figures), peerTable(figures), delayTable(figures), crashTable(figures)]
}

function rateTable({ rates }: PersistenceFigures): Table {
  const plain = rates.by['without `saveFile`']
  return {
    title: 'Persistence: sets and touches per second',
    note: `Typical sessions on a new file in the system's temporary folder, 500 operations in flight until all are acknowledged; the checkpoints are part of it. In brackets: the share of what lembro does without a file; the rounds of that spread by ${percent(rates.spread)}. The last column: the time until an operation is acknowledged when ${whole(OPERATIONS_A_SECOND)} a second come at a steady pace.`,
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

function peerTable({ peers }: PersistenceFigures): Table {
  const { sets, touches } = peers.lembro
  return {
    title: 'Persistence: sets and touches per second, of stores that save',
    note: 'As above. express-memfilestore acknowledges what is in memory, and saves each second here; better-sqlite3-session-store writes on the main thread, a transaction for each call, with SQLite as lembro uses it (`@photostructure/sqlite`, WAL). session-file-store writes a file for each session. In brackets: of that, what lembro does.',
    head: ['', 'sets', 'touches'],
    rows: ([...SAVERS, ...DISK_STORES] as const).map((saver) => [
      saver,
      `${whole(peers[saver].sets)} (${digits(sets / peers[saver].sets)})`,
      `${whole(peers[saver].touches)} (${digits(touches / peers[saver].touches)})`,
    ]),
  }
}

function delayTable({ sessions, without, saving }: PersistenceFigures): Table {
  const row = (name: string, { delays, acknowledged }: Paced) => [
    name,
    ...[delays.p99, delays.longest, acknowledged.p99, acknowledged.longest].map(milliseconds),
  ]
  return {
    title: `Persistence: the delay of the event loop with ${count(sessions[1])} sessions`,
    note: `${whole(OPERATIONS_A_SECOND)} operations a second at a steady pace, half sets, half touches, each with the \`get\` of its request. Node's \`monitorEventLoopDelay\` at a resolution of 1 ms, which is part of every figure.`,
    head: ['', 'delay, p99', 'delay, longest', 'acknowledged, p99', 'acknowledged, longest'],
    rows: [row('without `saveFile`', without), row('`saveFile`', saving)],
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
