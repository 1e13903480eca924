/** What it costs lembro to save, how soon it is back, and what a crash takes from whom. */

import { withChild } from '../child.js'
import { count, median } from '../figures.js'
import { withFile } from '../folder.js'
import type { Progress } from '../progress.js'
import { SAVERS, SAVINGS, type Saver, type Saving } from '../saving.js'
import type { Scale } from '../scale.js'
import type { Crash } from '../tasks/crash.js'
import type { Paced } from '../tasks/paced.js'
import type { Rate } from '../tasks/rate.js'
import type { Restarted } from '../tasks/restart.js'

export interface PersistenceFigures {
  readonly rates: Readonly<Record<Saving, Rate>>
  /** Sessions of the stores that are killed, and of the full one. */
  readonly sessions: readonly [number, number]
  /** ms between two saves of express-memfilestore. */
  readonly period: number
  readonly crashes: Readonly<Record<Saver, Crash & { readonly restarted: Restarted }>>
  /** The full store at a steady pace, without a file and with one. */
  readonly without: Paced
  readonly saving: Paced
  /** Restarts of the full store: just compacted, and with a journal as long as it gets. */
  readonly restarts: Readonly<Record<'compacted' | 'long', Restarted>>
}

export const OPERATIONS_A_SECOND = 4000
export const SESSIONS_A_SECOND = 1000

type Sizes = Scale['persistence']

export async function persistence(scale: Scale, progress: Progress): Promise<PersistenceFigures> {
  const sizes = scale.persistence
  const rates = await rated(sizes, progress)
  const crashes = {} as Record<Saver, Crash & { restarted: Restarted }>
  for (const saver of SAVERS) {
    progress.at(`${saver} is killed`)
    crashes[saver] = await crashed(saver, sizes)
  }
  const without: Paced[] = []
  const saving: Paced[] = []
  let compacted: Restarted | undefined
  for (let time = 0; time < sizes.times; time++) {
    progress.at(`${count(sizes.sessions[1])} sessions, without a file`)
    without.push((await full('without `saveFile`', sizes)).paced)
    progress.at(`${count(sizes.sessions[1])} sessions, with a file`)
    const run = await full('`saveFile`', sizes)
    saving.push(run.paced)
    compacted ??= run.restarted
  }
  progress.at('restarts')
  const restarts = { compacted: compacted as Restarted, long: await withLongJournal(sizes) }
  const { sessions, period } = sizes
  const paced = { without: middle(without), saving: middle(saving) }
  return { rates, sessions, period, crashes, ...paced, restarts }
}

async function rated(sizes: Sizes, progress: Progress): Promise<PersistenceFigures['rates']> {
  const names = Object.keys(SAVINGS) as Saving[]
  const runs = new Map<Saving, Rate[]>(names.map((saving) => [saving, []]))
  const { operations } = sizes
  const [seconds] = sizes.seconds
  for (let round = 0; round < sizes.rounds; round++) {
    for (const saving of names) {
      progress.at(`rates, round ${round + 1}, ${saving}`)
      const input = { saving, operations, perSecond: OPERATIONS_A_SECOND, seconds }
      const run = await withFile((file) =>
        withChild([], (child) => child.ask('rate', { ...input, file })),
      )
      runs.get(saving)?.push(run)
    }
  }
  const of = (saving: Saving, figure: (rate: Rate) => number) =>
    median((runs.get(saving) ?? []).map(figure))
  const rates = names.map((saving) => [
    saving,
    {
      sets: of(saving, ({ sets }) => sets),
      touches: of(saving, ({ touches }) => touches),
      acknowledged: of(saving, ({ acknowledged }) => acknowledged),
    },
  ])
  return Object.fromEntries(rates) as PersistenceFigures['rates']
}

function crashed(saver: Saver, sizes: Sizes): Promise<Crash & { restarted: Restarted }> {
  return withFile(async (file) => {
    const { period } = sizes
    const [sessions] = sizes.sessions
    const input = { saver, file, sessions, period, perSecond: SESSIONS_A_SECOND }
    const crash = await withChild([], async (child) => {
      const crash = await child.ask('crash', input)
      await child.kill()
      return crash
    })
    return { ...crash, restarted: await restarted(saver, file, sizes) }
  })
}

/** Runs a full store at a steady pace, kills it, and starts it again where it has a file. */
function full(saving: Saving, sizes: Sizes): Promise<{ paced: Paced; restarted?: Restarted }> {
  return withFile(async (file) => {
    const [, sessions] = sizes.sessions
    const [, seconds] = sizes.seconds
    const paced = await withChild([], async (child) => {
      await child.ask('brim', { saving, file, sessions })
      const paced = await child.ask('paced', { perSecond: OPERATIONS_A_SECOND, seconds })
      await child.kill()
      return paced
    })
    if (paced.compaction === undefined) return { paced }
    return { paced, restarted: await restarted('lembro', file, sizes) }
  })
}

function withLongJournal(sizes: Sizes): Promise<Restarted> {
  return withFile(async (file) => {
    const [, sessions] = sizes.sessions
    await withChild([], async (child) => {
      await child.ask('brim', { saving: '`saveFile`', file, sessions })
      await child.kill()
    })
    return restarted('lembro', file, sizes)
  })
}

async function restarted(saver: Saver, file: string, { times }: Sizes): Promise<Restarted> {
  const runs: Restarted[] = []
  for (let time = 0; time < times; time++) {
    runs.push(
      await withChild([], async (child) => {
        const run = await child.ask('restart', { saver, file })
        await child.kill()
        return run
      }),
    )
  }
  const [{ sessions } = { sessions: Number.NaN }] = runs
  return { ms: median(runs.map(({ ms }) => ms)), sessions }
}

function middle(runs: readonly Paced[]): Paced {
  const of = (figure: (run: Paced) => number | undefined) =>
    median(runs.map((run) => figure(run) ?? Number.NaN))
  return {
    delays: {
      p99: of(({ delays }) => delays.p99),
      longest: of(({ delays }) => delays.longest),
    },
    acknowledged: of(({ acknowledged }) => acknowledged),
    compaction: runs[0]?.compaction && {
      delays: {
        p99: of(({ compaction }) => compaction?.delays.p99),
        longest: of(({ compaction }) => compaction?.delays.longest),
      },
      ms: of(({ compaction }) => compaction?.ms),
    },
  }
}
