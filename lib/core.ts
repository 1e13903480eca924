/** Puts a store together: its parts, and the order in which they hear of what happens to the ledger. */

import type { EventEmitter } from 'node:events'
import { Calls } from './call'
import { type Clock, setImmediate, systemClock } from './clock'
import { Codec } from './entry/entry'
import { Ledger } from './ledger/ledger'
import type { Persistence } from './persistence'
import { Purger, Reducer } from './reduce'
import { Departed } from './session/departed'
import { Intake } from './session/incoming'
import { Owners } from './session/many'
import { Sessions } from './session/sessions'
import { Told, Warnings } from './session/told'
import { debug } from './settings/check'
import type { Settings } from './settings/settings'
import { toText } from './settings/size'
import { type PurgeReport, type ReduceReport, Stats } from './stats'

/** What a store finds outside of itself. */
export interface World {
  readonly clock: Clock
  /** The code of the worker that has the `saveFile`; as it was built unless given. */
  readonly worker?: string
  /** Whether sessions live elsewhere too, so that an eviction signs nobody out. */
  readonly hasHome?: boolean
}

export const systemWorld: World = { clock: systemClock }

/** The parts of a store that its methods use. */
export interface Core {
  readonly settings: Settings
  readonly clock: Clock
  readonly calls: Calls
  readonly stats: Stats
  readonly ledger: Ledger
  readonly codec: Codec
  readonly intake: Intake
  readonly sessions: Sessions
  readonly departed: Departed
  readonly told: Told
  readonly owners: Owners
  readonly purger: Pick<Purger, 'purge' | 'start' | 'stop' | 'stopped'>
  readonly reducer: Pick<Reducer, 'reduce'>
  readonly persistence: Pick<Persistence, 'save' | 'timed' | 'stats' | 'close'> | undefined
}

/** Assembles a store. `emitter` is the store itself; `ready` hears when it can be used. */
export function assemble(
  settings: Settings,
  world: World,
  emitter: EventEmitter,
  ready: ((error: Error | null) => void) | undefined,
): Core {
  const { clock } = world
  const calls = new Calls(emitter)
  const isPlain = settings.owner === undefined
  const { maxBytes, maxSessions } = settings
  const ledger = new Ledger({ maxBytes, maxSessions, isPlain }, clock)
  const codec = new Codec(settings.serializer)
  const stats = new Stats()
  const departed = new Departed(isPlain, clock)
  const told = new Told(emitter, calls, codec, clock, settings, world.hasHome)
  const intake = new Intake(settings, codec, ledger, clock, (thrown) => calls.report(thrown))
  const purged = (report: PurgeReport) => {
    stats.purged(report)
    departed.sweep()
  }
  const reduced = (report: ReduceReport) => {
    stats.reduced(report)
    const [from, to] = [toText(report.from), toText(report.to)]
    debug('reduce: %s to %s, %d evicted in %d ms', from, to, report.evicted, Math.round(report.ms))
    // Later: a listener that reduces again must not do so within this one, without end.
    setImmediate(() => told.announce('reduce', report))
  }
  const parts = {
    ...{ settings, clock, calls, stats, ledger, codec, intake, departed, told },
    sessions: new Sessions(settings, ledger, intake, departed, stats),
    owners: new Owners(ledger, codec, departed, clock, calls),
    purger: new Purger(ledger, clock, calls, settings.interval, purged),
    reducer: new Reducer(ledger, clock, calls, maxBytes, reduced),
  }
  const begin = (error: Error | null) => {
    // What was loaded from a file is neither counted nor told: these begin to listen now.
    // A home refuses by itself what was ended there, and an eviction here signs nobody out.
    const alone = world.hasHome === true ? [] : [departed, new Warnings(ledger, settings)]
    for (const listener of [...alone, stats, told]) ledger.listen(listener)
    if (ready !== undefined) calls.end(ready, error)
    else if (error !== null) calls.report(error)
  }
  if (settings.saveFile === undefined) {
    begin(null)
    return { ...parts, persistence: undefined }
  }
  // Required only here, so that a store without a file loads nothing of it.
  const { Persistence, builtWorker } = require('./persistence') as typeof import('./persistence')
  const worker = world.worker ?? builtWorker()
  const persistence = new Persistence(
    { settings, clock, ledger, intake, sessions: parts.sessions, worker },
    (error) => calls.report(error),
  )
  const loaded = calls.waitFor(persistence)
  persistence.open().then((error) => {
    begin(error)
    loaded()
  })
  return { ...parts, persistence }
}
