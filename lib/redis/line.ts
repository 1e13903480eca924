/**
 * One connection to one server, for reads, writes and invalidations alike, so that these come in the
 * order in which they happened. No step of the dialling, and no silence later, goes on without a limit.
 *
 * It is no connection of the application's library: one that has no RESP 3 can't be told of changes
 * on the connection that it reads from, and none gives up a server that goes silent in its handshake.
 */

import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { toError } from '../call'
import type { Clock } from '../clock'
import { coded, warnOnce } from '../settings/check'
import { encode, Push, Reader, ReplyError } from './wire'

/** Ms for which a step of the dialling may stay without an answer. */
const STEP_PATIENCE = 2000
/** Ms after one answered ping until the next, and until an unanswered one means that the connection is dead: 1.5 s at the most. */
const PING_EVERY = 500
const PING_PATIENCE = 1000

/** Where a server is, as `net.connect` or, if `tls` is given, `tls.connect` wants it. */
export interface Place {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly path?: string | undefined
  readonly tls?: object | undefined
  /** Other options of the socket, such as `family`. */
  readonly socket?: object | undefined
}

/** Who one is there, asked anew for each connection. */
export type Login = () => Promise<{
  readonly username?: string | undefined
  readonly password?: string | undefined
}>

/** What a connection is for. */
export interface Purpose {
  readonly login: Login
  readonly database?: number | undefined
  readonly name?: string | undefined
  /** Keys that begin with it are tracked; `undefined` to track nothing. */
  readonly tracked?: string | undefined
}

/** What a line tells once it is ready. */
export interface LineListener {
  /** `null`: any key may have changed. */
  invalidated(key: string | null): void
  published(line: Line, message: string): void
  /** The line is over. */
  lost(line: Line, error: Error): void
}

/** What a server says of itself. */
export interface About {
  readonly mode: string
  readonly role: string
}

/** What is made of two answers. */
export type ReadBoth<Value> = (first: unknown, second: unknown) => Value

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

export class Line {
  /** Whether changes are told on it. */
  tracks = false
  about: About = { mode: '', role: '' }
  readonly #reader = new Reader()
  /** Those who wait for an answer, in order, from `#next` on. */
  #waiting: Waiting[] = []
  #next = 0
  #out = ''
  #socket: Socket | undefined
  #ready = false
  /** Whether it speaks RESP 2 only: then what is published can't come on it. */
  #isOld = false
  /** Why it is over. */
  #over: Error | undefined
  #heard = 0

  constructor(
    private readonly place: Place,
    private readonly clock: Clock,
    private readonly listener: LineListener,
  ) {}

