/**
 * Owns the start: reads what a store left on the disk, the snapshot and then the segments that it
 * does not hold yet. It starts whatever it finds: what is damaged or missing is reported, and what
 * is damaged is kept aside.
 */

import { basename } from 'node:path'
import type { Entry } from '../../entry/entry'
import { foreign } from '../disk/errors'
import type { Files } from '../disk/files'
import type { Paths } from '../disk/paths'
import type { KeyRing } from '../format/encryption'
import type { Header, Kind } from '../format/header'
import type { Place } from '../format/record'
import {
  contradicts,
  isBare,
  isEmpty,
  isOfFile,
  type Link,
  lengthsOf,
  missingAmong,
  readLink,
} from './chain'
import { findings } from './findings'
import { isMemfile, readMemfile } from './memfilestore'
import { Quarantine } from './quarantine'
import { Reader, type ReadFile } from './reader'
import type { Replay } from './replay'
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
  readonly adopt: (sid: string, session: unknown) => Entry | undefined
}

export class Recovery {
  readonly #needs: RecoveryDependencies
  readonly #quarantine: Quarantine
  readonly #reader: Reader
  #damaged = 0
  #undecryptable = 0
  #isOutdated = false
  readonly #missing: string[] = []
  /** Files of a later version. */
  readonly #newer: Link[] = []
  /** The whole snapshot's header. */
  #snapshot: Header | undefined

  constructor(needs: RecoveryDependencies) {
    this.#needs = needs
    this.#quarantine = new Quarantine(needs.files, needs.paths, needs.writable)
    this.#reader = new Reader(needs.files, needs.keys, needs.replay)
  }

  /** Rejects if the folder can't be read, and if a file can't that may be readable later. */
  async run(): Promise<Recovered> {
    const { files, paths } = this.#needs
    const names = await files.list(paths.folder)
    for (const file of paths.unfinishedAmong(names)) await this.#quarantine.remove(file)
    const aside = await this.#readAside(paths.undecryptableAmong(names))
    const found = await this.#segments(paths.segmentsAmong(names))
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
      for (const segment of older) last = await this.#readSegment(segment, segments)
      await this.#reader.read(snapshot, true)
    }
    for (const segment of segments.filter(({ number }) => number >= from)) {
      last = await this.#readSegment(segment, segments)
    }
    // What the first segment follows is known of a snapshot, or if there never was one.
    const first = names.includes(basename(paths.file)) ? from || segments[0]?.number || 1 : 1
    const isBegun = (this.#snapshot?.version ?? 1) > 1
    const others = [...found.filter(isBare), ...this.#newer]
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
    const odd = this.#damaged + this.#undecryptable + readAgain.length + this.#missing.length
    return {
      findings: findings({
        quarantine,
        damaged: this.#damaged,
        missing: this.#missing,
        undecryptable: this.#undecryptable,
        plain,
      }),
      damaged: this.#damaged + this.#missing.length,
      undecryptable: this.#undecryptable,
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
    for (const link of readable) await this.#read(link, false)
    return readable
  }

  /** The segments that are what their names say. */
  async #segments(numbers: readonly number[]): Promise<Link[]> {
    const { files, paths } = this.#needs
    const segments: Link[] = []
    for (const number of numbers) {
      const file = paths.segment(number)
      const link = await this.#unlessUnusable(file, () => readLink(files, file, number))
      if (link !== undefined && (await this.#isUsable(link, 'journal'))) segments.push(link)
    }
    return segments
  }

  async #snapshotLink(): Promise<Link | undefined> {
    const { files, paths } = this.#needs
    const { file } = paths
    const link = await this.#unlessUnusable(file, () => readLink(files, file, 0))
    if (link === undefined) return undefined
    const isImport = link.header === undefined && (await isMemfile(files, file))
    if (!isImport) return (await this.#isUsable(link, 'snapshot')) ? link : undefined
    await this.#import(link)
    return undefined
  }

  /** What can be read of a file; `undefined` after it was kept aside because it can't be opened. */
  async #unlessUnusable(
    file: string,
    read: () => Promise<Link | undefined>,
  ): Promise<Link | undefined> {
    try {
      return await read()
    } catch (error) {
      // The snapshot is the file that was asked for: its failure is the caller's to see.
      const isOfSegment = isOfFile(error) && file !== this.#needs.paths.file
      if (!isOfSegment && !this.#needs.tolerant) throw error
      this.#damaged++
      await this.#quarantine.moveAway(file, 'damaged', this.#needs.now())
      return undefined
    }
  }

  /** Whether a file is of this version and what its name says. If not, it is kept aside. */
  async #isUsable(link: Link, kind: Kind): Promise<boolean> {
    const { path, header, changed } = link
    if (header === 'newer') {
      this.#newer.push(link)
      await this.#quarantine.moveAway(path, 'newer', changed)
      return false
    }
    if (!contradicts(link, kind)) return true
    this.#damaged++
    await this.#quarantine.moveAway(path, 'damaged', changed)
    return false
  }

  /** Reads the snapshot. Gives the number of the first segment that it does not hold. */
  async #readSnapshot(link: Link): Promise<number> {
    const { ended, torn, ...read } = await this.#read(link, true)
    // Without its end it was cut, even if between two records.
    const damaged = read.damaged + Math.max(torn, ended === undefined ? 1 : 0)
    await this.#hit(link, damaged)
    const header = link.header as Header | undefined
    if (damaged === 0) this.#snapshot = header
    return header?.number ?? ended ?? 0
  }

  /** Reads a segment. Gives where it ends, for the next one to say. */
  async #readSegment(segment: Link, all: readonly Link[]): Promise<Place> {
    const { number, size } = segment
    const length = lengthsOf(all).get(number)
    const limit = Math.min(size, length ?? size)
    const scanned = await this.#read(segment, true, limit)
    // What a kill leaves at the end of the segment in use: no damage, and nothing to keep.
    const isTorn = segment === all.at(-1) && segment.header !== undefined && !scanned.unreadable
    const isCut = length !== undefined && size < length
    const damaged = scanned.damaged + (isTorn ? 0 : scanned.torn)
    await this.#hit(segment, Math.max(damaged, isCut ? 1 : 0))
    return { number, length: isTorn ? scanned.end : limit }
  }

  /** Reads a file of records, and keeps it aside if its key is missing. */
  async #read(link: Link, isOfChain: boolean, size = link.size): Promise<ReadFile> {
    await this.#quarantine.restrict(link.path)
    const read = await this.#reader.read(link, isOfChain, size)
    this.#undecryptable += read.undecryptable
    if (read.undecryptable > 0) {
      await this.#quarantine.keep(link.path, 'undecryptable', link.changed)
    }
    return read
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
        const entry = adopt(sid, session)
        if (entry !== undefined) replay.adopt(entry)
      } catch {
        this.#damaged++
      }
    }
    await this.#quarantine.keepImport(path, size, changed)
  }

  async #hit({ path, changed }: Link, damaged: number): Promise<void> {
    if (damaged === 0) return
    this.#damaged += damaged
    await this.#quarantine.keep(path, 'damaged', changed)
  }
}
