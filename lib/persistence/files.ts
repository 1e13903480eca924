/** The file system, as much of it as saving needs: small enough for a spec to put a failing one in its place. */

import fs from 'node:fs/promises'
import path from 'node:path'

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
  readonly isFolder: boolean
}

/** How a file is opened: to read it, anew, or anew where none may be. */
export type Mode = 'r' | 'w' | 'wx'

export interface Files {
  /** Whether another thread finds the same files. */
  readonly isReal: boolean
  open(file: string, mode: Mode): Promise<OpenFile>
  /** `undefined` where there is nothing. */
  info(file: string): Promise<FileInfo | undefined>
  /** The names in a folder. */
  list(folder: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
  /** Gives a file a second name. Fails with `EEXIST` where the name is taken. */
  link(file: string, name: string): Promise<void>
  /** Removes a file; one that is not there is no fault. */
  remove(file: string): Promise<void>
  /** Takes a file's rights from everybody but its owner. */
  restrict(file: string): Promise<void>
  /** Waits until the names in a folder are on the disk. */
  syncFolder(folder: string): Promise<void>
}

/** Sessions are secrets: the files are their owner's alone. */
const OWNER_ONLY = 0o600
/** What a file system says that knows no second names. */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EMLINK'])

export const realFiles: Files = {
  isReal: true,
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
    try {
      const stats = await fs.stat(file)
      return { size: stats.size, changed: stats.mtimeMs, isFolder: stats.isDirectory() }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  },
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
  remove: (file) => fs.rm(file, { force: true }),
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
}

/** What stores are given: for a spec to put a failing one in its place. */
export const system: { files: Files } = { files: realFiles }

/** Writes all of a part of a buffer, whatever the system takes at once. */
export async function writeAll(
  file: OpenFile,
  source: Buffer,
  length: number,
  position: number,
): Promise<void> {
  for (let offset = 0; offset < length; ) {
    const written = await file.write(source, offset, length - offset, position + offset)
    if (written === 0) throw Object.assign(new Error('EIO: nothing was written'), { code: 'EIO' })
    offset += written
  }
}

/** Reads until the buffer's part is full or the file ends. Gives the bytes read. */
export async function readAll(
  file: OpenFile,
  target: Buffer,
  offset: number,
  length: number,
  position: number,
): Promise<number> {
  let done = 0
  while (done < length) {
    const read = await file.read(target, offset + done, length - done, position + done)
    if (read === 0) break
    done += read
  }
  return done
}

export function folderOf(file: string): string {
  return path.dirname(file)
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code
}
