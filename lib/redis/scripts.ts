/** What has to happen in Redis in one go, in Lua. */

import { createHash } from 'node:crypto'

export interface Script {
  readonly text: string
  readonly sha1: string
}

function script(text: string): Script {
  return { text, sha1: sha1(text) }
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
export const SAVE_IF_UNCHANGED = script(`
local held = redis.call('GET', KEYS[1])
if not held then return 0 end
if redis.sha1hex(held) ~= ARGV[1] then return { held, redis.call('PTTL', KEYS[1]) } end
if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2])
else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1
`)

/**
 * Lists a session for its owner, by when it expires, if it is there. Takes a few away that have
 * ended: those whose time seems over, since another process may have prolonged them.
 * KEYS: the session, the list. ARGV: the session's id, the prefix of sessions.
 */
export const LIST = script(`
local left = redis.call('PTTL', KEYS[1])
if left == -2 then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function ends(ms)
  if ms == -1 then return '+inf' end
  return string.format('%.0f', now + ms)
end
local isNew = redis.call('EXISTS', KEYS[2]) == 0
redis.call('ZADD', KEYS[2], ends(left), ARGV[1])
for _, sid in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 10)) do
  local still = redis.call('PTTL', ARGV[2] .. sid)
  if still == -2 then redis.call('ZREM', KEYS[2], sid)
  else redis.call('ZADD', KEYS[2], ends(still), sid) end
end
local lives = redis.call('PTTL', KEYS[2])
if left == -1 then redis.call('PERSIST', KEYS[2])
elseif isNew or (lives ~= -1 and lives < left) then redis.call('PEXPIRE', KEYS[2], left) end
return 1
`)

/** Takes sessions that have ended from an owner's list. KEYS: the list. ARGV: the prefix of sessions, ids. */
export const UNLIST = script(`
for i = 2, #ARGV do
  if redis.call('EXISTS', ARGV[1] .. ARGV[i]) == 0 then redis.call('ZREM', KEYS[1], ARGV[i]) end
end
return 1
`)
