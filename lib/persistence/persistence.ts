/**
 * Owns what makes sessions survive, from the moment that they are loaded until all is saved and the
 * files are closed. One value tells how saving goes: `SaveState`.
 */

import path from 'node:path'
import { toError } from '../call'
import { coded } from '../settings/check'
import { toText } from '../settings/size'
import type { SaveStats } from '../stats'
import { Changes } from './changes'
import { Claim } from './disk/claim'
import { isFinal, lockLost, notCheckpointed, notSaved, overloaded, unusable } from './disk/errors'
import { codeOf, type Files } from './disk/files'
import { Paths, realPath } from './disk/paths'
import { KeyRing } from './format/encryption'
import { newMarker } from './format/header'
import { RecordWriter } from './format/record-writer'
import type { Waiter } from './journal/batch'
import { Journal } from './journal/journal'
import { FIRST_LENGTH } from './journal/segment'
import { load } from './loading'
import type { Recovered } from './recovery/recovery'
import type { RestoreDependencies } from './recovery/restore'
import { removeAside } from './recovery/undecryptable'
import { Checkpointer } from './snapshot/checkpointer'
import { CLOSED, LOADING, SAVING, type SaveState } from './state'

const MIB = 1024 * 1024
/** Bytes that may wait to be written: a quarter of the budget, within these. */
const PENDING_SHARE = 1 / 4
const LEAST_PENDING = 16 * MIB
const MOST_PENDING = 64 * MIB

export interface PersistenceDependencies extends RestoreDependencies {
  readonly files: Files
}

export class Persistence {
  readonly #needs: PersistenceDependencies
  readonly #saveFile: string
  readonly #report: (error: Error) => void
  readonly #journal: Journal
  #state: SaveState = LOADING
  #claim: Claim | undefined
  #checkpointer: Checkpointer | undefined
  #paths: Paths | undefined
  #loaded: Recovered | undefined
  #closing: Promise<void> | undefined
  /** Ends when no session that was cleared is left in a file of a missing key. */
  #forgotten: Promise<void> = Promise.resolve()

