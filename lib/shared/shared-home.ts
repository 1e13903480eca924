/**
 * A file as the home of the sessions of several processes. Reads ask the file at once, whoever writes
 * meanwhile, so what another process has acknowledged is seen; changes go through `Turns`. If the file
 * is gone, replaced or damaged, it is opened anew, and all calls wait or fail until then.
 */

import path from 'node:path'
import type { Clock } from '../clock'
import { isoText } from '../entry/cookie'
import type {
  Home,
  HomeListener,
  HomeSession,
  Left,
  Listed,
  Listing,
  Save,
  Saved,
} from '../home/home'
import { coded } from '../settings/check'
import type { Settings } from '../settings/settings'
import type { Finding } from '../sqlite/aside'
import { codeOf, findEngine, isDamage, loadEngine, reasonOf } from '../sqlite/engine'
import { KeyRing } from '../sqlite/keys'
import { fileTask, Link, realPath } from '../sqlite/link'
import type { Row } from '../sqlite/rows'
import type { CompactionReport, SaveStats } from '../stats'
import type { Reply, Request, Task } from './keeper'
import { holderOf } from './machine'
import { type Gone, SharedFile } from './shared-file'
import { Turns } from './turns'

/** Pages of WAL, some 540 bytes each, after which it is moved into the file. */
const CHECKPOINT_PAGES = 7500
/** Pages after which changes wait for that: some 21 MB. */
const MOST_PAGES = 40_000
/** Ms between two checkpoints at the least: others may be at it. */
const CHECKPOINT_PAUSE = 50
/** Ms after which a file that could not be opened is tried again, and after which its name is looked at. */
const PAUSE = 1000
/** Sessions that are read, or removed, before others have their turn. */
const AT_ONCE = 50

type Worker = Link<Request, Reply>

export class SharedHome implements Home {
  readonly #settings: Settings
  readonly #clock: Clock
  readonly #code: string
  readonly #path: string
  readonly #patience: number
  readonly #keys: KeyRing | undefined
  readonly #turns: Turns
  readonly #crowded: () => void
  #listener: HomeListener | undefined
  #worker: Worker | undefined
  #file: SharedFile | undefined
  /** Why there is no file. */
  #failure: Error | undefined
  #isSuspect = false
  #isClosed = false
  #opening: Promise<void> | undefined
  #stopWatching: (() => void) | undefined
  #isCheckpointing = false
  /** Whether the last checkpoint failed: nothing waits for the next one then. */
  #hasFailed = false
  #lastCompaction: CompactionReport | null = null
  #damaged = 0
  #unread = 0

