/** A disk in memory that can fail, be full, take a part of what is written, and lose its power. */

import path from 'node:path'
import type { Files, OpenFile } from '../../lib/persistence/disk/files'

/** A file: what was written, and what of it is on the disk. */
interface Inode {
  written: Buffer
  synced: Buffer
  changed: number
  /** When it last got or lost a name; real time, since only its age counts. */
  named: number
}

type Names = Map<string, Inode>

/**
 * What is left after a power cut of what was not synced: nothing; only that files were removed; the
 * names, but no content; everything, as after a kill.
 */
export type Cut = 'nothing' | 'removals' | 'names' | 'everything'

export type Step = 'open' | 'write' | 'datasync' | 'rename' | 'link' | 'remove' | 'syncFolder'

/** The disk has no lock of its own in its steps: they go on as time passes. */
const LOCK = /\.lock(-[0-9a-f]+)?$/

export class Disk implements Files {
  /** Asked before each step that changes something; what it gives is thrown. */
  fault: ((step: Step, name: string) => Error | undefined) | undefined
  /** The most bytes that one write takes. */
  mostWritten = Number.POSITIVE_INFINITY
  readonly steps: string[] = []
  /** How many files are open. */
  opened = 0
  /** The bytes that files may take together. */
  capacity = Number.POSITIVE_INFINITY
  /** Bytes that were written, whatever became of them. */
  bytesWritten = 0
  /** While set, writes wait for it. */
  frozen: Promise<void> | undefined
  /** What syncs of a file wait for. */
  readonly frozenSyncs = new Map<string, Promise<void>>()
  /** Names of which reading fails at these places. */
  readonly bad = new Map<string, readonly [from: number, to: number]>()
  #names: Names = new Map()
  #syncedNames: Names = new Map()
  #time = Date.UTC(2026, 0, 1)

  /** A disk as it is after a power cut now. */
  cut(left: Cut): Disk {
    const after = new Disk()
    const names = left === 'nothing' || left === 'removals' ? this.#syncedNames : this.#names
    for (const [name, { written, synced, changed, named }] of names) {
      if (left === 'removals' && !this.#names.has(name)) continue
      const content = Buffer.from(left === 'everything' ? written : synced)
      after.#names.set(name, { written: content, synced: content, changed, named })
    }
    after.#syncedNames = new Map(after.#names)
    return after
  }

  /** The content of a file. */
  read(name: string): Buffer {
    return this.#inode(name).written
  }

  write(name: string, content: Buffer): void {
    const changed = this.#time++
    this.#names.set(name, { written: content, synced: content, changed, named: Date.now() })
  }

  /** Bytes of all files; of a file with two names once. */
  get used(): number {
    return [...new Set(this.#names.values())].reduce((sum, { written }) => sum + written.length, 0)
  }

  get names(): string[] {
    return [...this.#names.keys()].sort()
  }

  async open(name: string, mode: 'r' | 'w' | 'wx'): Promise<OpenFile> {
    if (mode !== 'r') this.#step('open', name)
    if (mode === 'wx' && this.#names.has(name)) throw failure('EEXIST')
    if (mode !== 'r') this.write(name, Buffer.alloc(0))
    if (mode !== 'r') this.#inode(name).synced = Buffer.alloc(0)
    return this.#file(name, this.#inode(name))
  }

  async info(name: string) {
    const inode = this.#names.get(name)
    if (inode === undefined) return undefined
    const { written, changed, named } = inode
    return { size: written.length, changed, named, isFolder: false }
  }

  async text(name: string): Promise<string | undefined> {
    return this.#names.get(name)?.written.toString()
  }

  async target(): Promise<undefined> {
    return undefined
  }

  async realPath(name: string): Promise<string> {
    return name
  }

  async setChanged(name: string, instant: number): Promise<void> {
    this.#inode(name).changed = instant
  }

  async freeBytes(): Promise<number> {
    return this.capacity - this.used
  }

  async list(folder: string): Promise<string[]> {
    return this.names
      .filter((name) => path.dirname(name) === folder)
      .map((name) => path.basename(name))
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step('rename', to)
    const inode = this.#inode(from)
    this.#names.delete(from)
    this.#names.set(to, inode)
  }

  async link(file: string, name: string): Promise<void> {
    if (this.#names.has(name)) throw failure('EEXIST')
    this.#step('link', name)
    this.#names.set(name, this.#inode(file))
  }

  async remove(name: string): Promise<void> {
    if (!this.#names.has(name)) return
    this.#step('remove', name)
    this.#names.delete(name)
  }

  async restrict(name: string): Promise<void> {
    this.#inode(name)
  }

  async syncFolder(folder: string): Promise<void> {
    this.#step('syncFolder', folder)
    this.#syncedNames = new Map(this.#names)
  }

  #file(name: string, inode: Inode): OpenFile {
    let isOpen = true
    this.opened++
    return {
      read: async (target, offset, length, position) => {
        const [from, to] = this.bad.get(name) ?? [0, 0]
        if (position < to && position + length > from) throw failure('EIO')
        return inode.written.copy(target, offset, position, position + length)
      },
      write: async (source, offset, length, position) => {
        if (this.frozen !== undefined && !LOCK.test(name)) await this.frozen
        this.#step('write', this.#nameOf(inode) ?? name)
        const room = this.capacity - this.used
        if (room <= 0) throw failure('ENOSPC')
        const taken = Math.min(length, this.mostWritten, room)
        this.bytesWritten += taken
        const part = source.subarray(offset, offset + taken)
        inode.written = Buffer.concat([inode.written.subarray(0, position), part])
        inode.changed = this.#time++
        return taken
      },
      datasync: async () => {
        await this.frozenSyncs.get(this.#nameOf(inode) ?? name)
        this.#step('datasync', this.#nameOf(inode) ?? name)
        inode.synced = inode.written
      },
      close: async () => {
        if (isOpen) this.opened--
        isOpen = false
      },
    }
  }

  /** A file keeps what it is opened as, but not its name. */
  #nameOf(inode: Inode): string | undefined {
    for (const [name, each] of this.#names) if (each === inode) return name
    return undefined
  }

  #inode(name: string): Inode {
    const inode = this.#names.get(name)
    if (inode === undefined) throw failure('ENOENT')
    return inode
  }

  #step(step: Step, name: string): void {
    const error = this.fault?.(step, name)
    if (error !== undefined) throw error
    if (LOCK.test(name)) return
    this.steps.push(`${step} ${path.basename(name)}`)
  }
}

export function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}
