/** Figures for people to read. */

/** Such as `312K` or `1.5M`. */
export function readable(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'no limit'
  if (bytes < 1024) return `${bytes} bytes`
  if (bytes < 1024 ** 2) return `${Math.round(bytes / 1024)}K`
  return `${Number((bytes / 1024 ** 2).toFixed(1))}M`
}

/** Such as `75%`. */
export function percent(part: number, whole: number): string {
  return `${Math.round((part / whole) * 100)}%`
}

/** Such as `1 session` or `2 sessions`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
