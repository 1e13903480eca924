/**
 * The connection to Redis, for reads, writes and invalidations alike, so that these come in the order
 * in which they happened. Knows at every moment whether invalidations are coming, and finds out soon
 * when they are not.
 */

import { toError } from '../call/answers'
import { coded } from '../settings/errors'
import { warnOnce } from '../settings/warn'
import type { Clock } from '../time/clock'
import { type Hook, type Line, type NodeRedisClient, newLine } from './client'

/** Ms after one answered ping until the next, and until an unanswered one means that the connection is dead: 1.5 s at the most. */
const PING_EVERY = 500
const PING_PATIENCE = 1000

export interface ConnectionListener {
  /** `null`: any key may have changed. */
  invalidated(key: string | null): void
  connected(tracking: boolean): void
  lost(error: Error | undefined): void
}

export class Connection {
  readonly #client: NodeRedisClient
  readonly #prefix: string
  readonly #clock: Clock
  #listener: ConnectionListener | undefined
  #line: Line | undefined
  #ready = false
  #tracks = true
  #closed = false
  /** Why there is no connection. */
  #fault: Error | undefined
  /** Until the first attempt has ended. */
  #opening: Promise<void> | undefined
  #opened: ((error: Error | undefined) => void) | undefined

  /** Keys that begin with `prefix` are tracked. */
  constructor(client: NodeRedisClient, prefix: string, clock: Clock) {
    this.#client = client
    this.#prefix = prefix
    this.#clock = clock
  }

  /** Connects. Resolves when that is done, rejects with why it can't be done yet; goes on trying as the client's options say. */
  open(listener: ConnectionListener): Promise<void> {
    this.#listener = listener
    const opening = new Promise<void>((resolve, reject) => {
      this.#opened = (error) => (error === undefined ? resolve() : reject(error))
    })
    this.#opening = opening.finally(() => {
      this.#opening = undefined
    })
    this.#opening.catch(() => {})
    this.#dial()
    return opening
  }

  /** Sends a command. Rejects at once while there is no connection; waits only for the first one. */
  async send(args: readonly string[]): Promise<unknown> {
    if (this.#opening !== undefined) await this.#opening.catch(() => {})
    const line = this.#line
    if (line === undefined || !this.#ready) throw offline(this.#fault)
    return line.sendCommand(args)
  }

  close(): void {
    this.#closed = true
    this.#ready = false
    const line = this.#line
    this.#line = undefined
    if (line?.isOpen) line.destroy()
    this.#settle(offline(undefined))
  }

  #dial(): void {
    if (this.#closed) return
    const line = newLine(
      this.#client,
      this.#hook(() => line),
    )
    this.#line = line
    line.on('ready', () => this.#whenReady(line))
    line.on('error', (thrown) => this.#whenFailed(line, thrown))
    line.on('end', () => this.#whenFailed(line, undefined))
    this.#connect(line)
  }

  #connect(line: Line): void {
    line.connect().catch((thrown: unknown) => this.#whenFailed(line, thrown))
  }

  #hook(line: () => Line): Hook {
    const lost = () => this.#whenFailed(line(), undefined)
    return {
      // Without tracking the handshake has to be as long.
      trackingOn: () => (this.#tracks ? tracking(this.#prefix) : ['PING']),
      invalidate: (key) => {
        if (this.#line === line()) this.#listener?.invalidated(key === null ? null : String(key))
      },
      clear: () => {},
      onError: lost,
      onClose: lost,
    }
  }

  #whenReady(line: Line): void {
    if (this.#line !== line || this.#closed) return
    this.#ready = true
    this.#fault = undefined
    this.#listener?.connected(this.#tracks)
    this.#settle(undefined)
    this.#watch(line)
  }

  #whenFailed(line: Line, thrown: unknown): void {
    if (this.#line !== line || this.#closed) return
    const error = thrown === undefined ? undefined : toError(thrown)
    this.#fault = error ?? this.#fault
    if (this.#ready) {
      this.#ready = false
      this.#listener?.lost(error === undefined ? undefined : unreachable(error))
    }
    if (error === undefined) return
    if (this.#tracks && isRefusal(error)) {
      this.#tracks = false
      const message = `lembro/redis: Redis refuses CLIENT TRACKING (${error.message}): every read asks Redis, since a near cache could not be told of changes`
      warnOnce('LEMBRO_NO_TRACKING', '', message)
      // node-redis tries again by itself, unless its options forbid that.
      if (!line.isOpen) this.#connect(line)
      return
    }
    this.#settle(unreachable(error))
  }

  #settle(error: Error | undefined): void {
    const opened = this.#opened
    this.#opened = undefined
    opened?.(error)
  }

  /** Pings, so that a connection on which nothing comes any more is found out: TCP alone would take minutes. */
  #watch(line: Line): void {
    const goesOn = () => this.#line === line && this.#ready && !this.#closed
    this.#clock.after(PING_EVERY, () => {
      if (!goesOn()) return
      const cancel = this.#clock.after(PING_PATIENCE, () => {
        // The answer may be there already, if this process was busy.
        this.#clock.breathe(() =>
          this.#clock.breathe(() => answered || !goesOn() || this.#redial(line)),
        )
      })
      let answered = false
      const heard = () => {
        answered = true
        cancel()
        if (goesOn()) this.#watch(line)
      }
      line.sendCommand(['PING']).then(heard, heard)
    })
  }

  #redial(line: Line): void {
    const silent = new Error(`it answered no ping for ${PING_PATIENCE} ms`)
    this.#whenFailed(line, silent)
    this.#line = undefined
    line.destroy()
    this.#dial()
  }
}

function tracking(prefix: string): string[] {
  // BCAST: with plain tracking NOLOOP would leave entries stale for ever after a write of one's own.
  return ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', prefix, 'NOLOOP']
}

/** Whether Redis, and not the way to it, said no to tracking. */
function isRefusal({ message }: Error): boolean {
  return /tracking/i.test(message) && /^(NOPERM|ERR)\b/.test(message)
}

/** A connection error of Node has its reason in other places than the message. */
function unreachable(error: Error): Error {
  const { code, errors } = error as Error & { code?: string; errors?: readonly Error[] }
  const why = error.message || errors?.map(({ message }) => message).join('; ') || code
  return coded('EREDIS', `Redis can't be used: ${why}`, { cause: error })
}

function offline(cause: Error | undefined): Error {
  const why = cause === undefined ? '' : `: ${cause.message || (cause as { code?: string }).code}`
  return coded('EOFFLINE', `Redis is not connected${why}`)
}
