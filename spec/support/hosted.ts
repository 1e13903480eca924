/** An application on some host: signs in and out, counts visits, and has a request that takes as long as a spec wants. */

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
