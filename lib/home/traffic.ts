/**
 * What is under way between this process and the home of its sessions, so that nothing is kept that
 * was overtaken: a load that several callers share, and the writes of each session.
 *
 * An invalidation can come between an answer and the code that awaits it. So each load and write has
 * a ticket from before it was sent, and whatever may have changed the session spoils the ticket.
 */

/** Of a load or a write: whether what it brings may be kept. */
export interface Ticket {
  good: boolean
}

interface Load<Value> {
  readonly ticket: Ticket
  readonly promise: Promise<Value>
}

export class Traffic<Value> {
  readonly #loads = new Map<string, Load<Value>>()
  readonly #writes = new Map<string, Set<Ticket>>()

  /**
   * What a load of that session gives: one that is under way and good, else a new one. If this process `isTold` of no
   * changes, always a new one: that under way may have its answer already, from before the last change.
   */
  load(sid: string, isTold: boolean, start: (ticket: Ticket) => Promise<Value>): Promise<Value> {
    if (!isTold) return start({ good: false })
    const joined = this.#loads.get(sid)
    if (joined !== undefined) return joined.promise
    // A write that is under way may be tried again after it.
    const ticket = { good: !this.#writes.has(sid) }
    const promise = start(ticket)
    const end = () => {
      if (this.#loads.get(sid)?.ticket === ticket) this.#loads.delete(sid)
    }
    promise.then(end, end)
    this.#loads.set(sid, { ticket, promise })
    return promise
  }

  /** Begins a write of sessions. Its ticket stays good only if it is alone until its end. */
  begin(sids: readonly string[]): Ticket {
    const ticket = { good: true }
    for (const sid of sids) {
      this.spoil(sid)
      const others = this.#writes.get(sid)
      if (others === undefined) this.#writes.set(sid, new Set([ticket]))
      else {
        ticket.good = false
        others.add(ticket)
      }
    }
    return ticket
  }

  end(sids: readonly string[], ticket: Ticket): void {
    for (const sid of sids) {
      const writes = this.#writes.get(sid)
      writes?.delete(ticket)
      if (writes?.size === 0) this.#writes.delete(sid)
    }
  }

  /** Something may have changed that session. Returns whether anything was under way. */
  spoil(sid: string): boolean {
    const writes = this.#writes.get(sid)
    if (writes !== undefined) for (const ticket of writes) ticket.good = false
    return this.#spoilLoad(sid) || writes !== undefined
  }

  /** Anything may have changed. */
  spoilAll(): void {
    for (const sid of this.#loads.keys()) this.#spoilLoad(sid)
    for (const sid of this.#writes.keys()) this.spoil(sid)
  }

  // Those who ask from now on must not join it.
  #spoilLoad(sid: string): boolean {
    const load = this.#loads.get(sid)
    if (load === undefined) return false
    load.ticket.good = false
    return this.#loads.delete(sid)
  }
}
