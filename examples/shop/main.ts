/** The command: reads its arguments, opens the shop, and closes it when it is told to. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Lembro } from 'lembro'
import { createApp } from './app'
import { parseArguments, type ShopArguments, USAGE } from './arguments'
import { counted } from './figures'
import { StatusLine } from './status'

const HOST = '127.0.0.1'
const MINUTE = 60_000
const PATIENCE_MS = 1_000

async function main(): Promise<void> {
  const given = readArguments()
  if (given.help) return console.log(USAGE)
  const store = openStore(given.maxSize)
  const server = createServer(createApp(store))
  await listen(server, given.port)
  const { port } = server.address() as AddressInfo
  console.log(`The shop is open at http://${HOST}:${port} (Ctrl+C closes it)`)
  const visitors = given.visitors > 0 ? sendVisitors(port, given.visitors) : undefined
  const status = new StatusLine(store, process.stdout)
  await toldToClose()
  status.stop()
  visitors?.removeAllListeners('exit')
  if (visitors?.connected) visitors.disconnect()
  await close(server)
  await store.close()
}

function readArguments(): ShopArguments {
  try {
    return parseArguments(process.argv.slice(2))
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`, 2)
  }
}

function openStore(maxSize: string): Lembro {
  try {
    return new Lembro({
      maxSize,
      interval: MINUTE,
      // What is put into a cart while a page of the same visitor is under way stays in it.
      onConflict: 'merge',
      // Strangers are remembered for half an hour after their last visit, members for a day.
      ttl: (_options, session) => (session.userId === undefined ? 30 * MINUTE : 24 * 60 * MINUTE),
    })
  } catch (error) {
    return fail(`${(error as Error).message.replace('maxSize', '--max-size')}\n\n${USAGE}`, 2)
  }
}

async function listen(server: Server, port: number): Promise<void> {
  try {
    server.listen(port, HOST)
    await once(server, 'listening')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE') fail(`Can't listen on port ${port}: ${message}`, 1)
    fail(`Port ${port} is taken. Choose another one, or any free one: npm start -- --port 0`, 1)
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

function fail(message: string, code: number): never {
  console.error(message)
  process.exit(code)
}

main()