  /** `code`: that of the worker. `crowded` hears that live sessions had to go for want of room. */
  constructor(
    settings: Settings,
    patience: number,
    clock: Clock,
    code: string,
    crowded: () => void,
  ) {
    this.#settings = settings
    this.#crowded = crowded
    this.#clock = clock
    this.#code = code
    this.#patience = patience
    // Before anybody changes the working directory.
    this.#path = realPath(path.resolve(settings.saveFile ?? ''))
    this.#keys = settings.saveKeys === undefined ? undefined : new KeyRing(settings.saveKeys)
    this.#turns = new Turns({
      ...{ clock, patience, savePeriod: settings.savePeriod },
      holder: () => holderOf(this.#path),
      gone: (gone) => this.#tellGone(gone),
      committed: () => this.#checkpointIfLong(),
      isFull: () => this.#isFull(),
      failed: (error) => this.#failed(error),
      unsynced: (error) => this.#listener?.fault(error),
    })
  }

  async open(listener: HomeListener): Promise<void> {
    this.#listener = listener
    await this.#openFile()
    if (this.#failure !== undefined) throw this.#failure
  }

  async load(sid: string): Promise<HomeSession | undefined> {
    const row = await this.#find(sid)
    return row && this.#sessionOf(row)
  }

  save({ sid, text, ttl, when, life, owner }: Save): Promise<Saved> {
    const stored = { sid, text, ttl, owner, asksOwner: this.#settings.owner !== undefined }
    return this.#change(
      [sid],
      (file, now) => {
        const former = file.find(sid, now)
        const isGone = former === undefined || (life !== 0 && former.key !== life)
        if (isGone && when !== 'always') return 'gone'
        if (former !== undefined && typeof when === 'object') {
          const found = this.#sessionOf(former)
          if (found.text !== when.version) return found
        }
        const { key, isCrowded } = file.put(stored, former, now)
        if (isCrowded) this.#crowded()
        return key
      },
      text.length,
    )
  }

  touch(sid: string, ttl: number, _listing: Listing | undefined): Promise<boolean> {
    return this.#change([sid], (file, now) => file.touch(sid, ttl, now))
  }

  async destroy(sids: readonly string[]): Promise<(string | undefined)[]> {
    const rows = await this.#change(sids, (file, now) => sids.map((sid) => file.end(sid, now)))
    return rows.map((row) => {
      if (row === undefined) return undefined
      const { text } = this.#sessionOf(row)
      this.#listener?.destroyed(row.sid, text)
      return text
    })
  }

  async clear(): Promise<number> {
    if (this.#listener?.wants('clear') !== true) return this.#change([''], (file) => file.clear())
    let count = 0
    for (let ended = AT_ONCE; ended === AT_ONCE; count += ended) {
      ended = await this.#change([''], (file) => file.endSome(AT_ONCE))
    }
    return count
  }

  async listed(owner: string): Promise<Listed> {
    const rows = await this.#read('', (file, now) => file.ofOwner(owner, now))
    return { sids: rows.map(({ sid }) => sid), whole: true }
  }

  // The owner is in the session's own row: there is no list to take it from.
  async unlist(): Promise<void> {}

  async read(sids: readonly string[]): Promise<(string | undefined)[]> {
    const rows = await Promise.all(sids.map((sid) => this.#find(sid)))
    return rows.map((row) => row && this.#sessionOf(row).text)
  }

  async *ids(): AsyncGenerator<string[]> {
    for (let key: number | undefined = 0; key !== undefined; ) {
      const from: number = key
      const { rows, last } = await this.#read('', (file, now) => file.after(from, AT_ONCE, now))
      if (rows.length > 0) yield rows.map(({ sid }) => sid)
      key = last
      if (last !== undefined) await new Promise<void>((resolve) => this.#clock.breathe(resolve))
    }
  }

  // Nothing is kept in this process.
  used(): void {}

  versionOf(text: string): string {
    return text
  }

  /** Makes changes that do not wait for an answer in their turn: those of a sweep. */
  change<Value>(change: (file: SharedFile, now: number) => Value): Promise<Value> {
    return this.#change([], change)
  }

  /** Sessions and bytes of all processes, by trust; `undefined` while the file can't be read. */
  sums() {
    try {
      const { places } = this.#file ?? {}
      return places?.read() === true ? places.sums : undefined
    } catch {
      return undefined
    }
  }

  /** Brings all that was committed to the disk. */
  sync(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return this.#turns.sync()
  }

  /** Changes that wait. */
  get waiting(): number {
    return this.#turns.waiting
  }

  set timed(timed: boolean) {
    this.#turns.isTimed = timed
  }

  stats(): SaveStats {
    return {
      saving: this.#file !== undefined && this.#failure === undefined,
      bytes: this.#file?.file.bytes ?? 0,
      pending: this.#turns.pending,
      lastSave: this.#turns.lastSave,
      lastCompaction: this.#lastCompaction,
      damaged: this.#damaged + (this.#file?.damaged ?? 0),
      unread: this.#unread,
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#stopWatching?.()
    await this.#opening
    const synced = this.#settings.savePeriod < Number.POSITIVE_INFINITY && this.#file !== undefined
    try {
      if (synced) await this.#turns.sync()
    } finally {
      this.#turns.failure = coded('ECLOSED', 'the store is closed')
      await this.#worker?.ask({ ask: 'close' }).catch(() => {})
      // First, so that the last one to close it moves all into the one file.
      await this.#worker?.end()
      this.#file?.close()
      this.#file = undefined
    }
  }

  #find(sid: string): Promise<Row | undefined> {
    return this.#read(sid, (file, now) => file.find(sid, now))
  }

  /** Reads at once; after what this process is about to change, and once there is a file, if there is none now. */
  async #read<Value>(sid: string, read: (file: SharedFile, now: number) => Value): Promise<Value> {
    const file = this.#file
    if (file === undefined || this.#turns.awaits(sid)) return this.#change([], read)
    try {
      if (!file.file.isThere) throw coded('ESAVEMOVED', 'it was deleted or replaced')
      return read(file, this.#clock.now())
    } catch (thrown) {
      // Only while another process mends what a killed one left.
      if (codeOf(thrown) === 'ELOCKED') return this.#change([], read)
      const error = this.#unusable(thrown as Error)
      this.#failed(error)
      if (codeOf(thrown) === 'ESAVEMOVED') return this.#change([], read)
      throw error
    }
  }

  #change<Value>(
    sids: readonly string[],
    change: (file: SharedFile, now: number) => Value,
    bytes?: number,
  ): Promise<Value> {
    return this.#turns.make(sids, change, bytes)
  }

  #sessionOf(row: Row): HomeSession {
    const left = row.expires - this.#clock.now()
    const text = row.cookie === null ? row.body : this.#wholeText(row)
    return { text, left, life: row.key }
  }

  /** The text of a session that a store in memory has saved: its cookie is apart. */
  #wholeText({ body, cookie, dated, cookieExpires, expires }: Row): string {
    const codec = this.#settings.serializer ?? JSON
    const session = codec.parse(body)
    if (typeof session !== 'object' || session === null) return body
    const kept = JSON.parse(cookie as string)
    const until = Number.isNaN(cookieExpires) ? expires : cookieExpires
    session.cookie = dated === 1 ? { ...kept, expires: isoText(until) } : kept
    return codec.stringify(session)
  }

  #openFile(): Promise<void> {
    this.#opening ??= this.#tryToOpen().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #tryToOpen(): Promise<void> {
    try {
      const engine = findEngine(this.#settings.database)
      const { findings, damaged, unread } = await this.#ready(engine)
      if (this.#isClosed) return
      this.#file = await this.#openHere(engine)
      if (this.#isClosed) return
      this.#isSuspect = false
      this.#damaged += damaged ?? 0
      this.#unread = unread ?? 0
      this.#failure = undefined
      this.#turns.file = this.#file
      this.#watch()
      for (const { code, message } of findings as readonly Finding[]) {
        this.#listener?.fault(coded(code, message))
      }
      this.#listener?.connected(false)
    } catch (thrown) {
      this.#failure = this.#unusable(thrown as Error)
      this.#turns.failure = this.#failure
      this.#clock.after(PAUSE, () => {
        if (!this.#isClosed) this.#openFile()
      })
    }
  }

  /** Has the worker make the file ready. */
  async #ready(engine: string): Promise<Reply> {
    const about = fileTask(this.#settings, engine, this.#path)
    const task: Task = { ...about, patience: this.#patience }
    this.#worker ??= new Link(this.#code, task)
    try {
      return await this.#worker.ask({ ask: 'open', isSuspect: this.#isSuspect })
    } catch (thrown) {
      await this.#worker.end()
      this.#worker = undefined
      throw thrown
    }
  }

  /** Opens it in this thread. Another process may have its lock just now. */
  async #openHere(found: string): Promise<SharedFile> {
    const { maxBytes, maxEntryBytes, maxSessions, maxPerOwner, absoluteTtl } = this.#settings
    const limits = { maxBytes, maxEntryBytes, maxSessions, maxPerOwner, absoluteTtl }
    const wants = (cause: Gone['cause']) =>
      this.#listener?.wants(cause === 'limit' ? 'evict' : cause) === true
    const engine = loadEngine(found)
    for (const end = this.#clock.elapsed() + this.#patience; ; ) {
      try {
        return new SharedFile(engine, this.#path, this.#keys, limits, wants)
      } catch (thrown) {
        if (codeOf(thrown) !== 'ELOCKED' || this.#clock.elapsed() > end) throw thrown
      }
      await new Promise<void>((resolve) => this.#clock.after(1 + Math.random() * 8, resolve, true))
    }
  }

  /** The file is gone or damaged, or the disk fails: only if the file is no use as it is, it is opened anew. */
  #failed(error: Error): void {
    const isMoved = codeOf(error) === 'ESAVEMOVED'
    const damaged = isDamage(error)
    if (!isMoved && !damaged) return
    if (this.#file === undefined) return
    this.#isSuspect = damaged
    this.#stopWatching?.()
    this.#turns.file = undefined
    this.#file.close()
    this.#file = undefined
    this.#listener?.lost(error)
    if (!this.#isClosed) this.#openFile()
  }

  /** Looks each second whether the file still has its name, for when nobody asks for it. */
  #watch(): void {
    this.#stopWatching?.()
    this.#stopWatching = this.#clock.after(PAUSE, () => {
      const file = this.#file
      if (file === undefined) return
      if (file.file.isThere) this.#watch()
      else this.#failed(this.#unusable(coded('ESAVEMOVED', 'it was deleted or replaced')))
    })
  }

  /** Whether the WAL is so long that nobody may write before a checkpoint; unless that can't be made. */
  #isFull(): boolean {
    if (this.#hasFailed || (this.#file?.walPages ?? 0) < MOST_PAGES) return false
    this.#checkpointIfLong()
    return true
  }

  #checkpointIfLong(): void {
    const worker = this.#worker
    if (this.#isCheckpointing || worker === undefined || this.#file === undefined) return
    if (this.#file.walPages < CHECKPOINT_PAGES) return
    this.#isCheckpointing = true
    const done = () =>
      this.#clock.after(CHECKPOINT_PAUSE, () => {
        this.#isCheckpointing = false
      })
    worker
      .ask({ ask: 'checkpoint' })
      .then(({ compaction }) => {
        this.#lastCompaction = compaction ?? null
        this.#hasFailed = false
      })
      // A disk that is full now may have room later.
      .catch(() => {
        this.#hasFailed = true
      })
      .then(done)
  }

  #tellGone(gone: readonly Gone[]): void {
    const now = this.#clock.now()
    const left = gone.map(({ place, cause, row }): Left => {
      if (cause === 'clear' && row !== undefined) {
        this.#listener?.destroyed(row.sid, this.#sessionOf(row).text)
      }
      const trust = { isOwned: place.lane > 0, isMembers: place.lane === 2 }
      const unused = Math.max(0, now - place.used)
      const session = row && { sid: row.sid, ...this.#sessionOf(row) }
      return { cause, trust, bytes: place.bytes, unused, session }
    })
    this.#listener?.left(left)
  }

  #unusable(error: Error): Error {
    if (error.message.startsWith('saveFile: ')) return error
    const code = codeOf(error) ?? 'ESAVEFAILED'
    const reason =
      code === 'ELOCKED'
        ? `another process uses it${holderOf(this.#path)}, and not through lembro/sqlite`
        : reasonOf(error)
    const message = `saveFile: can't use '${this.#path}': ${reason}`
    return coded(code, message, { cause: error })
  }
}
