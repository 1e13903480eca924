/**
 * Redis, or Valkey, as the home of sessions: connect-redis' keys, texts and expiries, and beside them
 * a sorted set for each owner, with the ids of the sessions by the instant at which they are over.
 * Each command is about one key, so that it does not matter whether the keys are on one server.
 */

import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock'
import type {
  Home,
  HomeListener,
  HomeSession,
  Listed,
  Listing,
  ReadSession,
  Save,
  Saved,
} from '../home/home'
import { DESTROY, LIST, type Names, SAVE_IF_UNCHANGED, sha1 } from './commands'
import type { Connection } from './connection'

/** Keys that Redis looks at for one answer to SCAN or TOUCH. */
const SCANNED = 500

export class RedisHome implements Home {
  /** Tells this process from the others. */
  readonly #me = randomUUID()
  #listener: HomeListener | undefined

  constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly clock: Clock,
  ) {}

  open(listener: HomeListener): Promise<void> {
    this.#listener = listener
    const { sessions } = this.names
    return this.connection.open({
      invalidated: (key) => {
        if (key === null) listener.invalidatedAll()
        else if (key.startsWith(sessions)) listener.invalidated(key.slice(sessions.length))
      },
      published: (message, isOf) => this.#hear(message, isOf),
      connected: (tracking) => listener.connected(tracking),
      lost: (error) => listener.lost(error),
    })
  }

  /** From now on it is also told what other processes destroy: only those that ask for it get the texts. */
  listen(): void {
    this.connection.listen()
  }

  load<Value>(sid: string, read: ReadSession<Value>): Promise<Value> {
    const key = this.#keyOf(sid)
    return this.connection.sendBoth(key, ['GET', key], ['PTTL', key], (text, left) =>
      read(left === -2 ? undefined : found(text, left)),
    )
  }

  async save({ sid, text, ttl, when, listing, formerOwner }: Save): Promise<Saved> {
    const [key, life] = [this.#keyOf(sid), lifeOf(ttl)]
    const options = [...(life === '' ? [] : ['EX', life]), ...(when === 'exists' ? ['XX'] : [])]
    const saving =
      typeof when === 'string'
        ? this.#send('SET', key, text, ...options)
        : this.#run(SAVE_IF_UNCHANGED, key, [when.version, text, life])
    const [answer] =
      listing === undefined ? [await saving] : await Promise.all([saving, this.#list(sid, listing)])
    if (Array.isArray(answer)) return found(answer[0], answer[1]) ?? 'gone'
    const saved = answer === 'OK' || answer === 1 ? 'saved' : 'gone'
    const leaves = saved === 'saved' ? formerOwner : listing?.owner
    if (leaves !== undefined) await this.unlist(leaves, [sid])
    return saved
  }

  async touch(sid: string, ttl: number, listing: Listing | undefined): Promise<boolean> {
    const key = this.#keyOf(sid)
    const life = lifeOf(ttl)
    const touching =
      life === ''
        ? [this.#send('PERSIST', key), this.#send('EXISTS', key)]
        : [this.#send('EXPIRE', key, life)]
    const listed = listing === undefined ? undefined : this.#list(sid, listing).catch(unlessFull)
    const [answers, isFull] = await Promise.all([Promise.all(touching), listed])
    // A full server takes no new expiry into the list. So the list itself must not end before that.
    if (isFull === true) await this.#send('PERSIST', this.names.lists + listing?.owner)
    const isThere = answers.at(-1) === 1
    if (!isThere && listing !== undefined) await this.unlist(listing.owner, [sid])
    return isThere
  }

  destroy(sids: readonly string[]): Promise<(string | undefined)[]> {
    return Promise.all(sids.map((sid) => this.#destroy(sid)))
  }

  async clear(): Promise<number> {
    let count = 0
    for await (const sids of this.ids()) {
      const texts = await this.destroy(sids)
      count += texts.filter((text) => text !== undefined).length
    }
    for await (const owners of this.#scan(this.names.lists)) {
      for (const owner of owners) {
        // Somebody may have signed in meanwhile.
        const { sids } = await this.listed(owner)
        await this.#prune(owner, sids)
      }
    }
    return count
  }

  async listed(owner: string): Promise<Listed> {
    const primaries = await this.connection.primaries()
    const [sids, ...infos] = await Promise.all([
      this.#send('ZREVRANGE', this.names.lists + owner, '0', '-1'),
      ...primaries.map((line) => line.send(['INFO', 'memory']).catch(() => '')),
    ])
    return { sids: sids as string[], whole: infos.every(keepsAll) }
  }

  async unlist(owner: string, sids: readonly string[]): Promise<void> {
    if (sids.length > 0) await this.#send('ZREM', this.names.lists + owner, ...sids)
  }

  async read(sids: readonly string[]): Promise<(string | undefined)[]> {
    const texts = await Promise.all(sids.map((sid) => this.#send('GET', this.#keyOf(sid))))
    return texts.map((text) => (typeof text === 'string' ? text : undefined))
  }

  ids(): AsyncGenerator<string[]> {
    return this.#scan(this.names.sessions)
  }

  used(sids: readonly string[]): void {
    // Else a Redis that evicts what was idle longest would take those whom the near cache serves.
    // In a cluster one by one: the keys of one command must have one slot.
    const atOnce = this.connection.isCluster ? 1 : SCANNED
    for (let i = 0; i < sids.length; i += atOnce) {
      const [first = '', ...rest] = sids.slice(i, i + atOnce).map((sid) => this.#keyOf(sid))
      this.#send('TOUCH', first, ...rest).catch(() => {})
    }
  }

  versionOf(text: string): string {
    return sha1(text)
  }

  async close(): Promise<void> {
    this.connection.close()
  }

  /** Tells of it here, and has the script tell the other processes: who did it and the id on the first line, then the text. */
  async #destroy(sid: string): Promise<string | undefined> {
    const head = `${JSON.stringify([this.#me, sid])}\n`
    const text = await this.#run(DESTROY, this.#keyOf(sid), [this.names.channel, head])
    if (typeof text !== 'string') return undefined
    this.#listener?.destroyed(sid, text)
    return text
  }

  #hear(message: string, isOf: (key: string) => boolean): void {
    const end = message.indexOf('\n')
    if (end < 0) return
    const [who, sid] = JSON.parse(message.slice(0, end)) as [string, string]
    if (who !== this.#me && isOf(this.#keyOf(sid))) {
      this.#listener?.destroyed(sid, message.slice(end + 1))
    }
  }

  async *#scan(prefix: string): AsyncGenerator<string[]> {
    const pattern = `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`
    for (const line of await this.connection.primaries()) {
      let cursor = '0'
      do {
        const answer = await line.send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', String(SCANNED)])
        const [next, keys] = answer as [unknown, string[]]
        cursor = String(next)
        if (keys.length > 0) yield keys.map((key) => key.slice(prefix.length))
      } while (cursor !== '0')
    }
  }

  /** Lists a session; takes a few away that have ended. */
  async #list(sid: string, { owner, ms }: Listing): Promise<void> {
    const now = this.clock.now()
    const isEndless = ms === Number.POSITIVE_INFINITY
    const times = [isEndless ? '+inf' : String(Math.ceil(now + ms)), String(now)]
    const life = isEndless ? '' : String(Math.ceil(ms))
    const key = this.names.lists + owner
    const args = [sid, ...times, life]
    const over = (await this.#run(LIST, key, args)) as string[]
    if (over.length > 0) this.#prune(owner, over).catch(() => {})
  }

  /** Takes those that have ended from an owner's list. */
  async #prune(owner: string, sids: readonly string[]): Promise<void> {
    const there = await Promise.all(sids.map((sid) => this.#send('EXISTS', this.#keyOf(sid))))
    const ended = sids.filter((_, i) => there[i] === 0)
    await this.unlist(owner, ended)
  }

  #keyOf(sid: string): string {
    return this.names.sessions + sid
  }

  // The whole script each time, as one that is sent again would come after later calls.
  #run(script: string, key: string, args: readonly string[]): Promise<unknown> {
    return this.connection.send(key, ['EVAL', script, '1', key, ...args])
  }

  #send(command: string, key: string, ...args: string[]): Promise<unknown> {
    return this.connection.send(key, [command, key, ...args])
  }
}

/** As connect-redis counts: whole seconds, rounded up; nothing for ever. */
function lifeOf(ttl: number): string {
  return ttl === Number.POSITIVE_INFINITY ? '' : String(Math.max(1, Math.ceil(ttl / 1000)))
}

function found(text: unknown, left: unknown): HomeSession | undefined {
  if (typeof text !== 'string') return undefined
  return { text, left: left === -1 ? Number.POSITIVE_INFINITY : Number(left) }
}

/** Whether a server says that it never evicts: then no list can go missing. */
function keepsAll(info: unknown): boolean {
  const memory = String(info)
  return /^maxmemory:0\r?$/m.test(memory) || /^maxmemory_policy:noeviction\r?$/m.test(memory)
}

function unlessFull(thrown: unknown): true {
  if (thrown instanceof Error && thrown.message.startsWith('OOM')) return true
  throw thrown
}
