/** Figures in words, for people. */

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB']

/** Such as `1.5 MB`, in units of 1024 as the options of the store are. */
export function bytes(count: number): string {
  let [value, unit] = [count, 0]
  // What would be rounded to 1,024 is one of the next unit.
  while (Math.abs(value) >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  return `${number(value, digits)} ${UNITS[unit]}`
}

/** Such as `12,345`. */
export function number(value: number, digits = 0): string {
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}

/** Such as `1 session` or `1,200 sessions`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${number(count)} ${count === 1 ? noun : plural}`
}

/** Such as `78%`; a little more than nothing is not `0%`. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return 'under 1%'
  return `${Math.floor(share * 100)}%`
}

/** Such as `0.4 ms` or `2.5 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${number(ms, ms < 10 ? 1 : 0)} ms`
  return `${number(ms / 1_000, 1)} s`
}

/** Such as `12 s`, `5 min` or `3 h`: about how long. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}

/** Such as `12/s` or `0.4/s`. */
export function rate(perSecond: number): string {
  return `${number(perSecond, perSecond < 10 ? 1 : 0)}/s`
}

/** Such as `14:03:59`. */
export function time(instant: number): string {
  return new Date(instant).toLocaleTimeString('en-GB')
}
