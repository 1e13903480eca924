/** How long a full store takes to have its sessions back, beside a bare program that reads the same bytes. */

import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
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
  readonly compacted: Restarts
  /** With a journal as long as it gets. */
  readonly long: Restarts
}

export function restarts(scale: Scale, progress: Progress, noise: Noise): Promise<RestartFigures> {
  const [, sessions] = scale.persistence.sessions
  return withFile(async (file) => {
    const measure = async (name: 'compacted' | 'long') => {
      progress.at(name)
      return (await noise.quietest([name], () => takeTurnsAt(file, scale.restarts)))[name]
    }
    progress.at(`filling up to ${count(sessions)}`)
    await untilKilled((child) => child.ask('brim', { saving: '`saveFile`', file, sessions }))
    const long = await measure('long')
    progress.at('compacting')
    await untilKilled((child) => child.ask('compact', { file }))
    return { sessions, long, compacted: await measure('compacted') }
  })
}

async function takeTurnsAt(file: string, times: number): Promise<Restarts> {
  const found = { lembro: NaN, bare: NaN }
  const turns = await takeTurns(['lembro', 'bare'], 'bare', times, async (reader) => {
    const before = readdirSync(path.dirname(file))
    const { ms, sessions } = await untilKilled((child) =>
      reader === 'bare'
        ? child.ask('bare', { file })
        : child.ask('restart', { saver: reader, file }),
    )
    found[reader] = sessions
    removeOthers(path.dirname(file), before)
    return ms
  })
  return { ...turns, found }
}

// Each start begins a segment: the next one finds the files as this one did.
function removeOthers(folder: string, kept: readonly string[]): void {
  for (const name of readdirSync(folder)) {
    if (!kept.includes(name)) rmSync(path.join(folder, name))
  }
}

function untilKilled<Result>(use: (child: Child) => Promise<Result>): Promise<Result> {
  return withChild([], async (child) => {
    const result = await use(child)
    await child.kill()
    return result
  })
}

export function restartTables({ sessions, compacted, long }: RestartFigures): Table[] {
  const row = (name: string, { medians, found, spread }: Restarts) => [
    name,
    milliseconds(medians.lembro),
    percent(found.lembro / sessions),
    milliseconds(medians.bare),
    digits(medians.lembro / medians.bare),
    percent(spread),
  ]
  return [
    {
      title: `Restart: with ${count(sessions)} sessions`,
      note: 'After a kill, until the store calls that it is ready; the process is up already, and the files are in the cache of the system. Beside it a bare program reads the same files, checks the CRC of each record, and puts id and body into a `Map`. "Spread" is that of its rounds.',
      head: ['', 'until ready', 'sessions found', 'the bare program', 'times as long', 'spread'],
      rows: [row('just compacted', compacted), row('with a journal as long as it gets', long)],
    },
  ]
}
