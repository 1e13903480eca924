/**
 * Owns the start: reads what a store left on the disk, the snapshot and then the segments that it
 * does not hold yet. It starts whatever it finds: what is damaged or missing is reported, and what
 * is damaged is kept aside.
 */

import { basename } from 'node:path'
import { foreign } from '../disk/errors'
import type { Files } from '../disk/files'
import type { Paths } from '../disk/paths'
import type { KeyRing } from '../format/encryption'
import type { Header } from '../format/header'
import type { Place } from '../format/record'
import { isBare, isEmpty, type Link, missingAmong } from './chain'
import { findings } from './findings'
import { Inventory } from './inventory'
import { isMemfile, readMemfile } from './memfilestore'
import { Quarantine } from './quarantine'
import { Reader } from './reader'
import type { Replay, Saved } from './replay'
import { sortAside } from './undecryptable'

export interface Recovered {
  /** What is to be reported. */
  readonly findings: readonly Error[]
  /** Records that damage hit, and files that are missing. */
  readonly damaged: number
  /** Records whose key is unknown. */
  readonly undecryptable: number
  /** Whether a snapshot is to be written at once, since these files are not as they should be. */
  readonly isDue: boolean
  /** What has to be kept aside before anything is removed. */
  readonly quarantine: Quarantine
  /** Files kept aside that could be read again: to be removed once a snapshot holds them. */
  readonly readAgain: readonly string[]
  readonly snapshotBytes: number
  readonly journalBytes: number
  readonly segments: number
  /** The first segment that the snapshot does not hold; 0 if there is no whole snapshot. */
  readonly first: number
  /** The segment that was used last, and how many of its bytes count. */
  readonly last: Place
  /** The number of the segment to begin. */
  readonly next: number
}

export interface RecoveryDependencies {
  readonly files: Files
  readonly paths: Paths
  readonly keys: KeyRing | undefined
  /** Where the sessions go. */
  readonly replay: Replay
  /** Whether files may be changed: kept aside, and their permissions. */
  readonly writable: boolean
  /** Whether a file that can't be opened is taken for damaged. */
  readonly tolerant: boolean
  /** The wall clock in ms. */
  readonly now: () => number
  /** An entry of a session of express-memfilestore; `undefined` for one that has expired. */
  readonly adopt: (sid: string, session: unknown) => Saved | undefined
}

export class Recovery {
  readonly #needs: RecoveryDependencies
  readonly #quarantine: Quarantine
  readonly #inventory: Inventory
  readonly #reader: Reader
  /** Damage to an import. */
  #damaged = 0
  #isOutdated = false
  readonly #missing: string[] = []
  /** The whole snapshot's header. */
  #snapshot: Header | undefined

  constructor(needs: RecoveryDependencies) {
    this.#needs = needs
    this.#quarantine = new Quarantine(needs.files, needs.paths, needs.writable)
    this.#inventory = new Inventory({ ...needs, quarantine: this.#quarantine })
    this.#reader = new Reader(needs.files, needs.keys, needs.replay, this.#quarantine)
  }

