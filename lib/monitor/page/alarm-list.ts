/** The list of alarms, and the voice that tells who can't see it. */

import type { Alarm, AlarmState } from './alarms'
import { byId, make, setText } from './elements'

const SIGNS: Record<AlarmState, string> = { now: '!', earlier: '!', quiet: '✓' }
const STATES: Record<AlarmState, string> = { now: 'Alarm: ', earlier: 'Earlier: ', quiet: 'Fine: ' }

const ringing = new Set<string>()

export function showAlarms(alarms: readonly Alarm[]): void {
  const list = byId('alarms')
  if (list.children.length !== alarms.length) list.replaceChildren(...alarms.map(newItem))
  alarms.forEach((alarm, index) => {
    const item = list.children[index] as HTMLElement
    item.dataset.state = alarm.state
    item.dataset.alarm = alarm.name
    setPart(item, '.sign', SIGNS[alarm.state])
    setPart(item, '.state', STATES[alarm.state])
    setPart(item, '.title', alarm.title)
    setPart(item, '.text', alarm.text)
  })
  announceChanges(alarms)
  const loud = alarms.filter(({ state }) => state === 'now').length
  document.title = loud === 0 ? 'Sessions' : `(${loud}) Sessions`
}

/** Says something to those who listen to the page. */
export function announce(text: string): void {
  byId('announcer').textContent = text
}

// Its beginning and its end are said, not each sample between them.
function announceChanges(alarms: readonly Alarm[]): void {
  for (const { name, state, title, text } of alarms) {
    if (state === 'now' && !ringing.has(name)) {
      ringing.add(name)
      announce(`Alarm: ${title}. ${text}`)
    } else if (state !== 'now' && ringing.delete(name)) announce(`No longer an alarm: ${title}.`)
  }
}

function newItem(): HTMLElement {
  const sign = make('span', 'sign')
  sign.setAttribute('aria-hidden', 'true')
  const heading = make('strong', '', make('span', 'state visually-hidden'), make('span', 'title'))
  return make('li', '', sign, make('p', '', heading, ' ', make('span', 'text')))
}

function setPart(item: HTMLElement, selector: string, text: string): void {
  const part = item.querySelector(selector)
  if (part !== null) setText(part, text)
}
