/** A home of sessions in memory whose answers come when a spec says so: for the races between a near cache and what lies behind it. */

import type { Clock } from '../../lib/clock'
import type {
  Home,
  HomeListener,
  HomeSession,
  Listed,
  Listing,
  ReadSession,
  Save,
  Saved,
} from '../../lib/home/home'

interface Kept {
  readonly text: string
  readonly ends: number
}

/** What several homes share: the server, as it were. */
export class ScriptedServer {
  readonly #clock: Pick<Clock, 'now'>
  readonly #kept = new Map<string, Kept>()
  readonly #lists = new Map<string, Set<string>>()
  readonly homes: ScriptedHome[] = []
  /** Whether no list goes missing. */
  keepsLists = true

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** A home on this server, as one process has it. */
  home(): ScriptedHome {
    const home = new ScriptedHome(this)
    this.homes.push(home)
    return home
  }

  /** A session that has not expired. */
  find(sid: string): Kept | undefined {
    const kept = this.#kept.get(sid)
    return kept !== undefined && kept.ends > this.#clock.now() ? kept : undefined
  }

  left({ ends }: Kept): number {
    return ends - this.#clock.now()
  }

  put(sid: string, text: string, ttl: number, by?: ScriptedHome): void {
    this.#kept.set(sid, { text, ends: this.#clock.now() + ttl })
    this.#tell(sid, by)
  }

  end(sid: string, by?: ScriptedHome): boolean {
    const isThere = this.find(sid) !== undefined
    this.#kept.delete(sid)
    if (isThere) this.#tell(sid, by)
    return isThere
  }

  tellDestroyed(sid: string, text: string): void {
    for (const home of this.homes) home.pushDestroyed(sid, text)
  }

  /** As FLUSHALL. */
  flush(): void {
    this.#kept.clear()
    for (const home of this.homes) home.push(null)
  }

  sids(): string[] {
    return [...this.#kept.keys()].filter((sid) => this.find(sid) !== undefined)
  }

  list(owner: string): Set<string> {
    const list = this.#lists.get(owner) ?? new Set()
    this.#lists.set(owner, list)
    return list
  }

  #tell(sid: string, by: ScriptedHome | undefined): void {
    for (const home of this.homes) if (home !== by) home.push(sid)
  }
}

/**
 * One connection: its calls take effect, its answers arrive and its invalidations arrive in order,
 * each when `step` is called; or by itself in the next turn while it is not `held`.
 */
export class ScriptedHome implements Home {
  held = false
  listener: HomeListener | undefined
  calls = 0
  /** What it heard of as used. */
  readonly usedSids: string[] = []
  readonly #server: ScriptedServer
  /** Calls on their way there. */
  readonly #sent: (() => void)[] = []
  /** Answers and invalidations on their way back. */
  readonly #arriving: (() => void)[] = []
  readonly #unanswered = new Set<(error: Error) => void>()
  #lost = false

  constructor(server: ScriptedServer) {
    this.#server = server
  }

  async open(listener: HomeListener): Promise<void> {
    this.listener = listener
    listener.connected(true)
  }

  get underWay(): number {
    return this.#sent.length + this.#arriving.length
  }

  /** The next call reaches the server. */
  deliver(): void {
    this.#sent.shift()?.()
  }

