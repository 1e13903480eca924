/** The page's elements: found by their ids, and made of text alone. */

export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no #${id}`)
  return found as Kind
}

/** Changes an element's text only if it is another, so that nothing is read or drawn anew. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export function make(
  tag: string,
  className: string,
  ...content: (string | Element)[]
): HTMLElement {
  const element = document.createElement(tag)
  if (className !== '') element.className = className
  element.append(...content)
  return element
}

export interface Term {
  readonly term: string
  readonly value: string
  /** A word more about the value. */
  readonly note?: string
  /** The name of the colour that it has elsewhere. */
  readonly colour?: string
}

/** Shows terms in a `<dl>`. Its elements stay as long as the terms are the same. */
export function showTerms(list: HTMLElement, terms: readonly Term[]): void {
  const key = terms.map(({ term }) => term).join('\n')
  if (list.dataset.terms !== key) {
    list.replaceChildren(...terms.map(newTerm))
    list.dataset.terms = key
  }
  terms.forEach(({ value, note = '' }, index) => {
    const group = list.children[index]
    const [shown, noted] = group?.querySelectorAll('dd') ?? []
    if (shown) setText(shown, value)
    if (noted) setText(noted, note)
  })
}

function newTerm({ term, colour, note }: Term): HTMLElement {
  const title = make('dt', '', term)
  if (colour !== undefined) title.prepend(swatch(colour))
  const notes = note === undefined ? [] : [make('dd', 'note')]
  return make('div', '', title, make('dd', ''), ...notes)
}

function swatch(colour: string): HTMLElement {
  const square = make('span', 'swatch')
  square.dataset.colour = colour
  return square
}
