/**
 * Owns the question whether the files of a store fit together. A snapshot says which segment comes
 * first after it, and each segment names the one before it and how many bytes of that one count. So
 * a file that is missing, cut or in the place of another is noticed, even if each one is sound.
 */

import { coded } from '../../settings/check'
import { codeOf, type Files, type OpenFile, readAll } from '../disk/files'
import { HEADER_BYTES, type Header, type Kind } from '../format/header'
import {
  decodeFollows,
  FOLLOWS_BYTES,
  isWhole,
  type Place,
  readRecord,
  Type,
} from '../format/record'
import { readHeader } from '../format/scan'

/** A file as its beginning shows it. */
export interface Link {
  readonly path: string
  readonly size: number
  readonly changed: number
  /** `undefined` if it is damaged. */
  readonly header: Header | 'newer' | undefined
  /** The number in a segment's name. */
  readonly number: number
  /** What a segment says of the one before it; `undefined` in version 1. */
  readonly follows: Place | undefined
}

/** Looks at the beginning of a file; `undefined` if there is none. */
export async function readLink(
  files: Files,
  path: string,
  number: number,
): Promise<Link | undefined> {
  const info = await files.info(path)
  if (info === undefined) return undefined
  if (info.isFolder) throw coded('EISDIR', `${path} is a folder`)
  const file = await files.open(path, 'r')
  try {
    const header = await readHeader(file)
    const follows = typeof header === 'object' ? await readFollows(file, header) : undefined
    return { path, size: info.size, changed: info.changed, header, number, follows }
  } finally {
    await file.close()
  }
}

async function readFollows(file: OpenFile, header: Header): Promise<Place | undefined> {
  if (header.kind !== 'journal' || header.version === 1) return undefined
  const bytes = Buffer.alloc(FOLLOWS_BYTES)
  const length = await readAll(file, bytes, 0, FOLLOWS_BYTES, HEADER_BYTES)
  const isFollows = length === FOLLOWS_BYTES && bytes[12] === Type.follows
  if (!isFollows || !isWhole(bytes, 0, FOLLOWS_BYTES)) return undefined
  const read = readRecord(bytes, 0, FOLLOWS_BYTES, undefined)
  return typeof read === 'object' ? decodeFollows(read) : undefined
}

/** Whether a header says that the file is another than its name says. */
export function contradicts(link: Link, kind: Kind): boolean {
  const { header, number } = link
  if (typeof header !== 'object') return false
  return header.kind !== kind || (kind === 'journal' && header.number !== number)
}

/** Whether a segment was only begun: what a process leaves that was ended at that moment. */
export function isBare({ size, follows }: Link): boolean {
  return follows === undefined && size <= HEADER_BYTES
}

/** Whether a segment holds no change yet, so that its number can be used again. */
export function isEmpty({ size, follows }: Link): boolean {
  return follows !== undefined && size <= HEADER_BYTES + FOLLOWS_BYTES
}

/** How many bytes of each segment count, by its number, as far as the next one tells. */
export function lengthsOf(segments: readonly Link[]): Map<number, number> {
  const lengths = new Map<number, number>()
  for (const { follows } of segments) if (follows) lengths.set(follows.number, follows.length)
  return lengths
}

/**
 * The numbers of segments from `from` on that must be there and are not; `begun`: whether `from` is one
 * of them. `others` are there as well, but hold nothing that can be read.
 */
export function missingAmong(
  segments: readonly Link[],
  others: readonly Link[],
  from: number,
  begun: boolean,
): number[] {
  const lengths = lengthsOf(segments)
  const isCut = ({ number, size }: Link) => size < (lengths.get(number) ?? 0)
  const there = new Set(
    [...segments, ...others.filter((link) => !isCut(link))].map(({ number }) => number),
  )
  const needed = [...lengths.keys()].filter((number) => number >= from)
  if (begun) needed.push(from)
  return [...new Set(needed)].filter((number) => !there.has(number)).sort((a, b) => a - b)
}

/** Whether a failure is one of that file alone, and not of the disk as a whole. */
export function isOfFile(error: unknown): boolean {
  return ['EISDIR', 'ELOOP', 'EACCES', 'EPERM', 'ENXIO', 'EINVAL'].includes(codeOf(error) ?? '')
}
