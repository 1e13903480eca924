/** Owns what a start reports of the files it found. */

import { coded, type Fields } from '../../settings/check'
import type { Quarantine } from './quarantine'

export interface Found {
  readonly quarantine: Quarantine
  /** Records that damage hit. */
  readonly damaged: number
  /** Files that must have been there. */
  readonly missing: readonly string[]
  /** Records of an unknown key. */
  readonly undecryptable: number
  /** Files in plain text that stay although keys are given now. */
  readonly plain: readonly string[]
}

export function findings({ quarantine, damaged, missing, undecryptable, plain }: Found): Error[] {
  const { kept, problems } = quarantine
  const found: Error[] = [...problems]
  const add = (code: string, message: string, more: Fields) => {
    found.push(coded(code, `saveFile: ${message}`, more))
  }
  if (damaged > 0) {
    const aside = kept.damaged.join(', ')
    const message = `${records(damaged, 'damaged')} skipped; kept aside: ${aside}`
    add('ESAVEDAMAGED', message, { damaged, files: kept.damaged })
  }
  if (missing.length > 0) {
    const message = `files are missing, and what was saved in them: ${missing.join(', ')}`
    add('ESAVEDAMAGED', message, { damaged: missing.length, files: [], missing })
  }
  if (kept.newer.length > 0) {
    const message = `written by a later version of lembro; kept aside: ${kept.newer.join(', ')}`
    add('ESAVEVERSION', message, { files: kept.newer })
  }
  if (undecryptable > 0) {
    const message = `${records(undecryptable)} of an unknown key kept aside: add the key to saveKeys to have them back`
    add('ESAVEKEY', message, { undecryptable, files: kept.undecryptable })
  }
  if (plain.length > 0) {
    const message = `sessions were saved without saveKeys before, and these files still hold some in plain text; remove them once you don't need them: ${plain.join(', ')}`
    add('ESAVEPLAIN', message, { files: plain })
  }
  return found
}

function records(count: number, kind = ''): string {
  return `${count} ${kind}${kind && ' '}record${count === 1 ? '' : 's'}`
}
