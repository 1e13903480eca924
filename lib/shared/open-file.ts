/**
 * Owns which file is open: it is checked whether processes can share it, a worker makes it ready, then it is
 * opened here. While it is open its WAL is moved into it, and its name is watched; if it is gone, replaced or
 * damaged, it is opened anew.
 */

import fs from 'node:fs'
import path from 'node:path'
import type { Clock } from '../clock'
import type { HomeListener } from '../home/home'
import { coded } from '../settings/check'
import { codeOf, findEngine, inWords, isDamage, loadEngine } from '../sqlite/engine'
import { KeyRing } from '../sqlite/keys'
import { fileTask, Link, realPath } from '../sqlite/link'
import type { CompactionReport } from '../stats'
import type { SqliteSettings } from './options'
import { type Gone, SharedFile } from './shared-file'
import type { Reply, Request, Task } from './worker'

/** Pages of WAL, some 540 bytes each, after which it is moved into the file. */
const CHECKPOINT_PAGES = 7500
/** Pages after which changes wait for that: some 21 MB. */
const MOST_PAGES = 40_000
/** Ms after which a file that could not be opened is tried again, and after which its name is looked at. */
const PAUSE = 1000
/** File systems of other machines, by the numbers that Linux gives them. There the lock and the memory that processes share don't work. */
const REMOTE = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'SMB'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x0bd00bd0, 'Lustre'],
])
/** The byte of the `-shm` that a writer has locked. */
const WRITE_LOCK = '120'

export class OpenFile {
  /** `undefined` while there is none that can be used. */
  file: SharedFile | undefined
  /** Why there is none; `undefined` too while it is opened for the first time, or anew. */
  failure: Error | undefined
  lastCompaction: CompactionReport | null = null
  /** Sessions under keys that are not there. */
  unread = 0
  readonly #path: string
  readonly #settings: SqliteSettings
  readonly #clock: Clock
  readonly #code: string
  readonly #keys: KeyRing | undefined
  #listener: HomeListener | undefined
  #worker: Link<Request, Reply> | undefined
  #opening: Promise<void> | undefined
  #cancel: (() => void) | undefined
  #isClosed = false
  #isSuspect = false
  #damaged = 0
  #isCheckpointing = false
  /** Whether the last checkpoint failed: nothing waits for the next one then. */
  #hasFailed = false

  /** `code`: that of the worker. */
  constructor(settings: SqliteSettings, clock: Clock, code: string) {
    this.#settings = settings
    this.#clock = clock
    this.#code = code
    // Before anybody changes the working directory.
    this.#path = realPath(path.resolve(settings.saveFile ?? ''))
    this.#keys = settings.saveKeys === undefined ? undefined : new KeyRing(settings.saveKeys)
  }

  /** Sessions that were found damaged. */
  get damaged(): number {
    return this.#damaged + (this.file?.damaged ?? 0)
  }

  /** The process that writes in the file now: ' (process 12)', or '' if the system does not tell. */
  get holder(): string {
    try {
      const { ino } = fs.statSync(`${this.#path}-shm`)
      // 3: POSIX  ADVISORY  WRITE 4711 08:01:123456 120 120
      const locks = fs.readFileSync('/proc/locks', 'utf8').split('\n')
      const found = locks.map((line) => line.trim().split(/\s+/)).find(isLockOf(ino))
      return found === undefined ? '' : ` (process ${found[4]})`
    } catch {
      return ''
    }
  }

  /** Resolves once the file can be used; rejects with the first reason why it can't, and goes on trying. */
  async open(listener: HomeListener): Promise<void> {
    this.#listener = listener
    await this.#keepOpen()
    if (this.failure !== undefined) throw this.failure
  }

  /** Resolves once nothing is under way: from now on it is not opened anew. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel?.()
    await this.#opening
    const { file } = this
    this.file = undefined
    this.failure = coded('ECLOSED', 'the store is closed')
    await this.#worker?.ask({ ask: 'close' }).catch(() => {})
    // First, so that the last one to close it moves all into the one file.
    await this.#worker?.end()
    file?.file.close()
  }

  /** Hears that the file is gone or damaged, or that the disk fails: it is opened anew if it is no use as it is. Returns the error in words for the application. */
  failed(thrown: Error): Error {
    const error = this.#inWords(thrown)
    const { file } = this
    const isDamaged = isDamage(error)
    if (file === undefined || (codeOf(error) !== 'ESAVEMOVED' && !isDamaged)) return error
    this.#isSuspect = isDamaged
    this.file = undefined
    file.file.close()
    this.#listener?.lost(error)
    this.#keepOpen()
    return error
  }

