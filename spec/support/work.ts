/** Counts work instead of time: entries looked at, steps in Maps and Sets, text serialised. */

import type { Entry } from '../../lib/entry/entry'
import { Ledger } from '../../lib/ledger/ledger'
import type { Serializer } from '../../lib/settings/options'

export interface Work {
  /** Stored entries of which any field was read or written. */
  readonly entries: number
  /** Calls of Map and Set methods, and steps of their iterators. */
  readonly steps: number
  /** Characters that went through the serializer, in either direction. */
  readonly characters: number
}

const FIELDS = ['body', 'cookie', 'expiry', 'holder', 'bytes', 'used', 'since', 'lane'] as const
const LINKS = ['older', 'newer', 'sooner', 'later'] as const
const COLLECTIONS = [Map.prototype, Set.prototype] as unknown as Record<string, Method>[]
const ITERATORS = [new Map(), new Set()].map((empty) =>
  Object.getPrototypeOf(empty[Symbol.iterator]()),
) as Record<string, Method>[]

type Method = (this: unknown, ...args: unknown[]) => unknown

let looked: Set<Entry> | undefined
let steps = 0
let characters = 0

/** JSON that counts what it reads and writes. */
export const countingSerializer: Serializer = {
  stringify(session) {
    const text = JSON.stringify(session)
    characters += text.length
    return text
  },
  parse(text) {
    characters += text.length
    return JSON.parse(text)
  },
}

/** From now on notices when an entry that is put into any ledger is looked at. Undone by what it returns. */
export function watchEntries(): () => void {
  const { put } = Ledger.prototype
  const watched = new WeakSet<Entry>()
  Ledger.prototype.put = function (entry, content, bytes) {
    if (!watched.has(entry)) watch(entry)
    watched.add(entry)
    return put.call(this, entry, content, bytes)
  }
  return () => {
    Ledger.prototype.put = put
  }
}

/** What `run` does until its promise is fulfilled. */
export async function workOf(run: () => Promise<unknown>): Promise<Work> {
  const visited = new Set<Entry>()
  const restore = [
    ...COLLECTIONS.flatMap((each) =>
      ['get', 'set', 'has', 'add', 'delete', 'forEach'].map((name) => count(each, name)),
    ),
    ...ITERATORS.map((each) => count(each, 'next')),
  ]
  ;[steps, characters] = [0, 0]
  looked = visited
  try {
    await run()
  } finally {
    looked = undefined
    for (const undo of restore) undo()
  }
  return { entries: visited.size, steps, characters }
}

const { add } = Set.prototype

function watch(entry: Entry): void {
  for (const field of [...FIELDS, ...LINKS]) {
    let value: unknown = entry[field]
    Object.defineProperty(entry, field, {
      get() {
        if (looked !== undefined) add.call(looked, entry)
        return value
      },
      set(given: unknown) {
        if (looked !== undefined) add.call(looked, entry)
        value = given
      },
    })
  }
}

function count(owner: Record<string, Method>, name: string): () => void {
  const original = owner[name]
  if (original === undefined) return () => {}
  owner[name] = function (...args) {
    const { size } = this as { size?: number }
    steps += name === 'forEach' ? (size ?? 1) : 1
    return original.apply(this, args)
  }
  return () => {
    owner[name] = original
  }
}
