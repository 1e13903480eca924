/** The command: reads its arguments, opens the shop, and closes it when it is told to. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Lembro } from 'lembro'
import { createApp } from './app'
import { parseArguments, type ShopArguments, USAGE } from './arguments'
import { counted } from './figures'
import { Refusal } from './refusal'
import { secretFor } from './secret'
import { StatusLine } from './status'
import { closeStore, openStore } from './store'
import {
  isPrimary,
  leave,
  newSharedFile,
  removeSharedFile,
  startWorkers,
  stopWorkers,
  workerNumber,
  workersText,
} from './workers'

const HOST = '127.0.0.1'
const PATIENCE_MS = 1_000
const AT_ONCE = 20

async function main(): Promise<void> {
  const given = readArguments()
  if (given.help) return console.log(USAGE)
  if (isPrimary(given.workers)) return lead(given)
  const store = await openStore(given)
  try {
    await serve(store, given)
  } finally {
    await closeStore(store)
    leave()
  }
}

/** Has workers serve the shop, until it is told to close. */
async function lead(given: ShopArguments): Promise<void> {
  const told = toldToClose()
  const file = newSharedFile(given)
  try {
    const port = await startWorkers(given.workers, file).catch((error: Error) => {
      throw new Refusal(`The shop stays closed: ${error.message}.`, 1)
    })
    console.log(`The shop is open at http://${HOST}:${port} (Ctrl+C closes it)`)
    console.log(workersText(given.workers, given, file))
    const visitors = given.visitors > 0 ? sendVisitors(port, given.visitors) : undefined
    await told
    visitors?.removeAllListeners('exit')
    if (visitors?.connected) visitors.disconnect()
  } finally {
    await stopWorkers()
    removeSharedFile(file, given)
  }
}

/** Until it is told to close. */
async function serve(store: Lembro, given: ShopArguments): Promise<void> {
  const app = createApp(store, secretFor(given.save), (count) => sendStrangers(server, count))
  const worker = workerNumber()
  const server = createServer((request, response) => {
    if (worker !== undefined) response.setHeader('X-Worker', worker)
    app(request, response)
  })
  await listen(server, given.port)
  const told = toldToClose()
  if (worker !== undefined) {
    await told
    return close(server)
  }
  const { port } = server.address() as AddressInfo
  console.log(`The shop is open at http://${HOST}:${port} (Ctrl+C closes it)`)
  if (given.save !== undefined) {
    console.log(`Sessions are saved in ${given.save} (${store.stats().sessions} from before)`)
  }
  if (given.redis !== undefined && !process.env.SESSION_SECRET) {
    console.log(
      'Sessions are in Redis. SESSION_SECRET lets browsers keep theirs through a restart.',
    )
  }
  const visitors = given.visitors > 0 ? sendVisitors(port, given.visitors) : undefined
  const status = new StatusLine(store, process.stdout)
  await told
  status.stop()
  visitors?.removeAllListeners('exit')
  if (visitors?.connected) visitors.disconnect()
  await close(server)
}

function readArguments(): ShopArguments {
  try {
    return parseArguments(process.argv.slice(2))
  } catch (error) {
    throw new Refusal(`${(error as Error).message}\n\n${USAGE}`, 2)
  }
}

async function listen(server: Server, port: number): Promise<void> {
  try {
    server.listen(port, HOST)
    await once(server, 'listening')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE') throw new Refusal(`Can't listen on port ${port}: ${message}`, 1)
    const hint = 'Choose another one, or any free one: npm start -- --port 0'
    throw new Refusal(`Port ${port} is taken. ${hint}`, 1)
  }
}

/** So many strangers come by once, some at a time: each is a new session. */
async function sendStrangers(server: Server, count: number): Promise<void> {
  const { port } = server.address() as AddressInfo
  for (let sent = 0; sent < count && server.listening; sent += AT_ONCE) {
    const visits = Array.from({ length: AT_ONCE }, () => fetch(`http://${HOST}:${port}/`))
    await Promise.allSettled(visits)
  }
}

function sendVisitors(port: number, count: number): ChildProcess {
  // A process of its own, so that its work is not taken for the shop's.
  const visitors = fork(join(__dirname, 'visitors.ts'), [String(port), String(count)])
  visitors.once('exit', (code) => {
    if (code !== 0) console.error(`\nThe visitors stayed away: their process ended with ${code}.`)
  })
  console.log(
    `${counted(count, 'visitor')} on the way: one in ten is a member, the others are strangers.`,
  )
  return visitors
}

/** Ctrl+C, a signal to end, or a reader of its output who has gone, as in `npm start | head`. */
function toldToClose(): Promise<void> {
  return new Promise((resolve) => {
    // For good: npm passes on what Ctrl+C has sent here already, and that must not cut it short.
    process.on('SIGINT', resolve)
    process.on('SIGTERM', resolve)
    process.stdout.on('error', resolve)
  })
}

/** Lets requests under way end, but not for ever. */
async function close(server: Server): Promise<void> {
  setTimeout(() => server.closeAllConnections(), PATIENCE_MS).unref()
  server.close()
  await once(server, 'close')
}

main().catch((error: unknown) => {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exitCode = error.code
})
