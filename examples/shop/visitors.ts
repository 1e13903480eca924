/**
 * The traffic, in a process of its own: visitors that keep their cookie as a browser does. One in
 * ten is a member, who signs in and keeps coming back. The others are strangers: each looks around
 * for a few pages and is never seen again, and the next stranger takes the place.
 */

import { Agent, type IncomingMessage, request } from 'node:http'
import { GOODS } from './goods'

const MOST_PER_SECOND = 300
const MOST_AT_ONCE = 30
const TICK_MS = 20
const ONE_MEMBER_IN = 10
const MOST_PAGES_OF_A_STRANGER = 4

const agent = new Agent({ keepAlive: true, maxSockets: MOST_AT_ONCE })

/** What a visitor does next: a page to get, or a form to send. */
interface Step {
  readonly path: string
  readonly form?: Record<string, string>
}

abstract class Visitor {
  #cookie = ''

  abstract next(): Step

  /** Hears whether the shop took this visitor for a new one. */
  abstract answered(path: string, isNew: boolean): void

  async visit(port: number): Promise<void> {
    const step = this.next()
    const response = await send(port, step, this.#cookie)
    const [cookie] = response.headers['set-cookie'] ?? []
    if (cookie !== undefined) this.#cookie = cookie.split(';')[0] ?? ''
    this.answered(step.path, cookie !== undefined)
  }

  protected forget(): void {
    this.#cookie = ''
  }
}

class Member extends Visitor {
  readonly #name: string
  #signedIn = false

  constructor(name: string) {
    super()
    this.#name = name
  }

  next(): Step {
    if (!this.#signedIn) return { path: '/sign-in', form: { name: this.#name } }
    return chance(4) ? addSomething() : { path: '/' }
  }

  answered(path: string, isNew: boolean): void {
    // A new cookie after anything but a sign-in: the shop has forgotten this member.
    if (path === '/sign-in') this.#signedIn = true
    else if (isNew) this.#signedIn = false
  }
}

class Stranger extends Visitor {
  #pagesLeft = pagesOfAStranger()

  next(): Step {
    return chance(4) ? addSomething() : { path: '/' }
  }

  answered(): void {
    if (--this.#pagesLeft > 0) return
    this.forget()
    this.#pagesLeft = pagesOfAStranger()
  }
}

function addSomething(): Step {
  const good = GOODS[Math.floor(Math.random() * GOODS.length)]
  return { path: '/cart/add', form: { good: good?.id ?? '' } }
}

function pagesOfAStranger(): number {
  return 1 + Math.floor(Math.random() * MOST_PAGES_OF_A_STRANGER)
}

function chance(oneIn: number): boolean {
  return Math.random() * oneIn < 1
}

function send(port: number, step: Step, cookie: string): Promise<IncomingMessage> {
  const body = step.form && new URLSearchParams(step.form).toString()
  const headers = {
    'user-agent': 'a visitor of the example',
    ...(cookie && { cookie }),
    ...(body && { 'content-type': 'application/x-www-form-urlencoded' }),
  }
  const method = body === undefined ? 'GET' : 'POST'
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: step.path, method, headers, agent }
    const sent = request(options, (response) => {
      // Reads it to the end, so that the connection can serve the next visitor.
      response.resume()
      response.once('end', () => resolve(response))
      response.once('error', reject)
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

function visitorsOf(count: number): Visitor[] {
  return Array.from({ length: count }, (_, index) =>
    index % ONE_MEMBER_IN === 0
      ? new Member(`Member ${index / ONE_MEMBER_IN + 1}`)
      : new Stranger(),
  )
}

/** Each visitor sends a request a second or so, all together no more than {@link MOST_PER_SECOND}. */
function run(port: number, count: number): void {
  const idle = visitorsOf(count)
  const perTick = (Math.min(count, MOST_PER_SECOND) * TICK_MS) / 1000
  let due = 0
  let underway = 0
  setInterval(() => {
    due = Math.min(due + perTick, MOST_AT_ONCE)
    while (due >= 1 && underway < MOST_AT_ONCE) {
      const visitor = idle.shift()
      if (visitor === undefined) return
      due--
      underway++
      visitor
        .visit(port)
        // A shop that does not answer is about to close: this process ends with it.
        .catch(() => {})
        .finally(() => {
          underway--
          idle.push(visitor)
        })
    }
  }, TICK_MS)
}

// Ctrl+C reaches this process as well: the shop decides when it ends, or its own end does.
process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit(0))
// The shop may have closed while this file was being loaded.
if (!process.connected) process.exit(0)

const [port, count] = process.argv.slice(2).map(Number)
run(port ?? 0, count ?? 0)
