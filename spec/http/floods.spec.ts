import assert from 'node:assert/strict'
import { Agent, get, type IncomingMessage } from 'node:http'
import { describe, it } from 'node:test'
import { Lembro } from '../../lib/store'
import { rounds } from '../support/rounds'
import { Site } from '../support/site'

// The proportions of the flood in spec/floods.spec.ts.
const STRANGERS = rounds(3000)
const MEMBERS = Math.floor(STRANGERS / 8)
const STRANGERS_AT_ONCE = 500
const VISITS_AT_ONCE = 50
/** What some five eighths of these sessions weigh. */
const MAX_SIZE = Math.floor((STRANGERS * 5) / 8) * 300

const agent = new Agent({ keepAlive: true, maxSockets: 25 })

/** Sends a request and gives its text, and the cookie to come back with. */
function send(url: string, cookie = ''): Promise<{ text: string; cookie: string }> {
  return new Promise((resolve, reject) => {
    const receive = (response: IncomingMessage) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => {
        const [set] = response.headers['set-cookie'] ?? []
        resolve({ text, cookie: set?.split(';')[0] ?? cookie })
      })
    }
    get(url, { agent, headers: { cookie } }, receive).on('error', reject)
  })
}

describe('the client option over HTTP', () => {
  it('is asked of the request that saves a session, and not of one that is signed in', async (t) => {
    const asked: (string | undefined)[] = []
    const store = new Lembro({
      interval: 0,
      client: (req) => {
        asked.push(req.url)
        return req.socket.remoteAddress
      },
    })
    const site = await Site.open(store)
    t.after(() => site.close())
    const browser = site.browser()
    await browser.get('/visit')
    await browser.get('/visit')
    assert.deepEqual(asked, ['/visit', '/visit'])
    await browser.post('/sign-in', { name: 'ann' })
    assert.equal(asked.length, 2)
  })
})

describe('a flood of strangers over HTTP', () => {
  it('logs no member out, and keeps no stranger from signing in', async (t) => {
    const store = new Lembro({ maxSize: MAX_SIZE, interval: 0 })
    const site = await Site.open(store)
    t.after(() => {
      agent.destroy()
      return site.close()
    })
    const signIn = async (name: string) => {
      const browser = site.browser()
      await browser.post('/sign-in', { name })
      return [...browser.cookies].map((pair) => pair.join('=')).join()
    }
    const stranger = async () => {
      const { cookie } = await send(`${site.url}/visit`)
      const { text } = await send(`${site.url}/visit`, cookie)
      return { cookie, known: text === '2' }
    }
    const members = await Promise.all(Array.from({ length: MEMBERS }, (_, n) => signIn(`m${n}`)))
    let [visits, signIns, signedIn, known] = [0, 0, 0, 0]
    for (let sent = 0; sent < STRANGERS; sent += STRANGERS_AT_ONCE) {
      const strangers = await Promise.all(Array.from({ length: STRANGERS_AT_ONCE }, stranger))
      known += strangers.filter((each) => each.known).length
      for (const { cookie } of strangers.slice(0, 1)) {
        signIns++
        const back = await send(`${site.url}/visit`, cookie)
        const member = await signIn(`late-${sent}-${signIns}`)
        const { text } = await send(`${site.url}/session`, member)
        if (back.text === '3' && /late-/.test(text)) signedIn++
      }
      for (let i = 0; i < VISITS_AT_ONCE; i++) {
        const nth = visits++ % MEMBERS
        const { text } = await send(`${site.url}/session`, members[nth])
        assert.equal(JSON.parse(text).userId, `m${nth}`)
      }
      assert.ok(store.stats().bytes <= MAX_SIZE)
    }
    assert.equal(known, STRANGERS)
    assert.ok(signedIn >= signIns * 0.99, `${signedIn} of ${signIns}`)
    const { evicted } = store.stats()
    assert.equal(evicted.owned, 0)
    assert.ok(evicted.anonymous > 0)
  })
})
