/** What it costs lembro to save, and what a crash takes from whom. */

import { withChild } from '../child.js'
import type { Delays } from '../delay.js'
import { count, median } from '../figures.js'
import { withFile } from '../folder.js'
import { type Noise, type Spread, spreadOf } from '../noise.js'
import type { Progress } from '../progress.js'
import { DISK_STORES, type Rated, SAVERS, SAVINGS, type Saver, type Saving } from '../saving.js'
import type { Scale } from '../scale.js'
import type { Crash } from '../tasks/crash.js'
import type { Paced } from '../tasks/paced.js'
import type { Rate } from '../tasks/rate.js'
import type { Restarted } from '../tasks/restart.js'

export interface PersistenceFigures {
  readonly rates: Rates
  /** Of the stores side by side. */
  readonly peers: Readonly<Record<Rated, Pick<Rate, 'sets' | 'touches'>>>
  /** Sessions of the stores that are killed, and of the full one. */
  readonly sessions: readonly [number, number]
  /** ms between two saves of express-memfilestore. */
  readonly period: number
  readonly crashes: Readonly<Record<Saver, Crash & { readonly restarted: Restarted }>>
  /** The full store at a steady pace, without a file and with one. */
  readonly without: Paced
  readonly saving: Paced
}

/** The medians of some rounds, and how far those without a file spread. */
interface Rates extends Spread {
  readonly by: Readonly<Record<Saving, Rate>>
}

export const OPERATIONS_A_SECOND = 4000
export const SESSIONS_A_SECOND = 1000

type Sizes = Scale['persistence']

export async function persistence(
  scale: Scale,
  progress: Progress,
  noise: Noise,
): Promise<PersistenceFigures> {
  const sizes = scale.persistence
  const { rates } = await noise.quietest(['rates'], () => rated(sizes, progress))
  const peers = {} as Record<Rated, Pick<Rate, 'sets' | 'touches'>>
  for (const saver of [...SAVERS, ...DISK_STORES]) {
    progress.at(`rates of ${saver}`)
    const [seconds] = sizes.seconds
    peers[saver] = await withFile((file) =>
      withChild([], (child) => child.ask('peer', { saver, file, seconds })),
    )
  }
  const crashes = {} as Record<Saver, Crash & { restarted: Restarted }>
  for (const saver of SAVERS) {
    progress.at(`${saver} is killed`)
    crashes[saver] = await crashed(saver, sizes)
  }
  const without: Paced[] = []
  const saving: Paced[] = []
  for (let time = 0; time < sizes.times; time++) {
    progress.at(`${count(sizes.sessions[1])} sessions, without a file`)
    without.push(await full('without `saveFile`', sizes))
    progress.at(`${count(sizes.sessions[1])} sessions, with a file`)
    saving.push(await full('`saveFile`', sizes))
  }
  const { sessions, period } = sizes
  const paced = { without: middle(without), saving: middle(saving) }
  return { rates, peers, sessions, period, crashes, ...paced }
}

async function rated(sizes: Sizes, progress: Progress): Promise<Rates> {
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
  const rounds = (saving: Saving, figure: keyof Rate) =>
    (runs.get(saving) ?? []).map((rate) => rate[figure])
  const by = names.map((saving) => [
    saving,
    {
      sets: median(rounds(saving, 'sets')),
      touches: median(rounds(saving, 'touches')),
      acknowledged: median(rounds(saving, 'acknowledged')),
    },
  ])
  const spreads = (['sets', 'touches'] as const).map((figure) =>
    spreadOf(rounds('without `saveFile`', figure)),
  )
  return { by: Object.fromEntries(by) as Rates['by'], spread: Math.max(...spreads) }
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

/** Runs a full store at a steady pace. */
function full(saving: Saving, sizes: Sizes): Promise<Paced> {
  return withFile(async (file) => {
    const [, sessions] = sizes.sessions
    const [, seconds] = sizes.seconds
    return withChild([], async (child) => {
      await child.ask('full', { saving, file, sessions })
      const paced = await child.ask('paced', { perSecond: OPERATIONS_A_SECOND, seconds })
      await child.kill()
      return paced
    })
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
  const of = (what: 'delays' | 'acknowledged', figure: keyof Delays) =>
    median(runs.map((run) => run[what][figure]))
  return {
    delays: { p99: of('delays', 'p99'), longest: of('delays', 'longest') },
    acknowledged: { p99: of('acknowledged', 'p99'), longest: of('acknowledged', 'longest') },
  }
}
