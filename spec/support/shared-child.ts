/**
 * A process with a store in a shared file: lives as visitors do and writes down what it begins and what
 * it was told, or does what its parent asks. Run by `spec/support/shared-processes.ts`.
 */

import fs from 'node:fs'
import type { HomeSession } from '../../lib/home/home'
import { SharedHome } from '../../lib/shared/shared-home'
import { type Data, load, newSession } from './sessions'
import { openShared } from './shared'
import type { Ask, Said } from './shared-processes'

const { SAVE_FILE: saveFile = '', LOG = '', SESSIONS = '50', MUTANT = '' } = process.env
const options = JSON.parse(process.env.OPTIONS ?? '{}')
const log = LOG === '' ? -1 : fs.openSync(LOG, 'a')

/** What a defect would do that the checker has to find. */
const MUTANTS: Record<string, () => void> = {
  // A cache that nobody invalidates.
  cached() {
    const { load: real } = SharedHome.prototype
    const kept = new Map<string, Promise<HomeSession | undefined>>()
    SharedHome.prototype.load = async function (sid, read) {
      const found = kept.get(sid) ?? real.call(this, sid, (found) => found)
      if (!kept.has(sid)) {
        kept.set(sid, found as Promise<HomeSession | undefined>)
        setTimeout(() => kept.delete(sid), 20)
      }
      return read(await (found as Promise<HomeSession | undefined>))
    }
  },
  // A save that asks for nothing.
  always() {
    const { save: real } = SharedHome.prototype
    SharedHome.prototype.save = function (save) {
      return real.call(this, { ...save, when: 'always' })
    }
  },
  // A save that does not compare.
  unmerged() {
    const { save: real } = SharedHome.prototype
    SharedHome.prototype.save = function (save) {
      const when = typeof save.when === 'string' ? save.when : 'exists'
      return real.call(this, { ...save, when })
    }
  },
  // An answer before the change.
  early() {
    const { destroy: real } = SharedHome.prototype
    SharedHome.prototype.destroy = async function (sids) {
      setTimeout(() => real.call(this, sids), 3)
      return sids.map(() => '{}')
    }
  },
}

/** The clock that all processes of a machine share, in ms. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function say(said: Said): void {
  fs.writeSync(log, `${JSON.stringify(said)}\n`)
}

let count = 0

function pick(): string {
  return `s${Math.floor(Math.random() * Number(SESSIONS))}`
}

async function main(): Promise<void> {
  MUTANTS[MUTANT]?.()
  const { store, error, heard } = await openShared({ saveFile, onConflict: 'merge', ...options })
  process.send?.({ ready: error === null, error: String(error) })

  async function step(): Promise<void> {
    const sid = pick()
    const id = `${process.pid}-${count++}`
    const begin = now()
    const chance = Math.random()
    const known = (await store.get(sid)) as Data | undefined
    const life = known?.life as string | undefined
    const keys = Object.keys(known ?? {}).filter((key) => key.startsWith('k'))
    say({ kind: 'read', id, sid, life, keys, begin, end: now() })
    if (known === undefined) {
      // Else two sign in at once under one id: no visitor does.
      if (Number(sid.slice(1)) % 4 !== Number(process.env.NTH)) return
      say({ kind: 'create', id, sid, life: id, keys: [], begin: now(), end: undefined })
      await store.set(sid, newSession(store, sid, { life: id, user: `u${sid}` }))
      say({ kind: 'create', id, sid, life: id, keys: [], begin: 0, end: now() })
    } else if (chance < 0.2) {
      say({ kind: 'destroy', id, sid, life, keys: [], begin: now(), end: undefined })
      if (chance < 0.05) await store.destroyOwner(`u${sid}`)
      else await store.destroy(sid)
      say({ kind: 'destroy', id, sid, life, keys: [], begin: 0, end: now() })
    } else if (chance < 0.7) {
      const live: Data = await load(store, sid).catch(() => ({}) as Data)
      if (live.life === undefined) return
      // A slow request.
      if (chance < 0.4) await new Promise((resolve) => setTimeout(resolve, 10 * Math.random()))
      const key = `k${id}`
      live[key] = 1
      say({
        kind: 'add',
        id,
        sid,
        life: live.life as string,
        keys: [key],
        begin: now(),
        end: undefined,
      })
      await store.set(sid, live)
      say({ kind: 'add', id, sid, life: live.life as string, keys: [key], begin: 0, end: now() })
    }
  }

  async function live(): Promise<void> {
    for (;;) {
      try {
        await step()
      } catch (thrown) {
        say({
          kind: 'failed',
          id: '',
          sid: String(thrown),
          life: undefined,
          keys: [],
          begin: 0,
          end: now(),
        })
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  process.on('message', async (ask: Ask) => {
    try {
      const value = await answer(ask)
      process.send?.({ id: ask.id, value })
    } catch (thrown) {
      process.send?.({ id: ask.id, error: String(thrown), code: Object(thrown).code })
    }
  })

  async function answer(ask: Ask): Promise<unknown> {
    const [sid = '', value] = ask.args as [string, never]
    if (ask.act === 'live') for (let n = 0; n < 4; n++) live()
    else if (ask.act === 'set') await store.set(sid, newSession(store, sid, value))
    else if (ask.act === 'get') return store.get(sid)
    else if (ask.act === 'destroy') await store.destroy(sid)
    else if (ask.act === 'destroyOwner') return store.destroyOwner(sid)
    else if (ask.act === 'idsOf') return store.idsOf(sid)
    else if (ask.act === 'length') return store.length()
    else if (ask.act === 'stats') return store.stats()
    else if (ask.act === 'heard') return heard.map((each) => Object(each).code)
    else if (ask.act === 'fill') {
      const [from, to, owner] = ask.args as [number, number, string | undefined]
      for (let at = from; at < to; ) {
        const batch: Promise<void>[] = []
        for (let n = 0; n < 64 && at < to; n++, at++) {
          const name = `${owner ?? 'x'}${at}`
          const user = owner === undefined ? {} : { user: name }
          batch.push(store.set(name, newSession(store, name, { ...user, text: 'x'.repeat(300) })))
        }
        await Promise.all(batch)
      }
    } else if (ask.act === 'close') await store.close()
    return undefined
  }
}

process.on('disconnect', () => process.exit())
main()
