import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { Calls, type End, toError } from '../lib/call'
import { runNode } from './support/process'
import { nextTurn } from './support/time'

/** Calls with a listener that notes what it hears. */
function make() {
  const emitter = new EventEmitter()
  const heard: unknown[] = []
  emitter.on('error', (error) => heard.push(error))
  return { emitter, calls: new Calls(emitter), heard }
}

/** What is warned of while a test runs, instead of on the console. */
function warnings(t: TestContext): string[] {
  const said: string[] = []
  t.mock.method(process, 'emitWarning', (message: string) => said.push(message))
  return said
}

const fault = (code: string) => Object.assign(new Error(`of ${code}`), { code })

describe('a method with a callback', () => {
  it('called it once and later, with null for no error', async () => {
    const { calls } = make()
    const called: unknown[][] = []
    const note = (...args: unknown[]) => called.push(args)
    assert.equal(calls.end(note, null, 7), undefined)
    assert.equal(
      calls.later(note, (end) => end(null, 8)),
      undefined,
    )
    assert.deepEqual(called, [])
    await nextTurn()
    assert.deepEqual(called, [
      [null, 7],
      [null, 8],
    ])
    await nextTurn()
    assert.equal(called.length, 2)
  })

  it('called it with the error alone, which the listeners hear once too', async () => {
    const { calls, heard } = make()
    const [one, other] = [fault('EONE'), fault('EOTHER')]
    const called: unknown[][] = []
    const note = (...args: unknown[]) => called.push(args)
    calls.end(note, one)
    calls.later(note, (end) => end(other))
    assert.deepEqual([called, heard], [[], []])
    await nextTurn()
    assert.deepEqual(called, [[one], [other]])
    assert.deepEqual(heard, [one, other])
  })

  it('warns nobody where there is no listener: the callback knows', async (t) => {
    const said = warnings(t)
    const calls = new Calls(new EventEmitter())
    const failed = await new Promise((resolve) => calls.end(resolve, fault('EQUIET')))
    assert.equal((failed as NodeJS.ErrnoException).code, 'EQUIET')
    assert.deepEqual(said, [])
  })

  it('ends only when what it waits for does', async () => {
    const { calls } = make()
    const called: unknown[] = []
    let end: End<number> = () => {}
    calls.later<number>(
      (_: unknown, value: unknown) => called.push(value),
      (ended) => {
        end = ended
      },
    )
    await nextTurn()
    assert.deepEqual(called, [])
    end(null, 1)
    await nextTurn()
    assert.deepEqual(called, [1])
  })

  it('that waits ends in the context of its caller, with the value or with the error alone', async () => {
    const { calls, heard } = make()
    const saved: ((error: Error | null) => void)[] = []
    calls.waitFor({ committed: (done) => saved.push(done) })()
    const caller = new AsyncLocalStorage<string>()
    const called: unknown[][] = []
    const note = (...args: unknown[]) => called.push([caller.getStore(), ...args])
    caller.run('a request', () => {
      calls.change(note, () => 7)
      calls.change(note, () => 8)
    })
    const other = fault('EOTHER')
    caller.run('another', () => {
      saved[0]?.(null)
      saved[1]?.(other)
    })
    await nextTurn()
    assert.deepEqual(called, [
      ['a request', null, 7],
      ['a request', other],
    ])
    assert.deepEqual(heard, [other])
  })

  it('takes no error of the callback for its own: it is the application that fails', async () => {
    const { out } = await runNode(`
      const { Lembro } = require('./lib/store')
      const store = new Lembro()
      let called = 0
      store.on('error', () => console.log('taken for ours'))
      process.on('uncaughtException', (error) => console.log(error.message, ++called))
      const fail = (name) => () => { throw new Error(name) }
      store.set('a', { cookie: {} }, fail('set'))
      store.get('a', fail('get'))
      store.length(fail('length'))
      store.destroy('a', fail('destroy'))
    `)
    assert.deepEqual(out.trim().split('\n'), ['set 1', 'get 2', 'length 3', 'destroy 4'])
  })
})

describe('a method without a callback', () => {
  for (const callback of [undefined, null, {}, 'callback']) {
    it(`gives a promise, as for ${JSON.stringify(callback)}`, async () => {
      const { calls } = make()
      assert.equal(await calls.end(callback, null, 7), 7)
      assert.equal(await calls.later(callback, (end) => end(null, 8)), 8)
    })
  }

  it('rejects it, which the listeners hear once too', async () => {
    const { calls, heard } = make()
    const [one, other] = [fault('EONE'), fault('EOTHER')]
    await assert.rejects(calls.end(undefined, one) as Promise<void>, one)
    await assert.rejects(calls.later(undefined, (end) => end(other)) as Promise<void>, other)
    await nextTurn()
    assert.deepEqual(heard, [one, other])
  })

  it('ends no process where nobody awaits it', async () => {
    const { code, out, err } = await runNode(`
      const { Calls } = require('./lib/call')
      const calls = new Calls(new (require('node:events'))())
      process.on('unhandledRejection', () => console.log('unhandled'))
      calls.end(undefined, new Error('one'))
      calls.later(undefined, (end) => setTimeout(end, 5, new Error('other')))
      setTimeout(() => console.log('goes on'), 20)
    `)
    assert.deepEqual([code, out.trim()], [0, 'goes on'])
    assert.match(err, /LembroWarning: lembro: one/)
  })
})

describe('a report', () => {
  it('warns once for each code where nobody listens', (t) => {
    const said = warnings(t)
    const calls = new Calls(new EventEmitter())
    for (const code of ['EA', 'EB', 'EA', 'EB', 'EC']) calls.report(fault(code))
    assert.deepEqual(
      said,
      ['EA', 'EB', 'EC'].map((code) => `lembro: of ${code} (listen to 'error' to hear of each)`),
    )
  })

  it('goes by the name of an error that has no code', (t) => {
    const said = warnings(t)
    const calls = new Calls(new EventEmitter())
    for (const message of ['first', 'second']) calls.report(new SyntaxError(message))
    assert.equal(said.length, 1)
    assert.match(said[0] ?? '', /first/)
  })

  it('tells each to the listeners, later, and warns of none', async (t) => {
    const said = warnings(t)
    const { calls, heard } = make()
    const faults = [fault('ED'), fault('ED')]
    for (const each of faults) calls.report(each)
    assert.deepEqual(heard, [])
    await nextTurn()
    assert.deepEqual(heard, faults)
    assert.deepEqual(said, [])
  })

  it('ends no process where a listener throws: that is a warning', async (t) => {
    const said = warnings(t)
    const { emitter, calls } = make()
    emitter.on('error', () => assert.fail('I did not expect that'))
    calls.report(fault('EF'))
    await nextTurn()
    assert.match(String(said), /an 'error' listener threw: I did not expect that/)
  })

  it('ends no process where the last listener left meanwhile', async () => {
    const { emitter, calls, heard } = make()
    calls.report(fault('EE'))
    emitter.removeAllListeners('error')
    await nextTurn()
    assert.deepEqual(heard, [])
  })
})

describe('toError', () => {
  it('gives what was thrown as an Error', () => {
    const error = new RangeError('as it is')
    assert.equal(toError(error), error)
    assert.equal(toError('text').message, 'text')
    assert.equal(toError(undefined).message, 'undefined')
    assert.equal(toError(null).message, 'null')
  })

  it('shows nothing of an object that was thrown, which may be a session', () => {
    assert.equal(toError({ name: 'secret' }).message, 'no Error was thrown; got an object')
  })
})
