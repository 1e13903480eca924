/**
 * Redis, or Valkey, as the home of sessions: connect-redis' keys, texts and expiries, and beside them
 * a sorted set for each owner, with the ids of the sessions by the instant at which they expire.
 */

import type { Connection } from './connection'
import type { Ended, Found, Home, HomeListener, Save, Saved } from './home'
import { LIST, SAVE_IF_UNCHANGED, type Script, sha1, UNLIST } from './scripts'

/** Before the prefix of the sessions, in the keys of the owners' lists. */
export const LISTS = 'lembro-owner:'
/** Keys that Redis looks at for one answer to SCAN. */
const SCANNED = 500

export class RedisHome implements Home {
  readonly #connection: Connection
  readonly #prefix: string
  readonly #lists: string

  /** `prefix` of the sessions' keys; `keyPrefix` goes before every key. */
  constructor(connection: Connection, prefix: string, keyPrefix: string) {
    this.#connection = connection
    this.#prefix = keyPrefix + prefix
    this.#lists = keyPrefix + LISTS + prefix
  }

  open(listener: HomeListener): Promise<void> {
    return this.#connection.open({
      invalidated: (key) => {
        if (key === null) listener.invalidatedAll()
        else if (key.startsWith(this.#prefix)) listener.invalidated(this.#sidOf(key))
      },
      connected: (tracking) => listener.connected(tracking),
      lost: (error) => listener.lost(error),
    })
  }

  async load(sid: string): Promise<Found | undefined> {
    const key = this.#keyOf(sid)
    const [text, left] = await Promise.all([this.#send('GET', key), this.#send('PTTL', key)])
    return left === -2 ? undefined : found(text, left)
  }

  async save({ sid, text, ttl, when, owner, previousOwner }: Save): Promise<Saved> {
    const key = this.#keyOf(sid)
    const seconds = secondsOf(ttl)
    const saving =
      typeof when === 'string'
        ? this.#set(key, text, seconds, when === 'exists')
        : this.#compareAndSet(key, text, seconds, when.version)
    const listing = owner === undefined ? undefined : this.list(sid, owner)
    const [saved] = await Promise.all([saving, listing])
    if (saved === 'saved' && previousOwner !== undefined && previousOwner !== owner) {
      await this.#send('ZREM', this.#lists + previousOwner, sid)
    }
    return saved
  }

  async touch(sid: string, ttl: number, owner: string | undefined): Promise<boolean> {
    const key = this.#keyOf(sid)
    const seconds = secondsOf(ttl)
    const touching =
      seconds === ''
        ? [this.#send('PERSIST', key), this.#send('EXISTS', key)]
        : [this.#send('EXPIRE', key, seconds)]
    const listing = owner === undefined ? [] : [this.list(sid, owner)]
    const answers = await Promise.all([...touching, ...listing])
    return answers[touching.length - 1] === 1
  }

  async destroy(sessions: readonly Ended[]): Promise<number> {
    if (sessions.length === 0) return 0
    const ending = this.#send('DEL', ...sessions.map(({ sid }) => this.#keyOf(sid)))
    const unlisting = sessions.flatMap(({ sid, owner }) =>
      owner === undefined ? [] : [this.#send('ZREM', this.#lists + owner, sid)],
    )
    const [ended] = await Promise.all([ending, ...unlisting])
    return Number(ended)
  }

  async list(sid: string, owner: string): Promise<void> {
    await this.#run(LIST, [this.#keyOf(sid), this.#lists + owner], [sid, this.#prefix])
  }

  async listed(owner: string): Promise<string[]> {
    return (await this.#send('ZREVRANGE', this.#lists + owner, '0', '-1')) as string[]
  }

  async unlist(owner: string, sids: readonly string[]): Promise<void> {
    await this.#run(UNLIST, [this.#lists + owner], [this.#prefix, ...sids])
  }

  async read(sids: readonly string[]): Promise<(string | undefined)[]> {
    if (sids.length === 0) return []
    const texts = await this.#send('MGET', ...sids.map((sid) => this.#keyOf(sid)))
    return (texts as (string | null)[]).map((text) => text ?? undefined)
  }

  async *ids(): AsyncGenerator<string[]> {
    const pattern = `${this.#prefix.replace(/[\\*?[\]]/g, '\\$&')}*`
    let cursor = '0'
    do {
      const answer = await this.#send('SCAN', cursor, 'MATCH', pattern, 'COUNT', String(SCANNED))
      const [next, keys] = answer as [unknown, string[]]
      cursor = String(next)
      if (keys.length > 0) yield keys.map((key) => this.#sidOf(key))
    } while (cursor !== '0')
  }

  versionOf(text: string): string {
    return sha1(text)
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  async #set(key: string, text: string, seconds: string, exists: boolean): Promise<Saved> {
    const only = exists ? ['XX'] : []
    const expiry = seconds === '' ? [] : ['EX', seconds]
    return (await this.#send('SET', key, text, ...only, ...expiry)) === null ? 'gone' : 'saved'
  }

  async #compareAndSet(
    key: string,
    text: string,
    seconds: string,
    version: string,
  ): Promise<Saved> {
    const comparing = this.#run(SAVE_IF_UNCHANGED, [key], [version, text, seconds])
    // NOLOOP knows a script for another client, and its write would come back as an invalidation. A
    // write of our own right after it is the one that counts (Redis 7.0).
    const echo = seconds === '' ? undefined : this.#send('EXPIRE', key, seconds)
    const [answer] = await Promise.all([comparing, echo])
    if (!Array.isArray(answer)) return answer === 1 ? 'saved' : 'gone'
    return found(answer[0], answer[1]) ?? 'gone'
  }

  async #run({ text, sha1 }: Script, keys: readonly string[], args: readonly string[]) {
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await this.#send('EVALSHA', sha1, ...rest)
    } catch (thrown) {
      if (!(thrown instanceof Error) || !thrown.message.startsWith('NOSCRIPT')) throw thrown
      return this.#send('EVAL', text, ...rest)
    }
  }

  #send(...args: string[]): Promise<unknown> {
    return this.#connection.send(args)
  }

  #keyOf(sid: string): string {
    return this.#prefix + sid
  }

  #sidOf(key: string): string {
    return key.slice(this.#prefix.length)
  }
}

/** As connect-redis counts: whole seconds, rounded up; nothing for ever. */
function secondsOf(ttl: number): string {
  return ttl === Number.POSITIVE_INFINITY ? '' : String(Math.max(1, Math.ceil(ttl / 1000)))
}

function found(text: unknown, left: unknown): Found | undefined {
  if (typeof text !== 'string') return undefined
  return { text, left: left === -1 ? Number.POSITIVE_INFINITY : Number(left) }
}
