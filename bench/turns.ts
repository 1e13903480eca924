/** Stores take turns round by round, so that whatever else the machine does meanwhile falls on all of them. */

import { Child } from './child.js'
import { median } from './figures.js'
import { type Spread, spreadOf } from './noise.js'
import type { StoreName } from './stores.js'

/** A process for each store. */
export class Field {
  readonly #children = new Map<string, Child>()
  readonly stores: readonly StoreName[]

  constructor(stores: readonly StoreName[], flags: readonly string[] = []) {
    this.stores = stores
    for (const store of stores) this.#children.set(store, new Child(flags))
  }

  child(store: StoreName): Child {
    const child = this.#children.get(store)
    if (child === undefined) throw new Error(`${store} is not in this field`)
    return child
  }

  /** Calls for every store, two at a time: for what is prepared, never for what is timed. */
  prepare(each: (store: StoreName, child: Child) => Promise<unknown>): Promise<void> {
    return inPairs(this.stores, async (store) => void (await each(store, this.child(store))))
  }

  async end(): Promise<void> {
    await Promise.all([...this.#children.values()].map((child) => child.end()))
  }
}

/** The median for each that took part. */
export type Medians<Name extends string> = Readonly<Record<Name, number>>

/** What came of turns, and how far the rounds of the floor spread. */
export interface Turns<Name extends string> extends Spread {
  readonly medians: Medians<Name>
}

/** Measures each in turn, round by round. `floor` is the one whose rounds show how quiet the machine was. */
export async function takeTurns<Name extends string>(
  names: readonly Name[],
  floor: Name,
  rounds: number,
  measure: (name: Name) => Promise<number>,
): Promise<Turns<Name>> {
  const figures = new Map<Name, number[]>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    // The order changes, so that no store always follows the same one.
    const first = round % names.length
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      figures.get(name)?.push(await measure(name))
    }
  }
  const medians = names.map((name) => [name, median(figures.get(name) ?? [])])
  return {
    medians: Object.fromEntries(medians) as Medians<Name>,
    spread: spreadOf(figures.get(floor) ?? []),
  }
}

/** A field for as long as it is used. */
export async function withField<Result>(
  stores: readonly StoreName[],
  use: (field: Field) => Promise<Result>,
): Promise<Result> {
  const field = new Field(stores)
  try {
    return await use(field)
  } finally {
    await field.end()
  }
}

/** Calls for each, two at a time: for what is not timed. */
export async function inPairs<Each>(
  all: readonly Each[],
  call: (each: Each) => Promise<void>,
): Promise<void> {
  const waiting = [...all]
  const work = async () => {
    for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) await call(each)
  }
  await Promise.all([work(), work()])
}
