// Moves `Date` on by MOVED_DAYS in each process that loads it, for `npm test -- --days`.
const moved = Number(process.env.MOVED_DAYS) * 86_400_000
const { now } = Date

Date.now = () => now() + moved
globalThis.Date = new Proxy(Date, {
  construct: (target, given, made) =>
    Reflect.construct(target, given.length === 0 ? [Date.now()] : given, made),
  apply: () => new Date().toString(),
})
Date.prototype.constructor = Date

// Files are as old as they are: what the system says of them moves too, but not a time in 1970, which a spec has set.
const { promises } = require('node:fs')
for (const name of ['stat', 'lstat']) {
  const read = promises[name]
  promises[name] = async (...given) => {
    const stats = await read(...given)
    for (const time of ['mtimeMs', 'ctimeMs']) {
      if (stats[time] > 365 * 86_400_000) stats[time] += moved
    }
    return stats
  }
}
