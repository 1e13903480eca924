/** The budget at a glance: how much of it is held, and by whom. */

import type { Sample } from '../sample'
import { byId, make, setText, showTerms, type Term } from './elements'
import { bytes, counted, number, percent } from './words'

/** What a trim leaves of the budget, as `reduce()` does without a goal. */
export const REDUCED_SHARE = 0.75

interface Group extends Term {
  readonly count: number
  readonly colour: string
}

export function showBudget(sample: Sample): void {
  const { bytes: held = 0, maxBytes } = sample
  setText(byId('held'), bytes(held))
  const limited = typeof maxBytes === 'number'
  setText(byId('of-budget'), limited ? `of ${bytes(maxBytes)}` : 'and no limit')
  const share = limited ? held / maxBytes : 0
  byId('meter').hidden = !limited
  byId('meter-fill').style.inlineSize = `${share * 100}%`
  byId('meter-goal').style.insetInlineStart = `${REDUCED_SHARE * 100}%`
  setText(byId('meter-goal-label'), percent(REDUCED_SHARE))
  setText(byId('meter-note'), limited ? noteOf(share, maxBytes - held) : '')
  showPeople(sample)
}

function noteOf(share: number, free: number): string {
  const reduced = percent(REDUCED_SHARE)
  return `${percent(share)} in use, ${bytes(free)} free. When it is full, it is reduced to ${reduced}.`
}

function showPeople(sample: Sample): void {
  const groups = groupsOf(sample)
  setText(byId('sessions'), counted(sample.sessions ?? 0, 'session'))
  showTerms(byId('people-legend'), groups)
  const bar = byId('people')
  if (bar.children.length !== groups.length) {
    bar.replaceChildren(...groups.map(() => make('span', '')))
  }
  groups.forEach(({ count, colour }, index) => {
    const part = bar.children[index] as HTMLElement
    part.dataset.colour = colour
    part.style.flexGrow = String(count)
  })
}

function groupsOf({ anonymous = 0, owned = 0, newcomers, members }: Sample): Group[] {
  const strangers = group('Strangers', anonymous, 'strangers')
  if (newcomers === undefined || members === undefined) {
    return [group('Signed in', owned, 'members'), strangers]
  }
  return [
    group('Members', members, 'members'),
    group('Newcomers', newcomers, 'newcomers'),
    strangers,
  ]
}

function group(term: string, count: number, colour: string): Group {
  return { term, value: number(count), count, colour }
}