  /** For a store whose `saveFile` is set; `report` hears of what nobody waits for. */
  constructor(needs: PersistenceDependencies, report: (error: Error) => void) {
    const { settings, clock } = needs
    this.#needs = needs
    // Before anybody changes the working directory.
    this.#saveFile = path.resolve(settings.saveFile ?? '')
    this.#report = report
    const share = settings.maxBytes * PENDING_SHARE
    this.#journal = new Journal({
      clock,
      period: settings.savePeriod,
      mostPending: Math.min(Math.max(share, LEAST_PENDING), MOST_PENDING),
      overloaded: (pending) => overloaded(toText(pending)),
      pace: (bytes) => this.#checkpointer?.pace(bytes),
      written: () => this.#checkpointer?.look(),
      failed: (error) => this.#degrade(error),
    })
  }

  /** Loads what is saved into the ledger, and saves what happens from then on. Gives why it can't, or `null`. */
  async open(): Promise<Error | null> {
    let failure: Error | null
    try {
      failure = await this.#open()
    } catch (thrown) {
      failure = unusable(this.#saveFile, toError(thrown))
      this.#state = { name: 'off', reason: failure }
      await this.#claim?.release()
    }
    for (const error of this.#loaded?.findings ?? []) this.#report(error)
    return failure
  }

  /**
   * Calls back, later, when everything that happened before is saved as `savePeriod` promises. While
   * nothing can be saved, memory serves and that is no failure, except at a `savePeriod` of 0 and
   * for what `removes` sessions: they could come back.
   */
  committed(waiter: Waiter, removes: boolean): void {
    if (this.#journal.segment !== undefined) {
      this.#journal.committed(waiter)
      return
    }
    const isPromised = this.#needs.settings.savePeriod === 0 || (removes && this.#isInFiles)
    setImmediate(waiter, isPromised ? this.#state.reason : null)
  }

  /** Brings everything that happened before to the disk. Rejects if it can't. */
  async save(): Promise<void> {
    if (this.#state.name === 'off') throw this.#state.reason
    try {
      await this.#checkpointer?.settle()
      await this.#journal.sync()
      await this.#forgotten
    } catch (thrown) {
      throw notSaved(toError(thrown))
    }
  }

  /** Whether writes are synced each period. */
  set timed(timed: boolean) {
    this.#journal.timed = timed
  }

  /** Saves, closes the files and gives the lock back. Rejects if not everything could be saved. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  stats(): SaveStats {
    const { pending, lastSync } = this.#journal
    return {
      saving: this.#state.name === 'saving',
      bytes: this.#checkpointer?.bytes ?? 0,
      pending,
      lastSave: lastSync,
      lastCompaction: this.#checkpointer?.lastCheckpoint ?? null,
      damaged: this.#loaded?.damaged ?? 0,
      unread: this.#loaded?.undecryptable ?? 0,
    }
  }

  /** Whether sessions of this store may be in the files, and so come back. */
  get #isInFiles(): boolean {
    return this.#loaded !== undefined
  }

  /** Gives why nothing is saved yet, or `null`. Rejects if nothing ever will be. */
  async #open(): Promise<Error | null> {
    const { files, clock, settings, ledger } = this.#needs
    const paths = new Paths(await realPath(files, this.#saveFile))
    this.#paths = paths
    if ((await files.info(paths.file))?.isFolder) {
      throw coded('EISDIR', 'EISDIR')
    }
    const keys = settings.saveKeys === undefined ? undefined : await KeyRing.of(settings.saveKeys)
    this.#claim = new Claim(files, clock, paths, () => this.#lost())
    const lockFailure = await this.#claim.take()
    const loaded = await load(this.#needs, paths, keys, lockFailure === null)
    await this.#claim.remember()
    this.#loaded = loaded
    // What was loaded is served from memory all the same.
    if (lockFailure !== null && isFinal(lockFailure)) throw lockFailure
    const writer = new RecordWriter(newMarker(), settings.owner !== undefined, keys)
    const journal = this.#journal
    journal.last = loaded.last
    const checkpointer = this.#newCheckpointer(paths, writer, loaded)
    this.#checkpointer = checkpointer
    const mark = () => checkpointer.mark
    ledger.listen(new Changes({ clock, journal, writer, mark, cleared: () => this.#forget() }))
    if (loaded.isDue) checkpointer.demand()
    try {
      if (lockFailure !== null) throw lockFailure
      await checkpointer.rotate()
      this.#state = SAVING
      // Otherwise a process that is killed again and again would never finish a checkpoint.
      if (checkpointer.isOverdue) await checkpointer.checkpoint().catch(() => {})
      checkpointer.look()
      return null
    } catch (thrown) {
      const error = toError(thrown)
      if (isFinal(error)) throw error
      const failure = notSaved(error)
      this.#state = { name: 'degraded', reason: failure }
      checkpointer.restart(error)
      return failure
    }
  }

  #newCheckpointer(paths: Paths, writer: RecordWriter, loaded: Recovered): Checkpointer {
    const { files, clock, ledger, settings } = this.#needs
    const journal = this.#journal
    const { maxBytes } = settings
    return new Checkpointer(
      {
        ...{ files, paths, clock, ledger, journal, writer, maxBytes },
        lock: () => (this.#claim as Claim).lock(),
        prepare: () => loaded.quarantine.finish(),
        succeeded: async () => {
          this.#state = SAVING
          for (const file of loaded.readAgain) await files.remove(file)
        },
        failed: (error) => this.#notCheckpointed(error),
      },
      loaded,
    )
  }

  // The sessions in files of missing keys are cleared as well.
  #forget(): void {
    const remove = () => removeAside(this.#needs.files, this.#paths as Paths)
    this.#forgotten = this.#forgotten
      .then(remove)
      .catch((thrown) => this.#report(notSaved(toError(thrown))))
  }

  #degrade(reason: Error): void {
    this.#state = { name: 'degraded', reason }
    this.#report(reason)
    this.#checkpointer?.restart(reason)
  }

  #notCheckpointed(error: Error): void {
    const isOff = this.#state.name === 'off'
    // What made the journal fail is reported once.
    if (isOff || error === this.#journal.failure) return
    const goesOn = this.#journal.segment !== undefined
    if (codeOf(error) === 'ELOCKED') this.#lost()
    else this.#report(goesOn ? notCheckpointed(error) : notSaved(error))
  }

  #lost(): void {
    if (this.#state.name === 'off' || this.#state.name === 'closed') return
    const reason = lockLost()
    this.#state = { name: 'off', reason }
    this.#report(reason)
    this.#journal.abandon(reason)
    this.#checkpointer?.close()
  }

  async #close(): Promise<void> {
    const wasOff = this.#state.name === 'off'
    try {
      if (!wasOff) await this.#checkpointer?.settle().finally(() => this.#closeJournal())
    } catch (thrown) {
      throw notSaved(toError(thrown))
    } finally {
      this.#state = CLOSED
      await this.#claim?.release()
    }
  }

  async #closeJournal(): Promise<void> {
    await this.#forgotten
    await this.#checkpointer?.close()
    await this.#journal.sync().catch(() => {})
    const { segment } = this.#journal
    if (segment !== undefined && segment.length > FIRST_LENGTH) {
      // The next segment says where this one ends, so that it can't be cut unnoticed.
      await this.#checkpointer?.rotate().catch(() => {})
    }
    await this.#journal.close()
  }
}
