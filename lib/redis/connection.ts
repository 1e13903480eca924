/**
 * The way to Redis, whatever it consists of: one server, the primary that sentinels name, or the
 * primaries of a cluster. Knows at every moment whether invalidations are coming.
 */

import { toError } from '../call'
import type { Clock } from '../clock'
import { coded } from '../settings/check'
import type { Route } from './client'
import { type Names, probe } from './commands'
import { Line, offline, type Place, type ReadBoth, reasonOf } from './line'
import { ReplyError } from './wire'

/** Times that a command follows a slot that moves. */
const MOST_REDIRECTIONS = 8
const SLOTS = 16_384

export interface ConnectionListener {
  /** `null`: any key may have changed. */
  invalidated(key: string | null): void
  /** In a cluster each server tells the same: `isOf` says whether a key is on the one that told this. */
  published(message: string, isOf: (key: string) => boolean): void
  /** It can be used. `tracking`: changes of all keys are told. Told again whenever that changes. */
  connected(tracking: boolean): void
  lost(error: Error): void
}

export class Connection {
  #listener: ConnectionListener | undefined
  /** To the primaries, by address. */
  readonly #lines = new Map<string, Line>()
  /** The address of the primary of each slot. What is no cluster has one slot, and no address. */
  #slots: (string | undefined)[]
  #closed = false
  #fault: Error | undefined
  #told: 'nothing' | 'lost' | 'connected' | 'tracking' = 'nothing'
  /** Until the first attempt has ended. */
  #opening: Promise<void> | undefined
  #connecting: Promise<void> | undefined
  /** Until the next attempt. */
  #pausing = false
  #attempts = 0
  /** Lines that are not in use yet. */
  readonly #dialled = new Set<Line>()
  #listens = false

  constructor(
    private readonly route: Route,
    private readonly names: Names,
    private readonly clock: Clock,
  ) {
    this.#slots = this.isCluster ? [] : ['']
  }

  /** Whether one command can be about keys of one slot alone. */
  get isCluster(): boolean {
    return this.route.kind === 'cluster'
  }

  /** Connects. Resolves when that is done, rejects with why it can't be done yet; goes on trying. */
  open(listener: ConnectionListener): Promise<void> {
    this.#listener = listener
    const opening = this.#refresh()
    this.#opening = opening
      .catch(() => {})
      .finally(() => {
        this.#opening = undefined
      })
    return opening
  }

