/** Types of sizeomatic 1.0, which has none of its own. */

declare module 'sizeomatic' {
  /** Bytes of a size such as `'4M'`; `false` for one it can't read. */
  export function howManyBytes(size: string | number): number | false
  /** A size such as `'4.000M'`. */
  export function pretty(bytes: number): string
}
