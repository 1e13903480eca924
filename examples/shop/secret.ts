/** The secret that cookies are signed with. */

import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { Refusal } from './refusal'

const BYTES = 32
const LEAST_TEXT = 32
const OWNER_ONLY = 0o600

/**
 * `SESSION_SECRET` if it is set, else a random one. If sessions are saved, it is kept beside them: a
 * browser that comes back shows a cookie that the former run has signed, which leads to no session if
 * the secret is another by then. To be called while this process holds the save file, so
 * that no other makes a secret at the same time.
 */
export function secretFor(saveFile: string | undefined): string {
  const { SESSION_SECRET } = process.env
  if (SESSION_SECRET) return SESSION_SECRET
  return saveFile === undefined ? newSecret() : kept(`${saveFile}.secret`)
}

function kept(file: string): string {
  let secret: string
  try {
    secret = read(file) ?? create(file)
  } catch (error) {
    throw new Refusal(`Can't keep the secret of the cookies: ${(error as Error).message}`, 1)
  }
  // Cookies signed with less could be forged.
  if (secret.length >= LEAST_TEXT) return secret
  throw new Refusal(`'${file}' holds no secret. Without the file, a new one is made.`, 1)
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

// Under another name first: a shop that is killed meanwhile leaves no half of a secret.
function create(file: string): string {
  const unfinished = `${file}.tmp`
  const secret = newSecret()
  fs.rmSync(unfinished, { force: true })
  fs.writeFileSync(unfinished, `${secret}\n`, { mode: OWNER_ONLY, flag: 'wx', flush: true })
  fs.renameSync(unfinished, file)
  return secret
}

function newSecret(): string {
  return randomBytes(BYTES).toString('hex')
}
