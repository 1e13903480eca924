/** A disk in memory that can fail, be full, take a part of what is written, and lose its power. */

import path from 'node:path'
import type { TestContext } from 'node:test'
import { type Files, type OpenFile, realFiles, system } from '../../lib/persistence/files'

/** A file: what was written, and what of it is on the disk. */
interface Inode {
  written: Buffer
  synced: Buffer
  changed: number
}

type Names = Map<string, Inode>

/**
 * What is left after a power cut of what was not synced: nothing; only that files were removed; the
 * names, but no content; everything, as after a kill.
 */
export type Cut = 'nothing' | 'removals' | 'names' | 'everything'

export type Step = 'open' | 'write' | 'datasync' | 'rename' | 'link' | 'remove' | 'syncFolder'

export class Disk implements Files {
  readonly isReal = false
  /** Asked before each step that changes something; what it gives is thrown. */
  fault: ((step: Step, name: string) => Error | undefined) | undefined
  /** The most bytes that one write takes. */
  mostWritten = Number.POSITIVE_INFINITY
  readonly steps: string[] = []
  /** How many files are open. */
  opened = 0
  #names: Names = new Map()
  #syncedNames: Names = new Map()
  #time = Date.UTC(2026, 0, 1)

  /** A disk as it is after a power cut now. */
  cut(left: Cut): Disk {
    const after = new Disk()
    const names = left === 'nothing' || left === 'removals' ? this.#syncedNames : this.#names
    for (const [name, { written, synced, changed }] of names) {
      if (left === 'removals' && !this.#names.has(name)) continue
      const content = Buffer.from(left === 'everything' ? written : synced)
      after.#names.set(name, { written: content, synced: content, changed })
    }
    after.#syncedNames = new Map(after.#names)
    return after
  }

  /** The content of a file. */
  read(name: string): Buffer {
    return this.#inode(name).written
  }

  write(name: string, content: Buffer): void {
    this.#names.set(name, { written: content, synced: content, changed: this.#time++ })
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
    return { size: inode.written.length, changed: inode.changed, isFolder: false }
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
      read: async (target, offset, length, position) =>
        inode.written.copy(target, offset, position, position + length),
      write: async (source, offset, length, position) => {
        this.#step('write', name)
        const taken = Math.min(length, this.mostWritten)
        const part = source.subarray(offset, offset + taken)
        inode.written = Buffer.concat([inode.written.subarray(0, position), part])
        inode.changed = this.#time++
        return taken
      },
      datasync: async () => {
        this.#step('datasync', name)
        inode.synced = inode.written
      },
      close: async () => {
        if (isOpen) this.opened--
        isOpen = false
      },
    }
  }

  #inode(name: string): Inode {
    const inode = this.#names.get(name)
    if (inode === undefined) throw failure('ENOENT')
    return inode
  }

  #step(step: Step, name: string): void {
    const error = this.fault?.(step, name)
    if (error !== undefined) throw error
    this.steps.push(`${step} ${path.basename(name)}`)
  }
}

export function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** Puts a disk in the place of the real one, for all stores that one test opens from now on. Locks stay real. */
export function mount(t: TestContext, disk: Disk): void {
  system.files = disk
  t.after(() => {
    system.files = realFiles
  })
}
