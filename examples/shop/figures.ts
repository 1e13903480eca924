/** Figures for people to read. */

/** Such as `312 KB` or `1.5 MB`, as the monitor writes them. */
export function readable(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'no limit'
  if (bytes < 1024) return `${bytes} bytes`
  if (bytes < 1024 ** 2) return `${Math.round(bytes / 1024)} KB`
  return `${Number((bytes / 1024 ** 2).toFixed(1))} MB`
}

/** Such as `75%`. */
export function percent(part: number, whole: number): string {
  return `${Math.round((part / whole) * 100)}%`
}

/** Such as `1 session` or `2 sessions`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
