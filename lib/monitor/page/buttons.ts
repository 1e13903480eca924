/** The buttons: a purge, and a trim that asks first. */

import type { Sample } from '../sample'
import { announce } from './alarm-list'
import { REDUCED_SHARE } from './budget'
import { byId, setText } from './elements'
import { bytes, counted, duration, percent } from './words'

type Report = Record<string, number>

/** `latest` gives the sample that the page shows. */
export function wireButtons(latest: () => Sample | undefined): void {
  const dialog = byId<HTMLDialogElement>('reduce-dialog')
  byId('purge').addEventListener('click', () => {
    ask(
      'purge',
      ({ expired = 0, ms = 0 }) => `${counted(expired, 'session')} expired, in ${duration(ms)}.`,
    )
  })
  byId('reduce').addEventListener('click', () => {
    setText(byId('reduce-text'), warning(latest()))
    dialog.returnValue = ''
    dialog.showModal()
  })
  dialog.addEventListener('close', () => {
    if (dialog.returnValue !== 'reduce') return
    ask('reduce', ({ from = 0, to = 0, evicted = 0 }) =>
      evicted === 0 && from === to
        ? `Nothing to do: ${bytes(to)} is no more than ${percent(REDUCED_SHARE)} of the budget.`
        : `From ${bytes(from)} to ${bytes(to)}: ${counted(evicted, 'session')} evicted.`,
    )
  })
}

function warning(sample: Sample | undefined): string {
  const held = sample?.bytes === undefined ? '' : ` The store holds ${bytes(sample.bytes)} now.`
  const order = 'Expired sessions go first, then the oldest strangers, members last.'
  return `Sessions are evicted until ${percent(REDUCED_SHARE)} of the budget is left.${held} ${order}`
}

async function ask(path: string, words: (report: Report) => string): Promise<void> {
  const text = await answer(path, words).catch(() => 'The server could not be reached.')
  setText(byId('outcome'), text)
  announce(text)
}

async function answer(path: string, words: (report: Report) => string): Promise<string> {
  const response = await fetch(path, { method: 'POST', headers: { 'X-Lembro-Monitor': '1' } })
  if (response.ok) return words((await response.json()) as Report)
  const refused = response.status === 401 || response.status === 403
  return refused ? 'The server refused this.' : `This failed on the server (${response.status}).`
}
