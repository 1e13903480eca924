/**
 * What lembro is for, once through, on whatever runs JavaScript: sessions over HTTP, a logout that a slow request
 * can't undo, the monitor, and a saved session after a process that ended without a word.
 * `smoke.mjs write FILE` prints the cookie of that session; `smoke.mjs read FILE COOKIE` finds it.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import express from 'express'
import session from 'express-session'
import { Lembro } from 'lembro'
import { monitor } from 'lembro/monitor'

const [what, saveFile, kept] = process.argv.slice(2)
const store = await new Promise((resolve, reject) => {
  const made = new Lembro({ saveFile }, (error) => (error ? reject(error) : resolve(made)))
  made.on('error', (error) => console.error(error))
})
const app = express()
app.use('/sessions', monitor(store, { authorize: () => true }))
app.use(session({ store, secret: 'a secret', resave: false, saveUninitialized: false }))
app.get('/in', (req, res) => {
  req.session.userId = 'ann'
  res.send('in')
})
app.get('/out', (req, res) => req.session.destroy(() => res.send('out')))
app.get('/who', (req, res) => res.send(req.session.userId ?? 'nobody'))
const held = []
app.get('/slow', (req, res) => {
  held.push(() => {
    req.session.late = true
    res.send('late')
  })
})
const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')

async function visit(path, cookie = '') {
  const { port } = server.address()
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie } })
  const [given = cookie] = answer.headers.get('set-cookie')?.split(';') ?? []
  return { cookie: given, text: await answer.text() }
}

if (what === 'write') {
  const { cookie } = await visit('/in')
  assert.equal((await visit('/who', cookie)).text, 'ann')
  const slow = visit('/slow', cookie)
  while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  await visit('/out', cookie)
  held[0]()
  assert.equal((await slow).text, 'late')
  assert.equal((await visit('/who', cookie)).text, 'nobody')
  assert.equal(store.stats().refused.destroyed, 1)
  assert.match((await visit('/sessions/')).text, /<h1>Sessions<\/h1>/)
  console.log((await visit('/in')).cookie)
  // Without close(): as if it were killed.
  process.exit()
}
assert.equal((await visit('/who', kept)).text, 'ann')
server.close()
server.closeAllConnections?.()
await store.close()
console.log('all is well')
