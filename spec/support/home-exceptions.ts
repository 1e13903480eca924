/** What a store before a home of several processes does not do as one in memory does. */

const REFUSED = 'the option is refused at construction: see options.spec.ts'
const ORDER = 'sessions are listed by when they expire, and all together in no order'

/** What a store before a home does not do as one in memory does, and why. */
export const EXCEPTIONS = {
  'touches the cookie and the expiry, never the body':
    'a touch moves the expiry alone, as in connect-redis: the text in Redis stays, with the cookie in it',
  'gives all by id in an object without a prototype, and their ids, newest first': ORDER,
  'lists and ends the sessions of one owner': ORDER,
  'takes "\\ud800" for an id like any other':
    'half a surrogate pair is no character in UTF-8, and so none in Redis: it becomes U+FFFD',
  'ends a session at its absoluteTtl, however active': REFUSED,
  'gives a stale session once, where it may': REFUSED,
  'keeps no more sessions of one owner than maxPerOwner': REFUSED,
  'names the option that a session is too large for, the one that was set':
    'a session larger than the near cache lives in Redis all the same: only a maxEntrySize that is given refuses it',
  'does not let a slow request bring back what was evicted and then signed out':
    'what the near cache evicts is still in Redis: there is nothing to bring back',
}

/** The time that a spec stops goes on in Redis. In front of a home, whose clock is the spec's, all of them are shown. */
const TIME = 'time passes in Redis whatever the clock of a spec says'
export const TIMED = Object.fromEntries(
  [
    'expires a session when its cookie says so, whatever the timer does',
    'counts no expired session, though nobody asked for it',
    'keeps a session without an expiry of its own for a day',
    'lets a touch prolong a session',
    'takes "tomorrow" for no expiry of its own',
    'takes {} for no expiry of its own',
    'takes true for no expiry of its own',
    'takes null for no expiry of its own',
    'lets ttl win over the cookie',
    'asks a ttl function with the options, the session and the id',
    'leaves the expiry as it was set with disableTouch',
    'does not let a slow request bring back a session that had expired when its owner was ended',
  ].map((name) => [name, TIME]),
)