  /** From now on what is published on the channel is told. */
  listen(): void {
    if (this.#listens) return
    this.#listens = true
    for (const line of this.#lines.values()) line.subscribe(this.names.channel).catch(() => {})
  }

  /** Sends a command about a key to the server that has it. Rejects at once while there is no connection; waits only for the first one. */
  send(key: string, args: readonly string[]): Promise<unknown> {
    if (this.#opening !== undefined) return this.#opening.then(() => this.send(key, args))
    const slot = this.#slotOf(key)
    const line = this.#lineOf(slot)
    if (line === undefined) return Promise.reject(offline(this.#fault))
    return this.isCluster ? this.#follow(line, slot, args) : line.send(args)
  }

  /** Sends two commands about a key, as `send` does. Gives what `read` makes of both answers. */
  sendBoth<Value>(
    key: string,
    one: readonly string[],
    other: readonly string[],
    read: ReadBoth<Value>,
  ): Promise<Value> {
    const line = this.#opening === undefined ? this.#lines.get('') : undefined
    if (line !== undefined) return line.sendBoth(one, other, read)
    const both = Promise.all([this.send(key, one), this.send(key, other)])
    return both.then(([first, second]) => read(first, second))
  }

  /** Each server that has keys. */
  async primaries(): Promise<Pick<Line, 'send'>[]> {
    if (this.#opening !== undefined) await this.#opening
    const lines = [...this.#lines.values()]
    if (!this.#isWhole) throw offline(this.#fault)
    return lines
  }

  close(): void {
    this.#closed = true
    for (const line of [...this.#dialled, ...this.#lines.values()]) line.destroy()
  }

  #slotOf(key: string): number {
    return this.isCluster ? slotOf(key) : 0
  }

  #lineOf(slot: number): Line | undefined {
    const address = this.#slots[slot]
    return address === undefined ? undefined : this.#lines.get(address)
  }

  /** Whether all keys can be reached. */
  get #isWhole(): boolean {
    const addresses = new Set(this.#slots)
    return addresses.size > 0 && [...addresses].every((address) => this.#lines.has(address ?? ''))
  }

  async #follow(first: Line, slot: number, args: readonly string[]): Promise<unknown> {
    let line = first
    let asking = false
    for (let i = 0; ; i++) {
      try {
        if (asking) line.send(['ASKING']).catch(() => {})
        return await line.send(args)
      } catch (thrown) {
        const { word = '', message = '' } = thrown instanceof ReplyError ? thrown : {}
        asking = word === 'ASK'
        if (word === 'CLUSTERDOWN') this.#refresh().catch(() => {})
        if (i === MOST_REDIRECTIONS || (word !== 'MOVED' && !asking)) throw thrown
        if (!asking) await this.#refresh()
        const address = message.split(' ')[2] ?? ''
        // The map of the cluster may not know yet the node that gets the slot.
        const place = this.route.placeOf(...split(address))
        const moved = asking ? await this.#dial(address, place) : this.#lineOf(slot)
        if (moved === undefined) throw offline(this.#fault)
        line = moved
      }
    }
  }

  /** Connects to what is not connected, and looks where the slots are; once for all who ask meanwhile. Goes on trying. */
  #refresh(): Promise<void> {
    this.#connecting ??= this.#connect()
      .catch((thrown) => {
        this.#fault = toError(thrown)
        throw unusable(this.#fault)
      })
      .finally(() => {
        this.#connecting = undefined
        if (this.#isWhole) this.#attempts = 0
        else this.#again()
      })
    return this.#connecting
  }

  #again(): void {
    const pause = this.route.pause(this.#attempts++, this.#fault ?? new Error('it was lost'))
    if (pause === undefined || this.#pausing) return
    this.#pausing = true
    this.clock.after(pause, () => {
      this.#pausing = false
      if (!this.#closed && !this.#isWhole) this.#refresh().catch(() => {})
    })
  }

  async #connect(): Promise<void> {
    const { kind, places } = this.route
    if (kind === 'cluster') await this.#all()
    else await this.#dial('', kind === 'server' ? (places[0] as Place) : await this.#named())
    if (this.#closed) throw offline(undefined)
    this.#tell()
  }

  /** The primary that the first sentinel names that answers. */
  async #named(): Promise<Place> {
    const { sentinelName = '', placeOf } = this.route
    const answer = await this.#ask(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', sentinelName])
    if (!Array.isArray(answer)) throw new Error(`no sentinel knows a primary named ${sentinelName}`)
    return placeOf(String(answer[0]), Number(answer[1]))
  }

  async #all(): Promise<void> {
    let asked = ''
    const answer = await this.#ask(['CLUSTER', 'SLOTS'], (place) => {
      asked = place.host ?? '127.0.0.1'
    })
    const slots: string[] = []
    const places = new Map<string, Place>()
    for (const [from, to, [host, port]] of answer as [number, number, [string | null, number]][]) {
      const address = `${host || asked}:${port}`
      places.set(address, this.route.placeOf(host || asked, port))
      slots.fill(address, slots.length)
      for (let slot = from; slot <= to; slot++) slots[slot] = address
    }
    if (places.size === 0) throw new Error('the cluster has no slots')
    this.#slots = slots
    for (const [address, line] of this.#lines) {
      if (places.has(address)) continue
      this.#lines.delete(address)
      line.destroy()
    }
    const dialled = await Promise.allSettled(
      [...places].map(([address, place]) => this.#dial(address, place)),
    )
    const failed = dialled.find((each) => each.status === 'rejected')
    if (failed !== undefined) this.#fault = toError(failed.reason)
    if (this.#lines.size === 0) throw this.#fault ?? new Error('no primary of the cluster answers')
  }

  /** Asks the sentinels, or nodes of a cluster, one after the other. */
  async #ask(args: readonly string[], asking: (place: Place) => void = () => {}) {
    let fault: Error | undefined
    const known = [...this.#lines.keys()].map((address) => this.route.placeOf(...split(address)))
    for (const place of [...(this.isCluster ? known : []), ...this.route.places]) {
      const line = this.#newLine(place)
      try {
        await line.open({ login: this.route.askingLogin })
        asking(place)
        const answer = await line.ask(args)
        if (answer instanceof ReplyError) throw answer
        if (answer !== null) return answer
      } catch (thrown) {
        fault = toError(thrown)
      } finally {
        this.#dialled.delete(line)
        line.destroy()
      }
    }
    if (fault !== undefined) throw fault
    return undefined
  }

  /** The line to a primary, or a new one, if it can do all that is needed. */
  async #dial(address: string, place: Place): Promise<Line> {
    const open = this.#lines.get(address)
    if (open !== undefined) return open
    const line = this.#newLine(place)
    const { login, database, name } = this.route
    try {
      await line.open({ login, database, name, tracked: this.names.sessions })
      await probe(line, this.route.kind, this.names)
      if (this.#listens) await line.subscribe(this.names.channel)
    } catch (thrown) {
      line.destroy()
      throw thrown
    } finally {
      this.#dialled.delete(line)
    }
    if (this.#closed) {
      line.destroy()
      throw offline(undefined)
    }
    line.use()
    this.#lines.set(address, line)
    return line
  }

  #newLine(place: Place): Line {
    const line = new Line(place, this.clock, {
      invalidated: (key) => this.#listener?.invalidated(key),
      published: (from, message) =>
        this.#listener?.published(message, (key) => this.#lineOf(this.#slotOf(key)) === from),
      lost: (lost, error) => this.#whenLost(lost, error),
    })
    this.#dialled.add(line)
    return line
  }

  #whenLost(line: Line, error: Error): void {
    for (const [address, each] of this.#lines) if (each === line) this.#lines.delete(address)
    if (this.#closed) return
    this.#fault = error
    this.#tell()
    this.#refresh().catch(() => {})
  }

  /** Tells what has changed of that: whether it can be used, and whether changes are told. */
  #tell(): void {
    const lines = [...this.#lines.values()]
    const tracks = this.#isWhole && lines.every((line) => line.tracks)
    const state = lines.length === 0 ? 'lost' : tracks ? 'tracking' : 'connected'
    if (state === this.#told) return
    this.#told = state
    if (state !== 'lost') this.#listener?.connected(state === 'tracking')
    else this.#listener?.lost(unusable(this.#fault as Error))
  }
}

function unusable(cause: Error): Error {
  return coded('EREDIS', `Redis can't be used: ${reasonOf(cause)}`, { cause })
}

/** The slot of a key in a cluster: CRC-16 (XMODEM) of it, or of what it has in braces. */
export function slotOf(key: string): number {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key
  let crc = 0
  for (const byte of Buffer.from(hashed)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021
  }
  return (crc & 0xffff) % SLOTS
}

/** `host:port`, the host of version 6 of IP in it too. */
function split(address: string): [string, number] {
  const at = address.lastIndexOf(':')
  return [address.slice(0, at), Number(address.slice(at + 1))]
}
