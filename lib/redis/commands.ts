/** What lembro asks of Redis: what has to happen there in one go, in Lua, and whether it may do all that it needs. */

import { createHash } from 'node:crypto'
import type { Line } from './line'
import { ReplyError } from './wire'

/** How the keys of an owner's list begin. */
export const LISTS = 'lembro-owner:'

/** What belongs to one store in Redis: how the keys of its sessions begin, and those of the owners' lists; the channel on which it is told what was destroyed. */
export interface Names {
  readonly sessions: string
  readonly lists: string
  readonly channel: string
}

export function namesOf(keyPrefix: string, prefix: string, database = 0): Names {
  const sessions = keyPrefix + prefix
  const lists = keyPrefix + LISTS + prefix
  return { sessions, lists, channel: `lembro-destroyed:${database}:${sessions}` }
}

/** What Redis calls `redis.sha1hex` of a text. */
export function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}

/**
 * Saves a session if its text is still the one with that SHA-1.
 * KEYS: the session. ARGV: SHA-1, the new text, seconds to live or nothing.
 * Gives 1; 0 if the session is gone; else what is there: text, and ms it has left.
 */
export const SAVE_IF_UNCHANGED = `
local held = redis.call('GET', KEYS[1])
if not held then return 0 end
if redis.sha1hex(held) ~= ARGV[1] then return { held, redis.call('PTTL', KEYS[1]) } end
if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2])
else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1
`

/**
 * Ends a session, and tells the other processes. A user who may not publish ends it all the same.
 * KEYS: the session. ARGV: the channel, and what comes before the session's text there.
 * Gives the text; nothing if the session was not there.
 */
export const DESTROY = `
local text = redis.pcall('GET', KEYS[1])
if redis.call('DEL', KEYS[1]) == 0 then return false end
if type(text) ~= 'string' then text = '' end
redis.pcall('PUBLISH', ARGV[1], ARGV[2] .. text)
return text
`

/**
 * Puts a session into its owner's list, by when it is over; the list lives as long as that.
 * KEYS: the list. ARGV: the session's id, when it is over and now, in ms of the Unix time, the ms until
 * then or nothing. Gives a few ids whose time seems over: another process may have prolonged them.
 */
export const LIST = `
local lives = redis.call('PTTL', KEYS[1])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
if ARGV[4] == '' then if lives >= 0 then redis.call('PERSIST', KEYS[1]) end
elseif lives ~= -1 and lives < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
if lives == -2 then return {} end
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[3], 'LIMIT', 0, 10)
`

/** Answers that say that a command can't be used there. */
const REFUSALS = ['NOPERM', 'READONLY', 'LOADING', 'MASTERDOWN', 'NOAUTH']

/**
 * Rejects with what is missing, if that server can't be used: it is a replica, a node of a cluster that
 * is not known as one, or it refuses commands. All of these change nothing.
 */
export async function probe(line: Line, kind: string, names: Names): Promise<void> {
  const { mode, role } = line.about
  if (role === 'replica' || role === 'slave') {
    throw new Error('it is a replica, which takes no writes')
  }
  if (mode === 'sentinel') {
    throw new Error('it is a sentinel: give lembro a client of the primary, or of the sentinels')
  }
  if (mode === 'cluster' && kind !== 'cluster' && (await sizeOf(line)) > 1) {
    throw new Error('it is one node of a cluster: give lembro a client of the whole cluster')
  }
  const [session, list] = [`${names.sessions}lembro-probe`, `${names.lists}lembro-probe`]
  const commands = [
    ['GET', session],
    ['PTTL', session],
    ['SET', session, '', 'XX', 'EX', '1'],
    ['EXPIRE', session, '1'],
    ['PERSIST', session],
    ['EXISTS', session],
    ['TOUCH', session],
    ['DEL', session],
    ['EVAL', 'return 1', '1', list],
    ['ZADD', list, 'XX', '1', 'x'],
    ['ZREM', list, 'x'],
    ['ZREVRANGE', list, '0', '0'],
    ['ZRANGEBYSCORE', list, '-inf', '0', 'LIMIT', '0', '1'],
    ['PEXPIRE', list, '1'],
    ['SCAN', '0', 'COUNT', '1'],
  ]
  const answers = await Promise.all(commands.map((args) => line.ask(args)))
  const refusals = answers.filter(isRefusal)
  const missing = commands.filter((_, i) => isRefusal(answers[i])).map(([name]) => name)
  if (missing.length > 0) {
    throw new Error(`it refuses ${missing.join(', ')} (${refusals[0]?.message})`)
  }
}

function isRefusal(answer: unknown): answer is ReplyError {
  if (!(answer instanceof ReplyError)) return false
  return REFUSALS.includes(answer.word) || /unknown command/i.test(answer.message)
}

/** Of how many primaries a cluster consists. */
async function sizeOf(line: Line): Promise<number> {
  const info = await line.ask(['CLUSTER', 'INFO'])
  return Number(/^cluster_size:(\d+)/m.exec(String(info))?.[1] ?? 2)
}