  /** Rejects if the folder can't be read, and if a file can't that may be readable later. */
  async run(): Promise<Recovered> {
    const { files, paths } = this.#needs
    const names = await files.list(paths.folder)
    for (const file of paths.unfinishedAmong(names)) await this.#quarantine.remove(file)
    const aside = await this.#readAside(paths.undecryptableAmong(names))
    const found = await this.#inventory.segments(paths.segmentsAmong(names))
    const all = found.filter((link) => !isBare(link))
    const snapshot = await this.#snapshotLink()
    const from = snapshot === undefined ? 0 : await this.#readSnapshot(snapshot)
    const older = all.filter(({ number }) => number < from)
    const segments = this.#snapshot === undefined ? all : all.filter(({ number }) => number >= from)
    let last: Place = { number: Math.max(0, from - 1), length: 0 }
    if (this.#snapshot !== undefined) {
      // Left by a checkpoint that was ended as it removed them: the next one does.
      this.#isOutdated ||= older.length > 0
    } else if (snapshot !== undefined && older.length > 0) {
      // They may hold what the damaged snapshot has lost; what it still has is newer.
      for (const segment of older) last = await this.#reader.segment(segment, segments)
      await this.#reader.again(snapshot)
    }
    for (const segment of segments.filter(({ number }) => number >= from)) {
      last = await this.#reader.segment(segment, segments)
    }
    // What the first segment follows is known of a snapshot, or if there never was one.
    const first = names.includes(basename(paths.file)) ? from || segments[0]?.number || 1 : 1
    const isBegun = (this.#snapshot?.version ?? 1) > 1
    const others = [...found.filter(isBare), ...this.#inventory.newer]
    const missing = missingAmong(segments, others, first, isBegun)
    this.#missing.push(...missing.map((number) => paths.segment(number)))
    await this.#quarantine.prune(await files.list(paths.folder), this.#needs.now())
    return this.#recovered(names, aside, snapshot?.size ?? 0, segments, last)
  }

  #recovered(
    names: readonly string[],
    readAgain: readonly Link[],
    snapshotBytes: number,
    segments: readonly Link[],
    last: Place,
  ): Recovered {
    const { paths, keys } = this.#needs
    const newest = segments.at(-1)
    // A segment that holds nothing is replaced, so that starts alone make no journal.
    const again = newest !== undefined && isEmpty(newest)
    const kept = again ? segments.slice(0, -1) : segments
    const plain = this.#reader.plain && keys !== undefined ? paths.keptAmong(names) : []
    const quarantine = this.#quarantine
    const { undecryptable } = this.#reader
    const damaged = this.#damaged + this.#inventory.damaged + this.#reader.damaged
    const odd = damaged + undecryptable + readAgain.length + this.#missing.length
    return {
      findings: findings({
        quarantine,
        damaged,
        missing: this.#missing,
        undecryptable,
        plain,
      }),
      damaged: damaged + this.#missing.length,
      undecryptable,
      isDue:
        odd > 0 ||
        this.#isOutdated ||
        this.#reader.outdated ||
        quarantine.isDue ||
        this.#snapshot === undefined,
      quarantine,
      readAgain: readAgain.map(({ path }) => path),
      snapshotBytes,
      journalBytes: kept.reduce((sum, { size }) => sum + size, 0),
      segments: kept.length,
      first: this.#snapshot?.number ?? 0,
      last: (again && newest.follows) || last,
      next: again ? newest.number : last.number + 1,
    }
  }

  /** Reads the files that were kept aside for want of a key that is there again. */
  async #readAside(names: readonly string[]): Promise<readonly Link[]> {
    if (names.length === 0) return []
    const { files, keys, now } = this.#needs
    const knows = (keyId: string) => keys?.knows(keyId) === true
    const { readable, expired } = await sortAside(files, names, knows, now())
    for (const file of expired) await this.#quarantine.remove(file)
    for (const link of readable) await this.#reader.aside(link)
    return readable
  }

  /** Reads the snapshot. Gives the number of the first segment that it does not hold. */
  async #readSnapshot(link: Link): Promise<number> {
    const { from, isWhole } = await this.#reader.snapshot(link)
    if (isWhole) this.#snapshot = link.header as Header
    return from
  }

  async #snapshotLink(): Promise<Link | undefined> {
    const { files } = this.#needs
    const link = await this.#inventory.snapshot()
    if (link === undefined) return undefined
    const isImport = link.header === undefined && (await isMemfile(files, link.path))
    if (!isImport) return (await this.#inventory.isUsable(link, 'snapshot')) ? link : undefined
    await this.#import(link)
    return undefined
  }

  async #import({ path, size, changed }: Link): Promise<void> {
    const { files, replay, adopt } = this.#needs
    const sessions = await readMemfile(files, path, size)
    if (sessions === 'foreign') throw foreign(path)
    await this.#quarantine.restrict(path)
    if (sessions === undefined) {
      this.#damaged++
      return this.#quarantine.keep(path, 'damaged', changed)
    }
    this.#reader.plain = true
    // The newest come first in such a file.
    for (const [sid, session] of sessions.reverse()) {
      try {
        const saved = adopt(sid, session)
        if (saved !== undefined) replay.add(saved)
      } catch {
        this.#damaged++
      }
    }
    await this.#quarantine.keepImport(path, size, changed)
  }
}
