/** Owns how the saved sessions come into the ledger: read whole first, then put in a few ms at a time. */

import v8 from 'node:v8'
import { inSlices } from '../clock'
import { isFinal } from './disk/errors'
import { codeOf, type Files } from './disk/files'
import type { Paths } from './disk/paths'
import type { KeyRing } from './format/encryption'
import { type Recovered, Recovery } from './recovery/recovery'
import { Replay } from './recovery/replay'
import { Restore, type RestoreDependencies } from './recovery/restore'

/** Of the heap limit, what saved sessions may take while they are loaded, if the budget is less. */
const HEAP_SHARE = 0.4
/** Entries restored without a look at the clock, which would cost more than each of them. */
const AT_ONCE = 64
/** A disk that fails for an instant must not cost a file: it is asked again after so many ms each. */
const PAUSES = [50, 100, 200, 400]

/** Loads what is saved. `writable`: whether files may be changed. */
export async function load(
  needs: RestoreDependencies & { readonly files: Files },
  paths: Paths,
  keys: KeyRing | undefined,
  writable: boolean,
): Promise<Recovered> {
  const { clock } = needs
  for (let nth = 0; ; nth++) {
    const pause = PAUSES[nth]
    try {
      return await loadOnce(needs, paths, keys, writable, pause === undefined)
    } catch (error) {
      if (pause === undefined || codeOf(error) === undefined || isFinal(error as Error)) throw error
      await new Promise<void>((resolve) => clock.after(pause, resolve, true))
    }
  }
}

async function loadOnce(
  needs: RestoreDependencies & { readonly files: Files },
  paths: Paths,
  keys: KeyRing | undefined,
  writable: boolean,
  tolerant: boolean,
): Promise<Recovered> {
  const { files, clock, settings, ledger, intake } = needs
  const ceiling = Math.max(settings.maxBytes, v8.getHeapStatistics().heap_size_limit * HEAP_SHARE)
  const replay = new Replay(intake.jar, ceiling)
  const restore = new Restore(needs)
  const adopt = (sid: string, session: unknown) => restore.adopt(sid, session)
  const now = () => clock.now()
  const recovery = new Recovery({ files, paths, keys, replay, writable, tolerant, adopt, now })
  const recovered = await recovery.run()
  const next = replay.end()
  let restored = 0
  let isDue = recovered.isDue || replay.dropped
  const restoreNext = () => {
    const saved = next()
    if (saved === undefined) return false
    if (restore.restore(saved)) restored++
    else isDue ||= saved.expiry > clock.now()
    return true
  }
  const step = () => {
    for (let n = 0; n < AT_ONCE; n++) if (!restoreNext()) return false
    return true
  }
  await new Promise<void>((resolve) => inSlices(clock, step, resolve))
  // What was dropped, or counts from now on, must be so after a crash as well.
  isDue ||= ledger.size < restored || restore.isChanged
  return { ...recovered, isDue }
}
