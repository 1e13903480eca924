/** How long a full store takes to have its sessions back, beside a bare program that reads the same bytes. */

import { type Child, withChild } from '../child.js'
import { count, digits, milliseconds, percent } from '../figures.js'
import { withFile } from '../folder.js'
import type { Noise } from '../noise.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import type { Table } from '../table.js'
import { type Turns, takeTurns } from '../turns.js'

type Reader = 'lembro' | 'bare'

/** ms until the sessions are back, and how many of them each has found. */
interface Restarts extends Turns<Reader> {
  readonly found: Readonly<Record<Reader, number>>
}

export interface RestartFigures {
  readonly sessions: number
  readonly full: Restarts
}

export function restarts(scale: Scale, progress: Progress, noise: Noise): Promise<RestartFigures> {
  const [, sessions] = scale.persistence.sessions
  return withFile(async (file) => {
    progress.at(`filling up to ${count(sessions)}`)
    await untilKilled((child) => child.ask('full', { saving: '`saveFile`', file, sessions }))
    progress.at('restarting')
    const { full } = await noise.quietest(['full'], async () => takeTurnsAt(file, scale.restarts))
    return { sessions, full }
  })
}

async function takeTurnsAt(file: string, times: number): Promise<Restarts> {
  const found = { lembro: NaN, bare: NaN }
  const turns = await takeTurns(['lembro', 'bare'], 'bare', times, async (reader) => {
    const { ms, sessions } = await untilKilled((child) =>
      reader === 'bare'
        ? child.ask('bare', { file })
        : child.ask('restart', { saver: reader, file }),
    )
    found[reader] = sessions
    return ms
  })
  return { ...turns, found }
}

function untilKilled<Result>(use: (child: Child) => Promise<Result>): Promise<Result> {
  return withChild([], async (child) => {
    const result = await use(child)
    await child.kill()
    return result
  })
}

export function restartTables({ sessions, full }: RestartFigures): Table[] {
  const { medians, found, spread } = full
  return [
    {
      title: `Restart: with ${count(sessions)} sessions`,
      note: 'After a kill, until the store calls that it is ready; the process is up already, and the file is in the cache of the system. Beside it a bare program reads the rows of the same file, and puts id and body into a `Map`. "Spread" is that of its rounds.',
      head: ['until ready', 'sessions found', 'the bare program', 'times as long', 'spread'],
      rows: [
        [
          milliseconds(medians.lembro),
          percent(found.lembro / sessions),
          milliseconds(medians.bare),
          digits(medians.lembro / medians.bare),
          percent(spread),
        ],
      ],
    },
  ]
}