  /** Has the WAL moved into the file if it is long. Returns whether it is so long that nobody may write before that, unless it can't be done. */
  checkpoint(): boolean {
    const pages = this.file?.walPages ?? 0
    if (pages >= CHECKPOINT_PAGES && !this.#isCheckpointing) this.#checkpoint()
    return pages >= MOST_PAGES && !this.#hasFailed
  }

  async #checkpoint(): Promise<void> {
    this.#isCheckpointing = true
    try {
      const { compaction = null } = (await this.#worker?.ask({ ask: 'checkpoint' })) ?? {}
      this.lastCompaction = compaction
      this.#hasFailed = false
    } catch {
      // A disk that is full now may have room later.
      this.#hasFailed = true
    }
    this.#isCheckpointing = false
  }

  /** Opens the file if it is not open; looks each second whether it is, under its name. */
  async #keepOpen(): Promise<void> {
    if (this.#isClosed) return
    try {
      this.file?.file.requireThere()
    } catch (thrown) {
      this.failed(thrown as Error)
    }
    if (this.file === undefined) {
      this.#opening ??= this.#open().finally(() => {
        this.#opening = undefined
      })
      await this.#opening
    }
    this.#cancel?.()
    this.#cancel = this.#clock.after(PAUSE, () => this.#keepOpen())
  }

  async #open(): Promise<void> {
    const { database, patience } = this.#settings
    try {
      const engine = findEngine(database)
      await requireShareable(this.#path)
      const task = { ...fileTask(this.#settings, engine, this.#path), patience }
      if (this.#worker?.failure !== undefined) this.#worker = undefined
      this.#worker ??= new Link(this.#code, task satisfies Task)
      const { found } = await this.#worker.ask({ ask: 'open', isSuspect: this.#isSuspect })
      this.file = await this.#openHere(engine)
      this.failure = undefined
      this.#isSuspect = false
      this.#damaged += found?.damaged ?? 0
      this.unread = found?.unread ?? 0
      for (const { code, message } of found?.findings ?? [])
        this.#listener?.fault(coded(code, message))
      if (!this.#isClosed) this.#listener?.connected(false)
    } catch (thrown) {
      this.failure = this.#inWords(thrown as Error)
    }
  }

  /** Opens it in this thread. Another process may have its lock just now. */
  async #openHere(found: string): Promise<SharedFile> {
    const engine = loadEngine(found)
    const wants = (cause: Gone['cause']) => this.#listener?.wants(cause) === true
    for (const end = this.#clock.elapsed() + this.#settings.patience; ; ) {
      try {
        return new SharedFile(engine, this.#path, this.#keys, this.#settings, wants)
      } catch (thrown) {
        if (codeOf(thrown) !== 'ELOCKED' || this.#clock.elapsed() > end) throw thrown
      }
      await new Promise<void>((resolve) => this.#clock.after(1 + Math.random() * 8, resolve, true))
    }
  }

  #inWords(error: Error): Error {
    const who = codeOf(error) === 'ELOCKED' ? `${this.holder}, and not through lembro/sqlite` : ''
    return inWords(error, (reason) => `can't use '${this.#path}': ${reason}${who}`)
  }
}

/** Rejects with the code `ESAVEREMOTE` or `ESAVEUSER` for a file that processes can't share. */
export async function requireShareable(file: string): Promise<void> {
  const { type } = await fs.promises.statfs(path.dirname(file))
  const remote = process.platform === 'linux' ? REMOTE.get(type >>> 0) : undefined
  if (remote !== undefined) {
    const message = `saveFile: '${file}' is on a file system of another machine (${remote}): processes can only share a file on a disk of their own machine`
    throw coded('ESAVEREMOTE', message)
  }
  const owner = fs.statSync(file, { throwIfNoEntry: false })?.uid
  const mine = process.getuid?.()
  if (owner === undefined || mine === undefined || owner === mine) return
  const message = `saveFile: '${file}' belongs to user ${owner}, and this process to user ${mine}: all processes that share a file must be of one user`
  throw coded('ESAVEUSER', message)
}

function isLockOf(ino: number) {
  return ([, , , kind, , where = '', from]: string[]) =>
    kind === 'WRITE' && from === WRITE_LOCK && where.endsWith(`:${ino}`)
}