  /** Connects, and says who it is. Rejects with why it can't be done. */
  async open(purpose: Purpose): Promise<void> {
    try {
      const socket = await this.#connect()
      socket.on('data', (chunk: Buffer) => this.#hear(chunk))
      await this.#introduce(purpose)
    } catch (thrown) {
      this.destroy(toError(thrown))
      throw this.#over ?? toError(thrown)
    }
  }

  /** From now on what is published there is told. If that is refused, one warning says so. */
  async subscribe(channel: string): Promise<void> {
    if (this.#isOld) return
    for (const args of [
      ['SUBSCRIBE', channel],
      ['PUBLISH', channel, ''],
    ]) {
      const answer = await this.ask(args)
      if (!(answer instanceof ReplyError)) continue
      const message = `lembro/redis: Redis refuses ${args[0]} (${answer.message}): the event 'destroy' comes only in the process that ended the session`
      warnOnce('LEMBRO_NO_CHANNEL', '', message)
      return
    }
  }

  /** The answer to a command of the dialling, an error of Redis included. Rejects once the connection is over, or if it takes too long. */
  ask(args: readonly string[]): Promise<unknown> {
    const answer = this.send(args).catch((error: Error) => {
      if (error instanceof ReplyError) return error
      throw this.#over ?? error
    })
    return this.#within(answer, `did not answer ${args[0]}`)
  }

  /** From now on its end is told, and a silence is found out. */
  use(): void {
    this.#ready = true
    this.#idle()
    this.#watch()
  }

  /** Sends a command. Gives its answer; rejects with a {@link ReplyError}, or with `EOFFLINE` once the connection is over. */
  send(args: readonly string[]): Promise<unknown> {
    if (this.#over !== undefined) return Promise.reject(offline(this.#over))
    return new Promise((resolve, reject) => this.#write(args, { resolve, reject }))
  }

  /** Sends two commands, one right after the other. Gives what `read` makes of both answers, at once. */
  sendBoth<Value>(
    one: readonly string[],
    other: readonly string[],
    read: ReadBoth<Value>,
  ): Promise<Value> {
    if (this.#over !== undefined) return Promise.reject(offline(this.#over))
    return new Promise((resolve, reject) => {
      let first: unknown
      const take = (answer: unknown) => {
        first = answer
      }
      const takeBoth = (answer: unknown) => {
        try {
          resolve(read(first, answer))
        } catch (thrown) {
          reject(thrown as Error)
        }
        // Else this would keep it in memory until the old generation is collected.
        first = undefined
      }
      this.#write(one, { resolve: take, reject })
      this.#write(other, { resolve: takeBoth, reject })
    })
  }

  /** Ends it. What is under way fails, and may have been done or not. */
  destroy(error = new Error('it was closed')): void {
    if (this.#over !== undefined) return
    this.#over = error
    this.#socket?.destroy()
    const waiting = this.#waiting.slice(this.#next)
    this.#waiting = []
    this.#next = 0
    const wasReady = this.#ready
    this.#ready = false
    if (wasReady) this.listener.lost(this, error)
    for (const { reject } of waiting) reject(offline(error))
  }

  #write(args: readonly string[], waiting: Waiting): void {
    if (this.#waiting.length === this.#next) this.#socket?.ref()
    this.#waiting.push(waiting)
    if (this.#out === '') process.nextTick(() => this.#flush())
    this.#out += encode(args)
  }

  #connect(): Promise<Socket> {
    const { host = '127.0.0.1', port = 6379, path, tls, socket: more } = this.place
    const where = path === undefined ? { host, port } : { path }
    // As node-redis and ioredis: no waiting for more to send.
    const options = { noDelay: true, keepAlive: true, ...more, ...where }
    const socket =
      tls === undefined
        ? connectPlain(options)
        : connectTls({ ...(isName(host) ? { servername: host } : {}), ...options, ...tls })
    this.#socket = socket
    const connected = new Promise<Socket>((resolve, reject) => {
      const end = (error: Error) => {
        reject(error)
        this.destroy(error)
      }
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => resolve(socket))
      socket.on('error', end)
      socket.on('close', () => end(new Error('the connection was closed')))
    })
    return this.#within(connected, 'did not accept the connection')
  }

  async #introduce({ login, database, name, tracked }: Purpose): Promise<void> {
    const { username, password } = await this.#within(login(), 'got no credentials')
    const secret = password ? [username || 'default', password] : []
    const auth = secret.length > 0 ? ['AUTH', ...secret] : []
    const hello = await this.ask(['HELLO', '3', ...auth])
    const isOld = hello instanceof ReplyError && /^(ERR|NOPROTO|NOPERM)\b/.test(hello.message)
    this.#isOld = isOld
    if (!isOld) this.about = aboutOf(accepted(hello))
    else if (secret.length > 0) accepted(await this.ask(username ? auth : ['AUTH', password ?? '']))
    if (database) accepted(await this.ask(['SELECT', String(database)]))
    if (name) await this.ask(['CLIENT', 'SETNAME', name])
    if (tracked === undefined) return
    const refusal = isOld ? hello : await this.ask(tracking(tracked))
    this.tracks = !(refusal instanceof ReplyError)
    if (this.tracks) return
    const message = `lembro/redis: Redis refuses CLIENT TRACKING (${String((refusal as Error).message)}): every read asks Redis, since a near cache could not be told of changes`
    warnOnce('LEMBRO_NO_TRACKING', '', message)
  }

  /** A step of the dialling: two seconds at the most. */
  async #within<Value>(step: Promise<Value>, what: string): Promise<Value> {
    let cancel = () => {}
    const late = new Promise<never>((_, reject) => {
      const fail = () => reject(new Error(`it ${what} for ${STEP_PATIENCE} ms`))
      cancel = this.clock.after(STEP_PATIENCE, () => this.#afterTurns(fail))
    })
    return Promise.race([step, late]).finally(cancel)
  }

  #flush(): void {
    const text = this.#out
    this.#out = ''
    if (this.#over === undefined)
      this.#socket?.write(text, Buffer.byteLength(text) === text.length ? 'latin1' : 'utf8')
  }

  #hear(chunk: Buffer): void {
    this.#heard++
    try {
      this.#reader.read(chunk, (reply) => this.#take(reply))
    } catch (thrown) {
      this.destroy(toError(thrown))
    }
    if (this.#waiting.length === this.#next) this.#idle()
  }

  #take(reply: unknown): void {
    if (reply instanceof Push) {
      const [what, keys, message] = reply.values
      if (what === 'message') this.listener.published(this, String(message))
      if (what === 'invalidate') {
        if (keys === null) this.listener.invalidated(null)
        else for (const key of keys as string[]) this.listener.invalidated(key)
      }
      // That one is the answer to SUBSCRIBE.
      if (what !== 'subscribe') return
    }
    const waiting = this.#waiting[this.#next++]
    if (reply instanceof ReplyError) waiting?.reject(reply)
    else waiting?.resolve(reply)
    // A primary that became a replica: there is another one.
    if (reply instanceof ReplyError && reply.word === 'READONLY') this.destroy(reply)
  }

  /** Nothing is under way: a process that has nothing else to do may end. */
  #idle(): void {
    this.#waiting = []
    this.#next = 0
    if (this.#ready) this.#socket?.unref()
  }

  /** Pings, so that a connection on which nothing comes any more is found out: TCP alone would take minutes. */
  #watch(): void {
    this.clock.after(PING_EVERY, () => {
      if (!this.#ready) return
      const heard = this.#heard
      const silent = () => {
        if (!this.#ready || this.#heard !== heard) return
        this.destroy(new Error(`it answered no ping for ${PING_PATIENCE} ms`))
      }
      const cancel = this.clock.after(PING_PATIENCE, () => this.#afterTurns(silent))
      const goOn = () => {
        cancel()
        if (this.#ready) this.#watch()
      }
      this.send(['PING']).then(goOn, goOn)
    })
  }

  // The answer may be there already, if this process was busy.
  #afterTurns(run: () => void): void {
    this.clock.breathe(() => this.clock.breathe(run))
  }
}

function tracking(prefix: string): string[] {
  // BCAST: with plain tracking NOLOOP would leave entries stale for ever after a write of one's own.
  return ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', prefix, 'NOLOOP']
}

function accepted(answer: unknown): unknown {
  if (answer instanceof ReplyError) throw answer
  return answer
}

/** The answer to HELLO is a map: names and values in turn. */
function aboutOf(answer: unknown): About {
  const values = Array.isArray(answer) ? answer : []
  const named = (name: string) => String(values[values.indexOf(name) + 1] ?? '')
  return { mode: named('mode'), role: named('role') }
}

function isName(host: string): boolean {
  return !/^[\d.]+$|:/.test(host)
}

/** There is no connection, for that reason. */
export function offline(cause: Error | undefined): Error {
  const why = cause === undefined ? '' : `: ${reasonOf(cause)}`
  return coded('EOFFLINE', `Redis is not connected${why}`, { cause })
}

/** A connection error of Node has its reason in other places than the message. */
export function reasonOf(error: Error): string {
  const { code, errors } = error as Error & { code?: string; errors?: readonly Error[] }
  return error.message || (errors ?? []).map(({ message }) => message).join('; ') || String(code)
}
