/** What a start reports of the files it found. */

import type { Recovered } from './recovery'

/** What a start has to report of what it found. */
export function findings({ damaged, aside, newer, unread, problems }: Recovered): Error[] {
  const found: Error[] = [...problems]
  if (damaged > 0) {
    const message = `saveFile: ${records(damaged, 'damaged')} skipped; kept aside: ${aside.join(', ')}`
    found.push(Object.assign(new Error(message), { code: 'ESAVEDAMAGED', damaged, files: aside }))
  }
  if (newer.length > 0) {
    const message = `saveFile: written by a later version of lembro; kept aside: ${newer.join(', ')}`
    found.push(Object.assign(new Error(message), { code: 'ESAVEVERSION', files: newer }))
  }
  if (unread > 0) {
    const message = `saveFile: ${records(unread)} of an unknown key kept aside: add the key to saveKeys to have them back`
    found.push(Object.assign(new Error(message), { code: 'ESAVEKEY', unread }))
  }
  return found
}

function records(count: number, kind = ''): string {
  return `${count} ${kind}${kind && ' '}record${count === 1 ? '' : 's'}`
}
