/**
 * `npm run faults`: specs that were taken away with the code that they were about, and what holds their
 * promise now. For each a fault is put into the code, and the specs that are named must turn red. With an
 * argument only those whose name has it.
 */

import fs from 'node:fs'
import { availableParallelism } from 'node:os'
import { Copy } from './project'

interface Fault {
  /** The spec that is gone, and what it promised. */
  readonly gone: string
  readonly promise: string
  readonly file: string
  readonly from: string
  readonly to: string
  /** What notices. */
  readonly held: string
}

const FAULTS: Fault[] = [
  {
    gone: 'ledger/hash-table, ledger/sharded-map',
    promise: 'a session is found by its id, however many came and went',
    ...{ file: 'lib/ledger/maps.ts', held: 'spec/ledger/maps' },
    ...{ from: 'fresh.set(key, value)', to: 'if (fresh.size > 0) fresh.set(key, value)' },
  },
  {
    gone: 'ledger/text-index',
    promise: 'an owner is found by name, and two of one hash are kept apart',
    ...{ file: 'lib/entry/holder.ts', held: 'spec/model' },
    ...{ from: 'at << LENGTH_BITS) | length', to: '(at + 1) << LENGTH_BITS) | length' },
  },
  {
    gone: 'ledger/holdings',
    promise: 'what a holder holds is the sum of its sessions',
    ...{ file: 'lib/ledger/lanes.ts', held: 'spec/ledger/ledger-fuzz' },
    ...{ from: 'holder.bytes -= bytes', to: 'holder.bytes -= bytes - 1' },
  },
  {
    gone: 'ledger/oldest-first',
    promise: 'the longest unused goes first',
    ...{ file: 'lib/ledger/lanes.ts', held: 'spec/ledger/ledger.spec.ts' },
    ...{ from: 'const { newer } = this.head', to: 'const { older: newer } = this.head' },
  },
  {
    gone: 'ledger/seconds, entry/tenure',
    promise: 'who is seen again a minute after the sign-in is a member',
    ...{ file: 'lib/ledger/lanes.ts', held: 'spec/ledger/lanes' },
    ...{ from: 'entry.age >= KNOWN_AGE', to: 'entry.age > 2 * KNOWN_AGE' },
  },
  {
    gone: 'ledger/listeners',
    promise: 'who listens to the ledger hears of each removal',
    ...{ file: 'lib/stats.ts', held: 'spec/stats' },
    ...{ from: 'this.#expired++', to: '' },
  },
  {
    gone: 'call/verbs',
    promise: 'a closed store refuses each method',
    ...{ file: 'lib/call.ts', held: 'spec/call-order' },
    ...{ from: 'if (this.#closed) return this.end<Value>(callback, isClosed())', to: '' },
  },
  {
    gone: 'entry/text',
    promise: 'a text that is kept holds no request alive',
    ...{ file: 'lib/entry/weigh.ts', held: 'spec/http/heap' },
    ...{ from: "return copy(text, isWide(text) ? 'utf16le' : 'latin1')", to: 'return text' },
  },
  {
    gone: 'time/sweep',
    promise: 'a purge and a trim go on until nothing is left to do',
    ...{ file: 'lib/reduce.ts', held: 'spec/purger' },
    ...{ from: 'return removed || ledger.hasDue()', to: 'return false' },
  },
  {
    gone: 'persistence/format/record, format/scan, recovery/chain',
    promise: 'nothing damaged is served',
    ...{ file: 'lib/sqlite/rows.ts', held: 'spec/sqlite/file' },
    ...{ from: 'if (crcOf(beside, blobs) !== crc) return', to: 'if (false) return' },
  },
  {
    gone: 'persistence/format/encryption',
    promise: 'a sealed session that was changed is not opened',
    ...{ file: 'lib/sqlite/keys.ts', held: 'spec/sqlite/file' },
    ...{ from: 'decipher.final()', to: '' },
  },
  {
    gone: 'persistence/journal, journal/batch',
    promise: 'what is acknowledged at a savePeriod of 0 survives a power cut',
    ...{ file: 'lib/persistence/worker.ts', held: 'spec/persistence' },
    ...{ from: 'if (period === 0) return this.#sync()', to: '' },
  },
  {
    gone: 'persistence/recovery/replay, snapshot/settle',
    promise: 'of two states the later one comes back',
    ...{ file: 'lib/sqlite/rows.ts', held: 'spec/persistence' },
    ...{ from: 'times.seq <= row.seq', to: 'times.seq >= row.seq' },
  },
  {
    gone: 'persistence/snapshot/checkpointer, compactor',
    promise: 'the file stays small under writes that replace each other',
    ...{ file: 'lib/persistence/worker.ts', held: 'spec/persistence' },
    ...{ from: 'this.#file.checkpoint()', to: '' },
  },
  {
    gone: 'persistence/recovery/quarantine',
    promise: 'a damaged file is set aside, and told of',
    ...{ file: 'lib/sqlite/opening.ts', held: 'spec/persistence' },
    ...{ from: "this.tell('ESAVEDAMAGED', message)", to: '' },
  },
  {
    gone: 'persistence/failing-disk, slow-disk, failing-start',
    promise: 'after a failure all is written anew',
    ...{ file: 'lib/persistence/persistence.ts', held: 'spec/persistence' },
    ...{ from: 'if (!this.#isOff) await this.#pause(pause)', to: 'break' },
  },
  {
    gone: 'persistence/recovery/age order',
    promise: 'sessions come back in the order of their last use',
    ...{ file: 'lib/sqlite/reading.ts', held: 'spec/persistence/persistence' },
    ...{ from: 'if (isSorted) return keys', to: 'return keys' },
  },
]

const chosen = FAULTS.filter(({ gone }) => gone.includes(process.argv[2] ?? ''))
const waiting = [...chosen]
let missed = 0

const copies = Array.from({ length: availableParallelism() }, () => new Copy())
Promise.all(copies.map(work)).then(() => {
  process.stdout.write(`${chosen.length - missed} of ${chosen.length} noticed\n`)
  if (missed > 0) process.exitCode = 1
})

async function work(copy: Copy): Promise<void> {
  for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
    const { gone, promise, file, from, to, held } = fault
    const text = fs.readFileSync(file, 'utf8')
    if (text.split(from).length !== 2) throw new Error(`${file} has no '${from}', or several`)
    const isNoticed = await copy.with(file, text.replace(from, to), () => copy.fails([held]))
    if (!isNoticed) missed++
    process.stdout.write(`${isNoticed ? '✔' : '✖'} ${gone}: ${promise}. Held by ${held}\n`)
  }
  copy.remove()
}
