/** A naive store: what lembro does, written as plainly as can be, to compare it with. */

import { ENTRY_BYTES, OWNER_BYTES } from '../../lib/entry/entry'
import { textBytes } from '../../lib/entry/text'

export interface Limits {
  readonly maxBytes: number
  readonly max: number
}

/** One life of a session id, from its first set to its destruction. */
export interface Life {
  destroyed: boolean
}

export interface Kept {
  readonly sid: string
  readonly data: object
  readonly owner: string | undefined
  readonly expiry: number
  readonly bytes: number
  readonly life: Life
}

/** Live entries, oldest first. Whatever has expired is simply not there. */
export class Model {
  kept: Kept[] = []
  readonly #limits: Limits

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get bytes(): number {
    return this.kept.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  find(sid: string): Kept | undefined {
    return this.kept.find((kept) => kept.sid === sid)
  }

  expire(now: number): void {
    this.kept = this.kept.filter(({ expiry }) => expiry > now)
  }

  set(sid: string, data: { userId?: string }, expiry: number, now: number, life?: Life): Life {
    const stored = this.find(sid)
    const kept = {
      sid,
      data,
      owner: data.userId,
      expiry,
      bytes: weight(sid, data),
      life: stored?.life ?? life ?? { destroyed: false },
    }
    this.#put(kept, now)
    return kept.life
  }

  touch(sid: string, expiry: number, now: number): void {
    const stored = this.find(sid)
    if (stored !== undefined) this.#put({ ...stored, expiry }, now)
  }

  destroy(sid: string): void {
    const stored = this.find(sid)
    if (stored === undefined) return
    stored.life.destroyed = true
    this.#drop(stored)
  }

  reduce(goal: number): void {
    while (this.kept.length > 1 && this.bytes > goal) this.#evict('bytes', goal, 0)
  }

  #put(kept: Kept, now: number): void {
    const stored = this.find(kept.sid)
    if (stored !== undefined) this.#drop(stored)
    if (kept.expiry <= now) return
    const { maxBytes, max } = this.#limits
    const isStranger = kept.owner === undefined
    while (this.kept.length + 1 > max) this.#evict('size', max, isStranger ? 1 : 0)
    const crowded = this.bytes + kept.bytes > maxBytes
    while (this.bytes + kept.bytes > maxBytes) {
      this.#evict('bytes', maxBytes, isStranger ? kept.bytes : 0)
    }
    this.kept.push(kept)
    if (crowded) this.reduce(maxBytes * 0.75)
  }

  #evict(measure: 'bytes' | 'size', goal: number, incoming: number): void {
    const strangers = this.kept.filter(({ owner }) => owner === undefined)
    const members = this.kept.filter(({ owner }) => owner !== undefined)
    const bytes = strangers.reduce((sum, kept) => sum + kept.bytes, 0)
    const share = (measure === 'bytes' ? bytes : strangers.length) + incoming
    const fromStrangers = strangers.length > 0 && (share > goal / 5 || members.length === 0)
    const [victim] = fromStrangers ? strangers : members
    if (victim !== undefined) this.#drop(victim)
  }

  #drop(gone: Kept): void {
    this.kept = this.kept.filter((kept) => kept !== gone)
  }
}

/** What a session weighs, for one whose cookie is like all others. */
export function weight(sid: string, data: { userId?: string }): number {
  const owner = data.userId === undefined ? 0 : OWNER_BYTES + textBytes(data.userId)
  return ENTRY_BYTES + textBytes(sid) + textBytes(JSON.stringify(data)) + owner
}
