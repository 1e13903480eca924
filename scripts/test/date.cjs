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