  /** The next answer or invalidation arrives. Several at once are one chunk: all are heard before anyone who awaits them. */
  arrive(count = 1): void {
    for (const each of this.#arriving.splice(0, count)) each()
  }

  /** All that is under way. */
  settle(): void {
    while (this.#sent.length > 0) this.deliver()
    this.arrive(this.#arriving.length)
  }

  /** The connection is lost, with all that is under way. */
  lose(): void {
    this.#lost = true
    this.#arriving.length = 0
    this.#sent.length = 0
    this.listener?.lost(undefined)
    for (const reject of this.#unanswered) reject(new Error('the connection was lost'))
    this.#unanswered.clear()
  }

  regain(): void {
    this.#lost = false
    this.listener?.connected(true)
  }

  /** An invalidation, from the server. */
  push(sid: string | null): void {
    if (this.#lost) return
    this.#arriving.push(() =>
      sid === null ? this.listener?.invalidatedAll() : this.listener?.invalidated(sid),
    )
    this.#goOn()
  }

  pushDestroyed(sid: string, text: string): void {
    if (this.#lost) return
    this.#arriving.push(() => this.listener?.destroyed(sid, text))
    this.#goOn()
  }

  load<Value>(sid: string, read: ReadSession<Value>): Promise<Value> {
    return this.#call(() => this.#found(sid), read)
  }

  save({ sid, text, ttl, when, listing }: Save): Promise<Saved> {
    return this.#call(() => {
      const there = this.#server.find(sid)
      if (when !== 'always' && there === undefined) return 'gone'
      if (typeof when === 'object' && there?.text !== when.version) {
        return this.#found(sid) as HomeSession
      }
      this.#server.put(sid, text, ttl, this)
      if (listing !== undefined) this.#server.list(listing.owner).add(sid)
      return 'saved'
    })
  }

  touch(sid: string, ttl: number, listing: Listing | undefined): Promise<boolean> {
    return this.#call(() => {
      const there = this.#server.find(sid)
      if (there !== undefined && listing !== undefined) this.#server.list(listing.owner).add(sid)
      if (there !== undefined) this.#server.put(sid, there.text, ttl, this)
      return there !== undefined
    })
  }

  destroy(sids: readonly string[]): Promise<(string | undefined)[]> {
    return this.#call(() => sids.map((sid) => this.#end(sid)))
  }

  clear(): Promise<number> {
    return this.#call(
      () => this.#server.sids().filter((sid) => this.#end(sid) !== undefined).length,
    )
  }

  listed(owner: string): Promise<Listed> {
    return this.#call(() => ({
      sids: [...this.#server.list(owner)].reverse(),
      whole: this.#server.keepsLists,
    }))
  }

  used(sids: readonly string[]): void {
    this.usedSids.push(...sids)
  }

  unlist(owner: string, sids: readonly string[]): Promise<void> {
    return this.#call(() => {
      for (const sid of sids) this.#server.list(owner).delete(sid)
    })
  }

  read(sids: readonly string[]): Promise<(string | undefined)[]> {
    return this.#call(() => sids.map((sid) => this.#server.find(sid)?.text))
  }

  async *ids(): AsyncGenerator<string[]> {
    const sids = await this.#call(() => this.#server.sids())
    for (let i = 0; i < sids.length; i += 3) yield sids.slice(i, i + 3)
  }

  versionOf(text: string): string {
    return text
  }

  async close(): Promise<void> {}

  #end(sid: string): string | undefined {
    const text = this.#server.find(sid)?.text
    if (this.#server.end(sid, this) && text !== undefined) this.#server.tellDestroyed(sid, text)
    return text
  }

  #found(sid: string): HomeSession | undefined {
    const kept = this.#server.find(sid)
    return kept && { text: kept.text, left: this.#server.left(kept) }
  }

  #call<Value>(run: () => Value): Promise<Value>
  #call<Value, Given>(run: () => Given, read: (given: Given) => Value): Promise<Value>
  #call<Value>(run: () => Value, read = (value: Value) => value): Promise<Value> {
    this.calls++
    if (this.#lost) return Promise.reject(new Error('not connected'))
    return new Promise((resolve, reject) => {
      this.#unanswered.add(reject)
      this.#sent.push(() => {
        const value = run()
        this.#arriving.push(() => {
          this.#unanswered.delete(reject)
          try {
            resolve(read(value))
          } catch (thrown) {
            reject(thrown)
          }
        })
      })
      this.#goOn()
    })
  }

  #goOn(): void {
    if (!this.held) setImmediate(() => this.held || this.settle())
  }
}
