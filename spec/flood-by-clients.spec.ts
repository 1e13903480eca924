/** Strangers who are slow: who can still sign in when others come in numbers? */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LembroOptions } from '../lib/settings/options'
import type { Lembro } from '../lib/store'
import { newSession, slicedSid } from './support/sessions'
import { storeAt } from './support/store'
import { nextTurn, stopTime } from './support/time'

type TestContext = Parameters<typeof stopTime>[0]

const HONEST = 60
/** Strangers a second, in all. */
const RATE = 3600
/** Seconds that it takes an honest one to fill in the form. */
const FORM = 5

const ipOf = (req: unknown) => (req as { ip?: string }).ip

function openForm(store: Lembro, sid: string, ip: string): void {
  const session = newSession(store, sid, { csrf: 'token-of-some-length'.repeat(2) })
  Object.assign(session.req as object, { ip })
  store.set(sid, session, () => {})
}

/** One honest stranger each second opens a form and sends it 5 s later, while so many clients flood. Gives how many could. */
async function signIns(t: TestContext, clients: number, options: LembroOptions): Promise<number> {
  const time = stopTime(t)
  const store = storeAt(time.clock, { maxSize: '4M', interval: false, ...options })
  let [came, signedIn] = [0, 0]
  for (let second = 0; second < HONEST + FORM; second++) {
    for (let tenth = 0; tenth < 10; tenth++) {
      for (let n = 0; n < RATE / 10; n++) {
        openForm(store, `hostile-${came}`, `10.0.${came % clients}`)
        came++
      }
      time.pass(100)
      await nextTurn()
    }
    if (second < HONEST) openForm(store, `honest-${second}`, `192.168.${second}`)
    const sid = `honest-${second - FORM}`
    if (second >= FORM && (await store.get(slicedSid(sid)))) signedIn++
  }
  return signedIn
}

describe('slow strangers in a flood of 3,600 strangers a second', () => {
  it('sign in, 60 of 60, where one client floods and the option client tells it apart', async (t) => {
    assert.equal(await signIns(t, 1, { client: ipOf }), HONEST)
  })

  it('sign in, 60 of 60, where a thousand clients flood', async (t) => {
    assert.equal(await signIns(t, 1000, { client: ipOf }), HONEST)
  })

  it('are among the crowd without that option: none can', async (t) => {
    assert.equal(await signIns(t, 1, {}), 0)
  })
})
