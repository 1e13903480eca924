/** A kill, or a power cut, between any two steps of a store with changes that wait, and a disk that fails now and then. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import type { LembroStore } from '../../lib/store'
import { newSaveFile } from '../support/folder'
import { rounds } from '../support/rounds'
import { cut, disk, killed, open, walOf } from '../support/saving'
import { nextTurn } from '../support/time'

const RUNS = rounds(5)
const STEPS = 60
const SIDS = 8
const OPTIONS = { maxSize: '64M', savePeriod: false } as const

/** What a session was one after the other, and from which on it must be there after a kill, and after a cut. */
interface History {
  readonly states: (string | undefined)[]
  acknowledged: number
  synced: number
}

class Book {
  readonly #histories = new Map<string, History>()

  of(sid: string): History {
    const history = this.#histories.get(sid) ?? { states: [undefined], acknowledged: 0, synced: 0 }
    this.#histories.set(sid, history)
    return history
  }

  latest(sid: string): string | undefined {
    return this.of(sid).states.at(-1)
  }

  /** All as it is now; gives what is to be called once that is said to be saved. */
  moment(what: 'acknowledged' | 'synced', sids: Iterable<string> = this.#histories.keys()) {
    const lengths = [...sids].map((sid) => [this.of(sid), this.of(sid).states.length - 1] as const)
    return () => {
      for (const [history, at] of lengths) {
        history.acknowledged = Math.max(history.acknowledged, at)
        if (what === 'synced') history.synced = Math.max(history.synced, at)
      }
    }
  }

  /** Gives what is to be called with what was found in a copy that is made now. */
  expect(since: 'acknowledged' | 'synced'): (found: Map<string, string>) => void {
    const all = [...this.#histories].map(([sid, history]) => {
      return [sid, history.states.slice(history[since])] as const
    })
    return (found) => {
      for (const [sid, possible] of all) {
        const text = `${sid} is ${found.get(sid)}, none of ${possible} that were ${since}`
        assert.ok(possible.includes(found.get(sid)), text)
      }
    }
  }
}

async function found(file: string): Promise<Map<string, string>> {
  const { store, error, heard } = await open({ saveFile: file, ...OPTIONS })
  assert.deepEqual([error, heard], [null, []])
  const all = Object.entries(await store.all()) as unknown as [
    string,
    { n: number; cookie: { expires: string } },
  ][]
  await store.close()
  return new Map(all.map(([sid, { n, cookie }]) => [sid, `${n} ${Date.parse(cookie.expires)}`]))
}

async function run(seed: number): Promise<void> {
  const book = new Book()
  const saveFile = newSaveFile()
  const { store } = await open({ saveFile, ...OPTIONS })
  let synced = walOf(saveFile)
  let isFailing = false
  const pending: Promise<unknown>[] = []
  const change = (sid: string, state: string | undefined, begin: () => Promise<void>) => {
    book.of(sid).states.push(state)
    const acknowledge = book.moment('acknowledged', [sid])
    const isSaving = store.stats().save?.saving
    pending.push(
      begin().then(
        () => isSaving && store.stats().save?.saving && acknowledge(),
        () => {},
      ),
    )
  }
  for (let nth = 0; nth < STEPS; nth++) {
    const chance = Math.random()
    const sid = `s${Math.floor(Math.random() * SIDS)}`
    const n = seed * 1000 + nth
    const expires = Date.now() + 6e7 + nth
    const cookie = { originalMaxAge: null, expires: new Date(expires) }
    if (chance < 0.4) {
      const text = 'x'.repeat(Math.random() < 0.2 ? 400_000 : 2000)
      change(sid, `${n} ${expires}`, () => store.set(sid, { cookie, n, text } as never))
    } else if (chance < 0.55 && book.latest(sid) !== undefined) {
      const state = `${book.latest(sid)?.split(' ')[0]} ${expires}`
      change(sid, state, () => store.touch(sid, { cookie } as never))
    } else if (chance < 0.65) change(sid, undefined, () => store.destroy(sid))
    else if (chance < 0.67) clear(store, book, pending)
    else if (chance < 0.72 && !isFailing) {
      const all = book.moment('synced')
      await save(store)
      all()
      synced = walOf(saveFile)
    } else if (chance < 0.76) {
      isFailing = !isFailing
      disk(saveFile, isFailing ? 'EIO' : undefined)
    } else if (chance < 0.85) await Promise.all(pending.splice(0))
    else if (chance < 0.9) book.expect('acknowledged')(await found(killed(saveFile)))
    else if (chance < 0.95) book.expect('synced')(await found(cut(saveFile, synced)))
    else await nextTurn()
  }
  disk(saveFile, undefined)
  const all = book.moment('synced')
  await save(store)
  all()
  book.expect('synced')(await found(killed(saveFile)))
  await store.close()
  const folder = path.dirname(saveFile)
  for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name))
}

/** The first time it may be told of an attempt that had begun before the disk was back. */
function save(store: LembroStore): Promise<void> {
  return store.save().catch(() => store.save())
}

function clear(store: LembroStore, book: Book, pending: Promise<unknown>[]): void {
  const sids = Array.from({ length: SIDS }, (_, n) => `s${n}`)
  for (const sid of sids) book.of(sid).states.push(undefined)
  const acknowledge = book.moment('acknowledged', sids)
  pending.push(store.clear().then(acknowledge, () => {}))
}

it(`has what was acknowledged after a kill, and what was synced after a cut, in ${RUNS} lives`, async () => {
  for (let seed = 0; seed < RUNS; seed++) await run(seed)
})
