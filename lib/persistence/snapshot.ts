/**
 * A snapshot written from memory, a few ms at a time while the store goes on. What changes
 * meanwhile is in the journal from the segment `number` on, so that both together are the truth,
 * whichever state of a session the walk met.
 */

import type { Entry } from '../entry/entry'
import type { Clock } from '../time/clock'
import { SLICE_MS } from '../time/slices'
import { Batch } from './batch'
import type { Files } from './files'
import type { Names } from './names'
import { encodeEnd } from './record'
import type { RecordWriter } from './record-writer'
import { WholeFile } from './whole-file'

const PART_BYTES = 256 * 1024

export interface Source {
  next(): Entry | undefined
}

/** Writes a snapshot of all that `source` gives and puts it in its place. Gives its length; `undefined` where `isOff` said so. */
export async function writeSnapshot(
  files: Files,
  names: Names,
  number: number,
  writer: RecordWriter,
  source: Source,
  clock: Clock,
  isOff: () => boolean,
): Promise<number | undefined> {
  const { marker } = writer
  const whole = await WholeFile.begin(files, names.unfinished, { kind: 'snapshot', marker, number })
  try {
    const batch = new Batch()
    while (fill(batch, writer, source, clock)) {
      if (isOff()) {
        await whole.abandon()
        return undefined
      }
      await whole.write(batch.bytes, batch.length)
      batch.reset()
      await new Promise<void>((resolve) => clock.breathe(resolve))
    }
    await whole.write(batch.bytes, batch.length)
    await endSnapshot(whole, names, marker, number)
    return whole.length
  } catch (error) {
    await whole.abandon()
    throw error
  }
}

/** Ends a snapshot and gives it its name. */
export async function endSnapshot(
  whole: WholeFile,
  names: Names,
  marker: number,
  number: number,
): Promise<void> {
  const end = encodeEnd(marker, number)
  await whole.write(end, end.length)
  await whole.finish(names.file)
}

/** Fills a batch for as long as a slice may take. Returns whether there may be more. */
function fill(batch: Batch, writer: RecordWriter, source: Source, clock: Clock): boolean {
  const end = clock.elapsed() + SLICE_MS
  const now = clock.now()
  while (batch.length < PART_BYTES && clock.elapsed() < end) {
    const entry = source.next()
    if (entry === undefined) return false
    if (entry.expiry > now) writer.put(batch, entry)
  }
  return true
}

/** Removes the segments before `number`, which a snapshot holds now. */
export async function removeSegments(files: Files, names: Names, number: number): Promise<void> {
  const found = names.segmentsAmong(await files.list(names.folder))
  for (const each of found) if (each < number) await files.remove(names.segment(each))
}
