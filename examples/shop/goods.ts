/** What the shop sells, and a cart of it. */

export interface Good {
  readonly id: string
  readonly name: string
  readonly about: string
  readonly cents: number
}

/** How many of each, by the id of the good. */
export type Cart = Record<string, number>

export const GOODS: readonly Good[] = [
  { id: 'notebook', name: 'Notebook', about: 'Dotted, 160 pages, lies flat.', cents: 1200 },
  { id: 'pencils', name: 'Pencils', about: 'A dozen, cedar, soft.', cents: 650 },
  { id: 'album', name: 'Photo album', about: 'Linen, for forty pictures.', cents: 2400 },
  { id: 'handkerchief', name: 'Handkerchief', about: 'Tie a knot in it.', cents: 450 },
]

const MOST_OF_EACH = 99

export function goodOf(id: string): Good | undefined {
  return GOODS.find((good) => good.id === id)
}

/** The cart with one more of a good. */
export function add(cart: Cart, id: string): Cart {
  return { ...cart, [id]: Math.min((cart[id] ?? 0) + 1, MOST_OF_EACH) }
}

/** The cart with one fewer of a good. */
export function remove(cart: Cart, id: string): Cart {
  const { [id]: count = 0, ...rest } = cart
  return count > 1 ? { ...cart, [id]: count - 1 } : rest
}

export interface Line {
  readonly good: Good
  readonly count: number
}

/** What is in a cart, in the order of the shelf. */
export function linesOf(cart: Cart): Line[] {
  return GOODS.map((good) => ({ good, count: cart[good.id] ?? 0 })).filter(({ count }) => count > 0)
}

export function totalOf(lines: Line[]): number {
  return lines.reduce((sum, { good, count }) => sum + good.cents * count, 0)
}
