/** The least that a restart can cost: a bare program that reads lembro's files, checks each record, and puts id and body into a `Map`. */

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import type { Restarted } from './restart.js'

/** As docs/file-format.md and lib/persistence/format/record.ts draw them. */
const FILE_HEAD = 32
const NUMBER_AT = 16
const RECORD_HEAD = 24
const PUT = 1
const REMOVE = 3
const CLEAR = 4
/** Flags, and how many bytes of the payload each says are there: those after the first two, and before the id, are texts. */
const WIDE_SID = 1
const WIDE_BODY = 2
const COOKIE = 16
const EXPIRES = 64
const NAMED = 256
const CREATED = 1024

/** Reads the snapshot, and the segments that it does not hold. Only those of version 2, and unencrypted. */
export function bare({ file }: { file: string }): Restarted {
  const began = performance.now()
  const bodies = new Map<string, string>()
  const snapshot = readFileSync(file)
  readInto(bodies, snapshot)
  for (const segment of segmentsOf(file, snapshot.readDoubleLE(NUMBER_AT))) {
    readInto(bodies, readFileSync(segment))
  }
  return { ms: performance.now() - began, sessions: bodies.size }
}

function segmentsOf(file: string, from: number): string[] {
  const prefix = `${path.basename(file)}.journal-`
  return readdirSync(path.dirname(file))
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .filter((number) => number >= from)
    .sort((a, b) => a - b)
    .map((number) => `${file}.journal-${number}`)
}

/** Up to the torn tail that a kill leaves. */
function readInto(bodies: Map<string, string>, bytes: Buffer): void {
  let length = 0
  for (let at = FILE_HEAD; at + RECORD_HEAD <= bytes.length; at += length) {
    length = bytes.readUInt32LE(at + 8)
    const end = at + length
    if (end > bytes.length || crc32(bytes.subarray(at + 8, end)) !== bytes.readUInt32LE(at + 4)) {
      return
    }
    const type = bytes[at + 12]
    if (type === PUT) put(bodies, bytes, at, end)
    else if (type === REMOVE)
      bodies.delete(textOf(bytes, at + RECORD_HEAD, end, bytes.readUInt16LE(at + 14) & WIDE_SID))
    else if (type === CLEAR) bodies.clear()
  }
}

function put(bodies: Map<string, string>, bytes: Buffer, record: number, end: number): void {
  const flags = bytes.readUInt16LE(record + 14)
  let at = record + RECORD_HEAD
  if (flags & CREATED) at += 8
  if (flags & EXPIRES) at += 8
  if (flags & COOKIE) at += 4 + bytes.readUInt32LE(at)
  if (flags & NAMED) at += 4 + bytes.readUInt32LE(at)
  const body = at + 4 + bytes.readUInt32LE(at)
  const sid = textOf(bytes, at + 4, body, flags & WIDE_SID)
  bodies.set(sid, textOf(bytes, body, end, flags & WIDE_BODY))
}

function textOf(bytes: Buffer, from: number, to: number, isWide: number): string {
  return bytes.toString(isWide ? 'utf16le' : 'latin1', from, to)
}
