import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { audit } from '../support/audit'
import type { Data } from '../support/sessions'
import { coreOf } from '../support/store'
import { near, type Process, Tiers, turns } from '../support/tiers'

const RACES = 20_000

async function read({ store }: Process, sid: string): Promise<unknown> {
  return ((await store.get(sid)) as Data | undefined)?.n
}

describe('a near cache in a race', () => {
  it('keeps nothing of a load that another process overtook, and gives it to nobody who asks later', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    tiers.seed('x', { n: 1 })
    a.home.held = true
    const early = read(a, 'x')
    a.home.deliver()
    a.home.deliver()
    tiers.write('x', { n: 2 })
    // The answer and the invalidation in one chunk: both are heard before anyone who awaits them.
    a.home.arrive(2)
    const late = read(a, 'x')
    assert.equal(await early, 1)
    assert.equal(near(a, 'x'), undefined)
    a.home.held = false
    a.home.settle()
    assert.equal(await late, 2)
    assert.equal(near(a, 'x')?.n, 2)
    assert.equal(a.store.stats().near?.invalidations, 1)
  })

  it('loads a session once for all who ask meanwhile, a fresh object for each', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    tiers.seed('x', { n: 1 })
    const read = await Promise.all([1, 2, 3].map(() => a.store.get('x')))
    assert.equal(a.home.calls, 1)
    assert.equal(new Set(read).size, 3)
    assert.equal(a.store.stats().near?.loads, 1)
  })

  it('keeps nothing of a load that a write of its own overtook', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    tiers.seed('x', { n: 1 })
    a.home.held = true
    const early = read(a, 'x')
    a.home.deliver()
    const set = a.store.set('x', tiers.session({ n: 2 }))
    a.home.deliver()
    a.home.arrive(2)
    assert.equal(await early, 1)
    await set
    assert.equal(near(a, 'x')?.n, 2)
  })

  it('keeps neither of two writes of its own at once, since either may be the last', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    const sets = [1, 2].map((n) => a.store.set('x', tiers.session({ n })))
    await Promise.all(sets)
    assert.equal(near(a, 'x'), undefined)
    assert.equal(await read(a, 'x'), 2)
    assert.equal(near(a, 'x')?.n, 2)
  })

  it('keeps no write that another process overtook', async () => {
    const tiers = new Tiers()
    const [a, b] = [tiers.process(), tiers.process()]
    a.home.held = true
    const set = a.store.set('x', tiers.session({ n: 1 }))
    a.home.deliver()
    await b.store.set('x', tiers.session({ n: 2 }))
    a.home.arrive(2)
    await set
    assert.equal(near(a, 'x'), undefined)
    a.home.held = false
    assert.equal(await read(a, 'x'), 2)
  })

  it('keeps nothing of a load that a flush, a lost connection or a clear overtook', async () => {
    const ends: [string, (tiers: Tiers, a: Process) => unknown][] = [
      ['a flush', ({ server }) => server.flush()],
      ['a loss', (_, { home }) => home.lose()],
      ['a clear', (_, { store }) => store.clear()],
    ]
    for (const [what, end] of ends) {
      const tiers = new Tiers()
      const a = tiers.process()
      tiers.seed('x', { n: 1 })
      a.home.held = true
      const early = read(a, 'x').catch(() => {})
      a.home.deliver()
      void end(tiers, a)
      a.home.held = false
      if (a.store.stats().near?.coherent === false) a.home.regain()
      a.home.settle()
      await early
      await turns(9)
      tiers.clock.settle()
      assert.equal(near(a, 'x'), undefined, what)
      const { calls } = a.home
      assert.equal(await read(a, 'x'), what === 'a loss' ? 1 : undefined, what)
      assert.equal(a.home.calls, calls + 1, what)
    }
  })

  it('finds nothing of what it read while a clear went on', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    tiers.seed('x', { n: 1 })
    const clear = a.home.clear.bind(a.home)
    a.home.clear = async () => {
      assert.equal(await read(a, 'x'), 1)
      return clear()
    }
    await a.store.clear()
    assert.equal(await read(a, 'x'), undefined)
  })

  it('finds nothing at once after a loss, and takes what it held away a few ms at a time', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    for (let n = 0; n < 500; n++) await a.store.set(`x${n}`, tiers.session({ n }))
    a.home.lose()
    await assert.rejects(a.store.get('x7'), /not connected/)
    assert.equal(a.store.stats().near?.coherent, false)
    assert.ok(tiers.clock.settle() >= 1)
    assert.equal(a.store.stats().sessions, 0)
    audit(coreOf(a.store).ledger)
    a.home.regain()
    assert.equal(await read(a, 'x7'), 7)
    assert.deepEqual(a.store.stats().near, { ...a.store.stats().near, losses: 1, coherent: true })
  })

  it(`has no stale session after any of ${RACES} random races`, async () => {
    const tiers = new Tiers()
    const processes = [tiers.process({}, 0), tiers.process({ onConflict: 'merge' }, 0)]
    let seed = 20_261_121
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
      return (seed >> 8) % below
    }
    const pick = <Value>(of: readonly Value[]) => of[random(of.length)] as Value
    let kept = 0
    for (let race = 0; race < RACES; race++) {
      const sid = `s${race % 7}`
      const done: Promise<unknown>[] = []
      for (const { home } of processes) home.held = true
      for (let move = 0; move < 6; move++) {
        const { store, home } = pick(processes)
        const act = random(12)
        if (act < 4) done.push(store.get(sid))
        else if (act < 6) done.push(store.set(sid, tiers.session({ n: race, move })))
        else if (act === 6) done.push(store.touch(sid, tiers.session({}, 60_000 + random(9000))))
        else if (act === 7) done.push(store.destroy(sid))
        else if (act === 8) tiers.write(sid, { foreign: race, move })
        else if (act === 9 && random(50) === 0) tiers.server.flush()
        if (random(2) === 0) home.deliver()
        if (random(2) === 0) home.arrive(1 + random(3))
      }
      for (const { home } of processes) home.held = false
      // A read that goes on may ask again, so more than once.
      for (let i = 0; i < 3; i++) {
        for (const { home } of processes) home.settle()
        await turns(1)
      }
      await Promise.all(done)
      for (const each of processes) each.home.settle()
      for (const each of processes) {
        const held = coreOf(each.store).ledger.find(sid)
        const here = held && each.store && near(each, sid)
        if (held === undefined || here === undefined) continue
        // Cleared by a flush, and not swept yet: nobody finds it.
        if (((await each.store.get(sid)) as Data | undefined) === undefined) continue
        const { cookie: _, ...data } = (await each.store.get(sid)) as Data
        const { cookie: __, ...truth } = JSON.parse(tiers.server.find(sid)?.text ?? '{}')
        assert.deepEqual(data, truth, `race ${race}`)
        kept++
      }
      if (race % 1000 === 0) for (const { store } of processes) audit(coreOf(store).ledger)
    }
    assert.ok(kept > RACES / 10, `only ${kept} were kept`)
  })
})
