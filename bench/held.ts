/** Why some targets are not reached, as profiles of lembro showed it. */

export const HELD = {
  touch:
    '`touch`: at 10,000 sessions a third of it is the move in age order, since an entry and its neighbours there are in no near cache. The rest is the callback, the clock, and to find the entry by the link of its session and compare the cookie. It costs the same whatever the size of the session, so that small ones gain least.',
  read: "A read request: `JSON.parse` and express-session's own `createSession` take nearly all of it, in every store. All that a store can save is the touch, which is two of the three passes over the text.",
  set: '`get` and `set`: express-session and JSON take most of both. A `get` also links the session to its entry. A `set` makes the text flat, at one byte a character, and weighs it at once, which other stores leave to the first read, or never do (a Node before 22.15 has to copy it for that). A new session also gets its id as a text of its own, its entry, and its places in the indexes.',
  elsewhere:
    "Another copy of express-session: its cookies are recognised by their class, which takes a look at each; the rest is the second copy's own.",
  heap: 'Heap: the id (48 bytes) and the body (272) alone are half of what MemoryStore takes. The entry with its two rings adds 136, its place in a Map 40 to 72, and that in the index by owner some 16.',
  stall:
    'Stalls: the longest turns are garbage collection, of the sessions that the bench makes as well: compare the run of the floor beside it. Own slices end after 2 ms, and last longer if a collection falls into one, or the machine does something else.',
  growth:
    'Growth: waiting for memory. A million sessions are in no cache, and the floor grows too; a `touch` or a `set` of lembro also moves its entry in age order, away from neighbours that may be anywhere.',
  import:
    "Import: on Node 20 half of it is Node's own, to find two packages by their exports and to compile 75 kB, as V8 does with every file that is loaded.",
  saving:
    'With a `saveFile`: each change goes to a worker as a row of SQLite with a CRC, and is acknowledged once its batch is committed. 500 at a time the worker is what everything waits for; most of the processor time is its own.',
  restart:
    'Restart: each session also gets an entry, its place in age order and in the timing wheel, and a slot by id and by owner. The worker also checks the CRC of each, puts them in the order of their last use and sends them over.',
  redis:
    "Read requests with Redis: one by one lembro is further ahead. Many at a time, connect-redis waits for all of them at once, and what is left is express-session's `createSession` and `JSON.parse`, in both.",
  firstReads:
    'First reads: beside GET, lembro asks PTTL, since a touch moves the life of a session in Redis alone, and it keeps the session: of 50 KB that is one copy more.',
} as const
