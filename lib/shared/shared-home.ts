/**
 * A file as the home of the sessions of several processes. Reads ask the file at once, whoever writes
 * meanwhile, so what another process has acknowledged is seen; changes go through `Turns`.
 */

import type { Clock } from '../clock'
import { isoText } from '../entry/cookie'
import type {
  Home,
  HomeListener,
  HomeSession,
  Left,
  Listed,
  ReadSession,
  Save,
  Saved,
} from '../home/home'
import { codeOf } from '../sqlite/engine'
import type { Row } from '../sqlite/rows'
import { OpenFile } from './open-file'
import type { SqliteSettings } from './options'
import type { Gone, SharedFile } from './shared-file'
import { Turns } from './turns'

/** Sessions that are read, or removed, before others have their turn. */
export const AT_ONCE = 50

export class SharedHome implements Home {
  /** Hears that live sessions had to go. */
  evicted = () => {}
  readonly turns: Turns
  readonly #settings: SqliteSettings
  readonly #clock: Clock
  readonly #open: OpenFile
  #listener: HomeListener | undefined

  /** `code`: that of the worker. */
  constructor(settings: SqliteSettings, clock: Clock, code: string) {
    this.#settings = settings
    this.#clock = clock
    this.#open = new OpenFile(settings, clock, code)
    const unsaved = (error: Error) => this.#listener?.fault(error)
    this.turns = new Turns(settings, clock, this.#open, (gone) => this.#tellGone(gone), unsaved)
  }

  open(listener: HomeListener): Promise<void> {
    this.#listener = listener
    return this.#open.open(listener)
  }

  async load<Value>(sid: string, read: ReadSession<Value>): Promise<Value> {
    const row = await this.#find(sid)
    return read(row && this.#sessionOf(row))
  }

  async save(save: Save): Promise<Saved> {
    const { sid, text, when, life } = save
    const change = (file: SharedFile, now: number) => {
      const former = file.current(sid, now)
      const isGone = former === undefined || (life !== 0 && former.row.key !== life)
      if (isGone && when !== 'always') return 'gone'
      if (former !== undefined && typeof when === 'object') {
        const found = this.#sessionOf(former.row)
        if (found.text !== when.version) return found
      }
      return file.put(save, former, now)
    }
    const saved = await this.turns.make([sid], change, text.length)
    if (saved instanceof Error) throw saved
    return saved
  }

  touch(sid: string, ttl: number): Promise<boolean> {
    return this.turns.make([sid], (file, now) => {
      const found = file.current(sid, now)
      if (found !== undefined) file.touch(found, ttl, now)
      return found !== undefined
    })
  }

  async destroy(sids: readonly string[]): Promise<(string | undefined)[]> {
    const texts: (string | undefined)[] = []
    for (let at = 0; at < sids.length; at += AT_ONCE) {
      const some = sids.slice(at, at + AT_ONCE)
      const end = (file: SharedFile, now: number) => some.map((sid) => file.end(sid, now))
      const rows = await this.turns.make(some, end)
      texts.push(...rows.map((row) => row && this.#sessionOf(row).text))
    }
    return texts
  }

  /** Ends those that are there when it begins: who signs in meanwhile stays. */
  clear(): Promise<number> {
    let newest = Number.POSITIVE_INFINITY
    return this.sweep((file) => {
      newest = Math.min(newest, file.places.sums.seq)
      const places = file.places.after(0, AT_ONCE).filter(({ key }) => key <= newest)
      for (const place of places) file.remove(place, 'clear')
      return places.length
    }, '')
  }

  /** Repeats a step, each in a transaction of its own, until it removes fewer than `AT_ONCE`. Returns how many it removed. */
  async sweep(step: (file: SharedFile, now: number) => number, ...sids: string[]): Promise<number> {
    let count = 0
    for (let removed = AT_ONCE; removed === AT_ONCE; count += removed) {
      removed = await this.turns.make(sids, step)
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

  /** Sessions and bytes of all processes, by trust; `undefined` while the file can't be read. */
  sums() {
    try {
      const { places } = this.#open.file ?? {}
      return places?.read() === true ? places.sums : undefined
    } catch {
      return undefined
    }
  }

  close(): Promise<void> {
    return this.turns.close()
  }

  #find(sid: string): Promise<Row | undefined> {
    return this.#read(sid, (file, now) => file.find(sid, now))
  }

  /** Reads at once; after what this process is about to change, and once there is a file, if there is none now. */
  async #read<Value>(sid: string, read: (file: SharedFile, now: number) => Value): Promise<Value> {
    const { file } = this.#open
    if (file === undefined || this.turns.awaits(sid)) return this.turns.make([], read)
    try {
      file.file.requireThere()
      return read(file, this.#clock.now())
    } catch (thrown) {
      const code = codeOf(thrown)
      // Only while another process mends what a killed one left.
      if (code === 'ELOCKED') return this.turns.make([], read)
      const error = this.#open.failed(thrown as Error)
      if (code === 'ESAVEMOVED') return this.turns.make([], read)
      throw error
    }
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

  #tellGone(gone: readonly Gone[]): void {
    const now = this.#clock.now()
    const left = gone.map(({ place, cause, row }): Left => {
      const session = row && this.#asTold(row)
      const isEnded = cause === 'destroy' || cause === 'clear'
      if (isEnded && session !== undefined) this.#listener?.destroyed(session.sid, session.text)
      const trust = { isOwned: place.lane > 0, isMembers: place.lane === 2 }
      const unused = Math.max(0, now - place.used)
      return { cause, trust, bytes: place.bytes, unused, session }
    })
    this.#listener?.left(left)
    if (gone.some(({ cause }) => cause === 'evict')) this.evicted()
  }

  /** `undefined` for one that the serializer can't read. */
  #asTold(row: Row) {
    try {
      return { sid: row.sid, ...this.#sessionOf(row) }
    } catch {
      return undefined
    }
  }
}
