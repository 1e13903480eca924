/** An application on some host: signs in and out, counts visits, and has a request that takes as long as a spec wants. And the races with that request. */

import assert from 'node:assert/strict'
import type { SessionData } from 'express-session'
import type { Browser } from './http'

/** What a host hands its handlers, whatever it calls it. */
export interface Visit {
  session(): Record<string, unknown>
  /** Ends the session, as the host's applications do. */
  signOut(): Promise<unknown>
}

export type Handler = (visit: Visit) => Promise<string>

/** The requests of the application by path, and the end of the slow one. */
export function hostedApp() {
  let [pass, arrived] = [() => {}, () => {}]
  const inside = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const released = new Promise<void>((resolve) => {
    pass = resolve
  })
  const handlers: Record<string, Handler> = {
    '/sign-in': async ({ session }) => {
      session().userId = 'ann'
      return 'signed in'
    },
    '/': async ({ session }) => {
      const visits = Number(session().visits ?? 0) + 1
      session().visits = visits
      return `${session().userId ?? 'nobody'}, visit ${visits}`
    },
    '/forget': async ({ session }) => {
      delete session().userId
      return 'forgotten'
    },
    '/slow': async ({ session }) => {
      session().late = 'before'
      arrived()
      await released
      session().late = 'after'
      return 'done'
    },
    '/sign-out': async ({ signOut }) => {
      await signOut()
      return 'signed out'
    },
  }
  return { handlers, inside, pass }
}

/** The application on its host, with a browser that has signed in. */
export interface Opened {
  readonly browser: Browser
  readonly url: string
  /** Resolves when the slow request is under way. */
  readonly inside: Promise<void>
  /** Lets the slow request end. */
  readonly pass: () => void
}

/** Whether a user who signs out is still signed out when a slow request has ended. */
export async function staysOut({ browser, inside, pass }: Opened, path = '/slow') {
  const old = browser.copy()
  const slow = browser.copy().get(path)
  await inside
  await browser.get('/sign-out')
  pass()
  assert.equal((await slow).text, 'done')
  return (await old.get('/')).text.startsWith('nobody')
}

/** Fails if a slow request in one process undoes a logout in another. */
export async function staysOutAcross(one: Opened, other: Opened): Promise<void> {
  const slow = one.browser.copy(other.url).get('/slow')
  await other.inside
  const old = one.browser.copy()
  await one.browser.get('/sign-out')
  other.pass()
  assert.equal((await slow).text, 'done')
  for (const { url } of [one, other]) {
    assert.equal((await old.copy(url).get('/')).text, 'nobody, visit 1')
  }
}

/** Fails if not all is kept that a visit and a slow request change at a time. */
export async function mergesVisits(
  { browser, inside, pass }: Opened,
  store: { all(): Promise<Record<string, SessionData>> },
): Promise<void> {
  const slow = browser.copy().get('/slow')
  await inside
  await browser.get('/')
  pass()
  await slow
  const [kept] = Object.values(await store.all())
  const { visits, late } = Object(kept)
  assert.deepEqual({ visits, late }, { visits: 1, late: 'after' })
}
