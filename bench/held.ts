/** What holds the targets that are out of reach, as profiles of lembro showed it. */

export const HELD = {
  touch:
    '`touch`: most of what is left is waiting for memory. Among 10,000 sessions an entry and its neighbours in age order are in no near cache; among 1,000 the same touch takes half the time. It costs the same whatever the size of the session, so that small ones gain least.',
  read: "A read request: `JSON.parse` and express-session's own `createSession` take nearly all of it, in every store; all that a store can save is the touch, which is two of the three passes over the text.",
  set: '`set`: the text is made flat and weighed at once, which other stores leave to the first read, or never do; a new session also gets its entry, its place in two rings and its owner.',
  heap: 'Heap: the id (48 bytes), the body (272) and a slot in a `Map` (some 40) alone are 0.6 of what MemoryStore takes. The entry with its two rings adds some 130, its owner and the index by owner some 110.',
  stall:
    'Stalls: compare the run of the floor beside it. What is left after the slices of 2 ms is the growth of `Map`s, memory fetched from the system, and what the machine adds.',
  growth:
    'Growth: waiting for memory again. A million sessions are in no cache, and the floor grows too; a `touch` or a `set` of lembro also moves its entry in age order, away from neighbours that may be anywhere.',
  restart:
    'Restart: every record is read, checked and put in its place by one thread, those that later ones overtook as well, so that a journal as long as the snapshot doubles the time.',
} as const
