// Moves `Date` on by MOVED_DAYS in each process that loads it, for `test.mjs --days`.
const moved = Number(process.env.MOVED_DAYS) * 86_400_000
const { now } = Date

globalThis.Date = class Date extends globalThis.Date {
  static now() {
    return now() + moved
  }

  constructor(...given) {
    super(...(given.length === 0 ? [Date.now()] : given))
  }
}
