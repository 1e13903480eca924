/**
 * Owns the files of a key that is missing: kept aside whole and encrypted as they are, until the key
 * is given again or the last of their sessions has expired.
 */

import type { Files } from '../disk/files'
import type { Paths } from '../disk/paths'
import { expiryAt, keyIdAt } from '../format/record'
import { scan } from '../format/scan'
import { type Link, readLink } from './chain'

export interface KeptAside {
  /** Files whose key is there again, in the order they were written. */
  readonly readable: readonly Link[]
  /** Files whose sessions have all expired. */
  readonly expired: readonly string[]
}

/** Sorts the files that were kept aside for want of a key. */
export async function sortAside(
  files: Files,
  paths: readonly string[],
  knows: (keyId: string) => boolean,
  now: number,
): Promise<KeptAside> {
  const readable: Link[] = []
  const expired: string[] = []
  for (const path of paths) {
    const link = await readLink(files, path, 0)
    if (link === undefined) continue
    const { keyIds, latest } = await contentOf(files, link)
    if (latest <= now) expired.push(path)
    else if (keyIds.some(knows)) readable.push(link)
  }
  return { readable: readable.sort(byAge), expired }
}

/** Removes all files that were kept aside for want of a key. */
export async function removeAside(files: Files, paths: Paths): Promise<void> {
  const names = await files.list(paths.folder)
  for (const file of paths.undecryptableAmong(names)) await files.remove(file)
}

/** The keys in a file, and when the last of its sessions expires. */
async function contentOf(files: Files, { path, size, header }: Link) {
  const keyIds = new Set<string>()
  let latest = 0
  const file = await files.open(path, 'r')
  try {
    await scan(file, size, typeof header === 'object' ? header : undefined, (bytes, at) => {
      latest = Math.max(latest, expiryAt(bytes, at))
      const keyId = keyIdAt(bytes, at)
      if (typeof keyId === 'string') keyIds.add(keyId)
      return true
    })
  } finally {
    await file.close()
  }
  return { keyIds: [...keyIds], latest }
}

// A snapshot comes before the segment of its number, since that holds what came later.
function byAge(a: Link, b: Link): number {
  return rank(a) - rank(b)
}

function rank({ header }: Link): number {
  if (typeof header !== 'object') return 0
  return header.number + (header.kind === 'snapshot' ? 0 : 0.5)
}
