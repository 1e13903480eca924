/**
 * Owns how a snapshot is written from memory: a few ms at a time, while the store goes on. What
 * changes meanwhile is in the journal from the segment `number` on, so both together are the truth,
 * whichever state of a session the walk met.
 */

import type { Clock } from '../../clock'
import { SLICE_MS } from '../../clock'
import type { Entry, LastingEntry } from '../../entry/entry'
import { AtomicFile } from '../disk/atomic-file'
import type { Files } from '../disk/files'
import { encodeHeader } from '../format/header'
import { encodeEnd } from '../format/record'
import { type RecordWriter, seal } from '../format/record-writer'
import { Batch } from '../journal/batch'

const PART_BYTES = 1024 * 1024

export interface SnapshotPlan {
  readonly files: Files
  /** Its name, and the name it has until it is on the disk. */
  readonly name: string
  readonly unfinished: string
  /** The first segment whose changes it does not hold. */
  readonly number: number
  readonly writer: RecordWriter
  readonly clock: Clock
  /** The entries, oldest first. Those with this mark are in that segment, or were met before. */
  readonly source: { next(): Entry | undefined }
  readonly mark: number
  /** Is called with the bytes of each part once it is written. */
  readonly wrote: (bytes: number) => void
  /** Calls it off. */
  readonly signal: AbortSignal
  /** Rejects if the file must not get its name. */
  readonly check: () => Promise<void>
}

/** Writes a snapshot and puts it in its place. Gives its length. Rejects with the signal's reason if that calls it off. */
export async function writeSnapshot(plan: SnapshotPlan): Promise<number> {
  const { files, number, writer, clock, signal } = plan
  const { marker, keyId } = writer
  const atomic = await AtomicFile.begin(files, plan.unfinished)
  try {
    await atomic.write(encodeHeader('snapshot', marker, number, keyId))
    const batch = new Batch()
    for (let more = true; more; ) {
      signal.throwIfAborted()
      more = fill(batch, plan)
      seal(batch)
      await atomic.write(batch.bytes, batch.length)
      plan.wrote(batch.length)
      batch.reset()
      if (more) await new Promise<void>((resolve) => clock.breathe(resolve))
    }
    await atomic.write(encodeEnd(marker, number))
    const check = async () => {
      await plan.check()
      signal.throwIfAborted()
    }
    const file = await atomic.finish(plan.name, check)
    await file.close()
    return atomic.length
  } catch (error) {
    await atomic.abandon()
    throw error
  }
}

/** Fills a batch for as long as a slice may take. Returns whether there may be more. */
function fill(batch: Batch, { writer, source, clock, mark }: SnapshotPlan): boolean {
  const end = clock.elapsed() + SLICE_MS
  const now = clock.now()
  while (batch.length < PART_BYTES && clock.elapsed() < end) {
    const entry = source.next()
    if (entry === undefined) return false
    if (entry.checkpoint === mark) continue
    ;(entry as LastingEntry).checkpoint = mark
    if (entry.expiry > now) writer.put(batch, entry)
  }
  return true
}
