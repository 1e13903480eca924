import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import { it } from 'node:test'
import { newSaveFile, othersBeside } from '../support/folder'
import type { Said } from '../support/killed'
import { TYPESCRIPT } from '../support/process'
import { rounds } from '../support/rounds'
import { open } from '../support/saving'

const ROUNDS = rounds(8)
const VICTIM = path.join(__dirname, '..', 'support', 'killed.ts')

/** What a child said it was told: of each session the last version acknowledged, and what it had begun since. */
interface Known {
  acknowledged: Said | undefined
  readonly begun: Said[]
}

/** Keeps book of one process after the other that lives on the same file. */
class Book {
  readonly #known = new Map<string, Known>()
  acknowledged = 0

  note(said: Said): void {
    const known = this.#of(said.sid)
    if (!said.done) {
      known.begun.push(said)
      return
    }
    this.acknowledged++
    known.acknowledged = said
    const at = known.begun.findIndex(({ turn }) => turn === said.turn)
    known.begun.splice(0, at + 1)
  }

  /** Compares what is there with what must be, and goes on from there. */
  check(found: Map<string, { n: number; expiry: number }>): void {
    for (const [sid, known] of this.#known) {
      const there = found.get(sid)
      const possible = [known.acknowledged, ...known.begun].map((said) => stateAfter(said, there))
      const text = `${sid}: ${JSON.stringify(there)} of ${JSON.stringify(known)}`
      const at = possible.indexOf(true)
      assert.ok(at !== -1, text)
      if (at > 0) known.acknowledged = known.begun[at - 1]
      known.begun.length = 0
    }
    for (const sid of found.keys()) assert.ok(this.#known.has(sid), `${sid} was never set`)
  }

  #of(sid: string): Known {
    const known = this.#known.get(sid) ?? { acknowledged: undefined, begun: [] }
    this.#known.set(sid, known)
    return known
  }
}

function stateAfter(said: Said | undefined, there: { n: number; expiry: number } | undefined) {
  if (said === undefined || said.n === undefined) return there === undefined
  return there?.n === said.n && there.expiry === said.expiry
}

it(`loses nothing acknowledged and brings nothing back, killed ${ROUNDS} times under load`, async (t) => {
  const saveFile = newSaveFile()
  const book = new Book()
  for (let round = 0; round < ROUNDS; round++) {
    const savePeriod = round % 4 === 3 ? 0 : 1000
    await liveAndDie(book, saveFile, round, savePeriod)
    const { store, error, heard } = await open({ saveFile, maxSize: '64M' })
    assert.equal(error, null)
    // What a kill leaves is no damage.
    assert.deepEqual(heard, [])
    const found = new Map<string, { n: number; expiry: number }>()
    for (const [sid, session] of Object.entries(await store.all())) {
      const { n, cookie } = session as unknown as { n: number; cookie: { expires: string } }
      found.set(sid, { n, expiry: Date.parse(cookie.expires) })
    }
    await store.close()
    assert.deepEqual(othersBeside(saveFile), [])
    book.check(found)
  }
  t.diagnostic(`${book.acknowledged} acknowledged`)
  assert.ok(book.acknowledged > ROUNDS * 100)
})

/** Lets a process live on a file for a random while, then kills it. */
async function liveAndDie(
  book: Book,
  saveFile: string,
  round: number,
  savePeriod: number,
): Promise<void> {
  const child: ChildProcess = fork(VICTIM, [saveFile, String(round), String(savePeriod)], {
    execArgv: TYPESCRIPT,
  })
  const died = new Promise((resolve) => child.once('close', resolve))
  // At a random moment: so many messages after the first, and some ms.
  let left = 1 + Math.floor(Math.random() * 3000)
  child.on('message', (batch: Said[]) => {
    for (const said of batch) book.note(said)
    if (--left === 0) setTimeout(() => child.kill('SIGKILL'), Math.random() * 20)
  })
  await died
}
