/** A process that lives to be killed: sets, touches and destroys, and tells its parent of each beginning and end. */

import session from 'express-session'
import { begin as start } from './saving'

/** `n` and `expiry` of the session as it is to be; nothing if it is to be gone. */
export interface Said {
  readonly sid: string
  readonly turn: number
  readonly done: boolean
  readonly n?: number
  readonly expiry?: number
}

const { Cookie } = session as unknown as { Cookie: new (options: object) => session.Cookie }
const [, , saveFile, round, savePeriod] = process.argv
const SIDS = 400
/** A backlog in every other life. */
const AT_ONCE = Number(round) % 2 === 0 ? 24 : 300
const SAVES_EVERY = 1000

const options = { saveFile: saveFile as string, savePeriod: Number(savePeriod), maxSize: '64M' }
const { store } = start(options)
store.on('error', () => process.exit(3))

const current = new Map<string, number>()
const busy = new Set<string>()
let turn = 0
let waiting: Said[] = []

// Before anything of it can be on the disk: only what is sent is known when this process is killed.
function begin(said: Said, go: () => void): void {
  process.send?.([said], undefined, undefined, go)
}

// Ends go together.
function end(said: Said): void {
  waiting.push(said)
  if (waiting.length > 1) return
  setImmediate(() => {
    process.send?.(waiting)
    waiting = []
  })
}

function next(): void {
  const sid = `sid-${Math.floor(Math.random() * SIDS)}`
  // One at a time for each, so that the parent knows what its state may be.
  if (busy.has(sid)) return void setImmediate(next)
  busy.add(sid)
  const mine = { sid, turn: ++turn }
  if (turn % SAVES_EVERY === 0) store.save().catch(() => process.exit(5))
  const expiry = Date.now() + 60_000_000 + Math.floor(Math.random() * 1e6)
  const cookie = new Cookie({ expires: new Date(expiry) })
  const n = current.get(sid)
  const chance = Math.random()
  const ended = (after: object) => (error: Error | null) => {
    if (error !== null) process.exit(4)
    end({ ...mine, ...after, done: true })
    busy.delete(sid)
    next()
  }
  if (n === undefined || chance < 0.4) {
    const fresh = Number(round) * 1e6 + turn
    current.set(sid, fresh)
    const most = Math.random() < 0.05 ? 40_000 : 2000
    const text = 'x'.repeat(Math.floor(Math.random() * most))
    const session = { cookie, n: fresh, text } as never
    begin({ ...mine, n: fresh, expiry, done: false }, () =>
      store.set(sid, session, ended({ n: fresh, expiry })),
    )
  } else if (chance < 0.8) {
    begin({ ...mine, n, expiry, done: false }, () =>
      store.touch(sid, { cookie } as never, ended({ n, expiry })),
    )
  } else {
    current.delete(sid)
    begin({ ...mine, done: false }, () => store.destroy(sid, ended({})))
  }
}

store.all((_, all) => {
  for (const [sid, stored] of Object.entries(all)) {
    current.set(sid, (stored as unknown as { n: number }).n)
  }
  for (let n = 0; n < AT_ONCE; n++) next()
})
