/** How often specs do what they do in rounds: kills, floods, fuzz, pages. */

/** `npm test -- --rounds 20`: that many times as many of each. */
const TIMES = Number(process.env.ROUNDS ?? 1)

/** Whether there are more than `npm test` has. */
export const hasMore = TIMES > 1

export function rounds(usual: number): number {
  return Math.ceil(usual * TIMES)
}
