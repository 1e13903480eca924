/** The files of a store, to look into and to damage. */

import fs from 'node:fs'
import path from 'node:path'
import type { World } from '../../lib/core'
import { type Files, realFiles } from '../../lib/persistence/disk/files'
import { Paths } from '../../lib/persistence/disk/paths'
import { readRecord, Type } from '../../lib/persistence/format/record'
import { sidOf } from '../../lib/persistence/format/saved'
import { readHeader, scan } from '../../lib/persistence/format/scan'
import type { LembroOptions } from '../../lib/settings/options'
import { open } from './saving'

/** The numbers of the journal's segments. */
export function segmentsOf(saveFile: string): number[] {
  return new Paths(saveFile).segmentsAmong(fs.readdirSync(path.dirname(saveFile)))
}

/** The file of a segment. */
export function segment(saveFile: string, number: number): string {
  return new Paths(saveFile).segment(number)
}

/** The names of the segments on a disk, in order. */
export async function segmentNames(files: Files, saveFile: string): Promise<string[]> {
  const paths = new Paths(saveFile)
  const numbers = paths.segmentsAmong(await files.list(path.dirname(saveFile)))
  return numbers.map((number) => paths.segment(number))
}

/** Puts all that is saved into the snapshot: it is written anew once sessions get an instant of creation. */
export async function checkpointed(
  saveFile: string,
  options: LembroOptions = {},
  world: Partial<World> = {},
): Promise<void> {
  const { store } = await open({ saveFile, absoluteTtl: 1e14, ...options }, world)
  await store.save()
  await store.close()
}

/** The file that holds most. */
export function largestOf(saveFile: string): string {
  const folder = path.dirname(saveFile)
  const names = fs.readdirSync(folder).map((name) => path.join(folder, name))
  return names.reduce((a, b) => (fs.statSync(a).size > fs.statSync(b).size ? a : b))
}

export interface RecordPlace {
  readonly type: number
  /** Empty if it has none. */
  readonly sid: string
  readonly from: number
  readonly to: number
}

/** Where the records of a file are. */
export async function placesIn(name: string, files: Files = realFiles): Promise<RecordPlace[]> {
  const places: RecordPlace[] = []
  const file = await files.open(name, 'r')
  const header = await readHeader(file)
  let from = 32
  await scan(
    file,
    (await files.info(name))?.size ?? 0,
    typeof header === 'object' ? header : undefined,
    (bytes, at, end) => {
      const read = readRecord(bytes, at, end, undefined)
      const type = bytes[at + 12] as number
      const named = typeof read === 'object' && type < Type.clear
      places.push({ type, sid: named ? sidOf(read) : '', from, to: from + end - at })
      from += end - at
      return true
    },
  )
  await file.close()
  return places
}
