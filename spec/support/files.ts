/** The files of a closed store, to look into and to damage. */

import fs from 'node:fs'
import path from 'node:path'
import { type CompactionTask, compact } from '../../lib/persistence/compaction'
import { type Files, realFiles } from '../../lib/persistence/files'
import { Names } from '../../lib/persistence/names'
import { openRecord, sidOf, Type } from '../../lib/persistence/record'
import { readHeader, scan } from '../../lib/persistence/scan'

/** The numbers of the journal's segments. */
export function segmentsOf(saveFile: string): number[] {
  return new Names(saveFile).segmentsAmong(fs.readdirSync(path.dirname(saveFile)))
}

/** Puts all that is saved into the snapshot. */
export async function compactAll(saveFile: string, keys: Uint8Array[] = []): Promise<void> {
  const task = await taskOf(realFiles, saveFile, keys)
  await compact(realFiles, task, () => false)
}

/** To compact all the files that are there. */
export async function taskOf(
  files: Files,
  saveFile: string,
  keys: Uint8Array[] = [],
): Promise<CompactionTask> {
  const all = new Names(saveFile).segmentsAmong(await files.list(path.dirname(saveFile)))
  const next = (all.at(-1) ?? 0) + 1
  const exists = (await files.info(saveFile)) !== undefined
  const snapshot = exists ? await numberOf(files, saveFile) : undefined
  const segments = all.filter((number) => number >= (snapshot ?? 0))
  return { saveFile, snapshot, segments, next, marker: 1, keys, now: Date.now() }
}

async function numberOf(files: Files, name: string): Promise<number | undefined> {
  const file = await files.open(name, 'r')
  const header = await readHeader(file)
  await file.close()
  return typeof header === 'object' ? header.number : undefined
}

/** The file that holds most. */
export function largestOf(saveFile: string): string {
  const folder = path.dirname(saveFile)
  const names = fs.readdirSync(folder).map((name) => path.join(folder, name))
  return names.reduce((a, b) => (fs.statSync(a).size > fs.statSync(b).size ? a : b))
}

export interface Place {
  readonly type: number
  /** Empty where it has none. */
  readonly sid: string
  readonly from: number
  readonly to: number
}

/** Where the records of a file are. */
export async function placesIn(name: string): Promise<Place[]> {
  const places: Place[] = []
  const file = await realFiles.open(name, 'r')
  await scan(file, fs.statSync(name).size, (bytes, at, end, position) => {
    const read = openRecord(bytes, at, end, undefined)
    const type = bytes[at + 12] as number
    const named = typeof read === 'object' && type !== Type.end && type !== Type.clear
    places.push({ type, sid: named ? sidOf(read) : '', from: position, to: position + end - at })
    return true
  })
  await file.close()
  return places
}
