/** Owns all access to the file system: an interface small enough that a spec can put a disk in memory in its place. */

import fs from 'node:fs/promises'
import path from 'node:path'
import { coded } from '../../settings/check'

/** An open file. A read or write may be short: it gives the bytes it moved. */
export interface OpenFile {
  read(target: Buffer, offset: number, length: number, position: number): Promise<number>
  write(source: Buffer, offset: number, length: number, position: number): Promise<number>
  /** Waits until what was written is on the disk. */
  datasync(): Promise<void>
  close(): Promise<void>
}

export interface FileInfo {
  readonly size: number
  /** The instant of its last change, in ms. */
  readonly changed: number
  /** The instant at which it last got or lost a name, in ms. */
  readonly named: number
  readonly isFolder: boolean
}

/** How a file is opened: to read it; to write it anew; to write it anew if there is none. */
export type Mode = 'r' | 'w' | 'wx'

export interface Files {
  open(file: string, mode: Mode): Promise<OpenFile>
  /** `undefined` if there is nothing, or a link that leads nowhere. */
  info(file: string): Promise<FileInfo | undefined>
  /** All of a small file as text; `undefined` if there is nothing. */
  text(file: string): Promise<string | undefined>
  /** The names in a folder. */
  list(folder: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
  /** Gives a file a second name. Fails with `EEXIST` if the name is taken. */
  link(file: string, name: string): Promise<void>
  /** Where a symbolic link leads; `undefined` for what is none. */
  target(link: string): Promise<string | undefined>
  /** The path without any symbolic links in it. */
  realPath(file: string): Promise<string>
  /** Removes a file. To remove one that is not there is no failure. */
  remove(file: string): Promise<void>
  /** Sets the instant of a file's last change. */
  setChanged(file: string, instant: number): Promise<void>
  /** Takes a file's permissions from everybody but its owner. */
  restrict(file: string): Promise<void>
  /** Waits until the names in a folder are on the disk. */
  syncFolder(folder: string): Promise<void>
  /** Bytes that can still be written in a folder; `Infinity` if the system does not tell. */
  freeBytes(folder: string): Promise<number>
}

/** Sessions are secrets: only the owner of the files may read them. */
const OWNER_ONLY = 0o600
/** What a file system that knows no hard links says. */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EMLINK'])
/** The unit in which a disk fails to read. */
const SECTOR = 4096

export const realFiles: Files = {
  async open(file, mode) {
    const handle = await fs.open(file, mode, OWNER_ONLY)
    return {
      read: async (target, offset, length, position) =>
        (await handle.read(target, offset, length, position)).bytesRead,
      write: async (source, offset, length, position) =>
        (await handle.write(source, offset, length, position)).bytesWritten,
      datasync: () => handle.datasync(),
      close: () => handle.close(),
    }
  },
  async info(file) {
    const stats = await unlessMissing(fs.stat(file))
    if (stats === undefined) return undefined
    const { size, mtimeMs: changed, ctimeMs: named } = stats
    return { size, changed, named, isFolder: stats.isDirectory() }
  },
  text: (file) => unlessMissing(fs.readFile(file, 'utf8')),
  list: (folder) => fs.readdir(folder),
  rename: (from, to) => fs.rename(from, to),
  async link(file, name) {
    try {
      await fs.link(file, name)
    } catch (error) {
      if (!NO_LINKS.has(codeOf(error) ?? '')) throw error
      await fs.copyFile(file, name, fs.constants.COPYFILE_EXCL)
    }
  },
  async target(link) {
    try {
      return await unlessMissing(fs.readlink(link))
    } catch (error) {
      if (codeOf(error) === 'EINVAL') return undefined
      throw error
    }
  },
  realPath: (file) => fs.realpath(file),
  remove: (file) => fs.rm(file, { force: true }),
  setChanged: (file, instant) => fs.utimes(file, instant / 1000, instant / 1000),
  async restrict(file) {
    const { mode } = await fs.stat(file)
    if ((mode & 0o777) !== OWNER_ONLY) await fs.chmod(file, OWNER_ONLY)
  },
  async syncFolder(folder) {
    // Windows opens no folder; its names are on the disk when the call returns.
    if (process.platform === 'win32') return
    const handle = await fs.open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  async freeBytes(folder) {
    try {
      const { bavail, bsize } = await fs.statfs(folder)
      return bavail * bsize
    } catch {
      return Number.POSITIVE_INFINITY
    }
  },
}

/** Writes all of a part of a buffer, however little the system takes at once. */
export async function writeAll(
  file: OpenFile,
  source: Buffer,
  length: number,
  position: number,
): Promise<void> {
  for (let offset = 0; offset < length; ) {
    const written = await file.write(source, offset, length - offset, position + offset)
    if (written === 0) throw coded('EIO', 'EIO: nothing was written')
    offset += written
  }
}

/**
 * Reads until the part of the buffer is full or the file ends, and gives the bytes read. A sector
 * that the disk can't read comes as zeros, and `unreadable` is called: one bad sector must not cost
 * the rest of the file.
 */
export async function readAll(
  file: OpenFile,
  target: Buffer,
  offset: number,
  length: number,
  position: number,
  unreadable = () => {},
): Promise<number> {
  let done = 0
  while (done < length) {
    const [at, from] = [offset + done, position + done]
    const read = await readSome(file, target, at, length - done, from, unreadable)
    if (read === 0) break
    done += read
  }
  return done
}

async function readSome(
  file: OpenFile,
  target: Buffer,
  offset: number,
  length: number,
  position: number,
  unreadable: () => void,
): Promise<number> {
  try {
    return await file.read(target, offset, length, position)
  } catch (error) {
    if (codeOf(error) !== 'EIO') throw error
  }
  const part = Math.min(length, SECTOR - (position % SECTOR))
  try {
    return await file.read(target, offset, part, position)
  } catch (error) {
    if (codeOf(error) !== 'EIO') throw error
    unreadable()
    target.fill(0, offset, offset + part)
    return part
  }
}

export function folderOf(file: string): string {
  return path.dirname(file)
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code
}

async function unlessMissing<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  try {
    return await asked
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
