/** The least that a restart can cost: a bare program that reads the rows of lembro's file, and puts id and body into a `Map`. */

import { createRequire } from 'node:module'
import type { Restarted } from './restart.js'

type Row = { readonly sid: Uint8Array; readonly body: Uint8Array }
type Database = new (
  file: string,
) => { prepare(sql: string): { iterate(): Iterable<Row> }; close(): void }

/** Only a file that is not encrypted, and whose texts are all UTF-8. */
export function bare({ file }: { file: string }): Restarted {
  const require = createRequire(import.meta.url)
  const { DatabaseSync } = require('@photostructure/sqlite') as { DatabaseSync: Database }
  const began = performance.now()
  const bodies = new Map<string, string>()
  const database = new DatabaseSync(file)
  for (const { sid, body } of database.prepare('SELECT sid, body FROM sessions').iterate()) {
    bodies.set(textOf(sid), textOf(body))
  }
  database.close()
  return { ms: performance.now() - began, sessions: bodies.size }
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString()
}
