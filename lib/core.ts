/** Puts a store together: its parts, and the order in which they hear of what happens to the ledger. */

import type { EventEmitter } from 'node:events'
import { Answers, toError } from './call/answers'
import { Verbs } from './call/verbs'
import { Codec } from './entry/codec'
import { CookieJar } from './entry/cookie'
import { Ledger } from './ledger/ledger'
import type { Persistence } from './persistence'
import { Admission } from './session/admission'
import { Alarms } from './session/alarms'
import { Departed } from './session/departed'
import { Expiry } from './session/expiry'
import { Intake, type IntakeDependencies } from './session/intake'
import { askClient, askOwner } from './session/owners'
import { Removals } from './session/removals'
import { type SessionDependencies, Sessions } from './session/sessions'
import { debug } from './settings/debug'
import type { Settings } from './settings/settings'
import { toText } from './settings/size'
import { type PurgeReport, type ReduceReport, Stats } from './stats'
import { type Clock, systemClock } from './time/clock'
import { Purger } from './time/purger'
import { DEFAULT_SHARE, Reducer } from './time/reducer'
import { inSlices } from './time/slices'

/** What a store finds outside of itself. */
export interface World {
  readonly clock: Clock
  /** The code of the worker that has the `saveFile`; as it was built unless given. */
  readonly worker?: string
}

export const systemWorld: World = { clock: systemClock }

/** The parts of a store that its verbs use. */
export interface Core {
  readonly settings: Settings
  readonly clock: Clock
  readonly answers: Answers
  readonly verbs: Verbs
  readonly stats: Stats
  readonly ledger: Ledger
  readonly codec: Codec
  readonly sessions: Sessions
  readonly intake: Intake
  readonly expiry: Expiry
  /** The owner of a session, as the application tells it. */
  readonly ownerOf: SessionDependencies['ownerOf']
  readonly departed: Departed
  readonly purger: Purger
  readonly reducer: Reducer
  readonly persistence: Persistence | undefined
  /** Trims after a set or touch for which live sessions had to make room. */
  readonly trim: () => void
  /** Tells the application what it has not heard yet. Called whenever the ledger is at rest. */
  readonly atRest: () => void
}

/** Assembles a store. `emitter` is the store itself; `ready` hears when it can be used. */
export function assemble(
  settings: Settings,
  world: World,
  emitter: EventEmitter,
  ready: ((error: Error | null) => void) | undefined,
): Core {
  const { clock } = world
  const { maxBytes, maxSessions } = settings
  const budget = { maxBytes, maxSessions, isPlain: settings.owner === undefined }
  const inBackground = (step: () => boolean) => clock.breathe(() => inSlices(clock, step, () => {}))
  const ledger = new Ledger(budget, clock.now(), inBackground)
  const answers = new Answers(emitter)
  const codec = new Codec(settings.serializer)
  const stats = new Stats()
  const departed = new Departed(settings.owner === undefined, clock)
  const removals = new Removals(emitter, answers, codec, clock, settings)
  const atRest = removals.flush
  const verbs = new Verbs(answers, atRest)
  const report = (thrown: unknown) => answers.report(toError(thrown))
  const incoming: IntakeDependencies = {
    ...{ settings, ledger, codec, clock },
    expiry: new Expiry(settings),
    jar: new CookieJar(),
    ownerOf: askOwner(settings.owner, report),
    clientOf: askClient(settings.client, report),
  }
  const dependencies: SessionDependencies = {
    ...{ ...incoming, stats, removals, departed },
    intake: new Intake(incoming),
    admission: new Admission(settings, ledger, stats),
  }
  const reduced = (report: ReduceReport) => {
    stats.reduced(report)
    tellReduced(report)
    removals.announce('reduce', report)
  }
  const purged = (report: PurgeReport) => {
    stats.purged(report)
    departed.sweep()
  }
  const purger = new Purger(ledger, clock, settings.interval, atRest, purged)
  const reducer = new Reducer(ledger, clock, atRest, reduced)
  // What is loaded from a file is neither counted nor told: these begin to listen once that is over.
  const listen = () => {
    for (const listener of [departed, stats, removals]) ledger.listen(listener)
    if (settings.isCache !== true) ledger.listen(new Alarms(ledger, settings))
  }
  const core = {
    ...{ settings, clock, answers, verbs, stats, ledger, codec, departed, purger, reducer },
    sessions: new Sessions(dependencies),
    intake: dependencies.intake,
    expiry: incoming.expiry,
    ownerOf: incoming.ownerOf,
    trim: () => reducer.relieve(maxBytes * DEFAULT_SHARE),
    atRest,
  }
  const begin = (error: Error | null) => {
    listen()
    if (ready !== undefined) answers.give(ready, error)
    else if (error !== null) answers.report(error)
  }
  if (settings.saveFile === undefined) {
    begin(null)
    return { ...core, persistence: undefined }
  }
  const persistence = persistenceOf(dependencies, world, report)
  const loaded = verbs.waitFor(persistence)
  persistence.open().then((error) => {
    begin(error)
    loaded()
  })
  return { ...core, persistence }
}

// Required only here, so that a store without a file loads nothing of it.
function persistenceOf(
  dependencies: SessionDependencies,
  { worker }: World,
  report: (error: unknown) => void,
): Persistence {
  const { Persistence, builtWorker } = require('./persistence') as typeof import('./persistence')
  return new Persistence({ ...dependencies, worker: worker ?? builtWorker() }, report)
}

function tellReduced({ from, to, evicted, ms }: ReduceReport): void {
  const [before, after] = [toText(from), toText(to)]
  debug('reduce: %s to %s, %d evicted in %d ms', before, after, evicted, Math.round(ms))
}
