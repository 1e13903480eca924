/**
 * Owns the encryption of payloads: AES-256-GCM, each record for itself. The payload is replaced by
 *
 *     24       28      40    56
 *     +--------+-------+-----+--------------+
 *     | key id | nonce | tag | ciphertext … |
 *     +--------+-------+-----+--------------+
 *
 * Length, type, flags, expiry and key id are outside and authenticated: a purge needs no key, and a
 * changed expiry is refused. Session ids are inside, so a file that leaks signs nobody in.
 *
 * No nonce comes twice under a key: each ring draws 64 random bits when it is made and counts
 * through the other 32, then draws again. Two that drew the same would be needed: after a thousand
 * starts a chance of 2^-45, where 96 random bits a record would use up NIST's 2^32 in days.
 */

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  randomBytes,
  scrypt as scryptWithCallback,
} from 'node:crypto'
import { promisify } from 'node:util'
import { type Cipher, HEAD_BYTES } from './record'

const scrypt = promisify<string, string, number, Buffer>(scryptWithCallback)

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const ID_BYTES = 4
const NONCE_BYTES = 12
const TAG_BYTES = 16
const EXTRA = ID_BYTES + NONCE_BYTES + TAG_BYTES
const LAST_COUNT = 2 ** 32 - 1
// The same for all: a text must decrypt the file again from nothing but itself.
const SALT = 'lembro saveKeys 1'

/** Keys by their ids; the first one encrypts. */
export class KeyRing implements Cipher {
  readonly extra = EXTRA
  readonly #keys = new Map<string, Buffer>()
  readonly #current: Buffer
  readonly #currentId: Buffer
  readonly #nonce = Buffer.alloc(NONCE_BYTES)
  #count = LAST_COUNT

  /** `keys`: raw ones, the current first. */
  constructor(keys: readonly Buffer[]) {
    for (const key of keys) this.#keys.set(idOf(key).toString('hex'), key)
    this.#current = keys[0] as Buffer
    this.#currentId = idOf(this.#current)
  }

  /** A ring of keys as the option has them: texts become keys by scrypt. */
  static async of(keys: readonly (string | Uint8Array)[]): Promise<KeyRing> {
    const raw = keys.map((key) =>
      typeof key === 'string' ? scrypt(key, SALT, KEY_BYTES) : Buffer.from(key),
    )
    return new KeyRing(await Promise.all(raw))
  }

  encrypt(bytes: Buffer, at: number, end: number): void {
    const idAt = at + HEAD_BYTES
    const nonceAt = idAt + ID_BYTES
    const tagAt = nonceAt + NONCE_BYTES
    const textAt = tagAt + TAG_BYTES
    this.#currentId.copy(bytes, idAt)
    this.#nextNonce().copy(bytes, nonceAt)
    const cipher = createCipheriv(ALGORITHM, this.#current, this.#nonce)
    cipher.setAAD(bytes.subarray(at + 8, nonceAt))
    cipher.update(bytes.subarray(textAt, end)).copy(bytes, textAt)
    cipher.final()
    cipher.getAuthTag().copy(bytes, tagAt)
  }

  decrypt(bytes: Buffer, at: number, end: number): Buffer | string | undefined {
    const nonceAt = at + HEAD_BYTES + ID_BYTES
    const tagAt = nonceAt + NONCE_BYTES
    const textAt = tagAt + TAG_BYTES
    if (end < textAt) return undefined
    const id = bytes.toString('hex', at + HEAD_BYTES, nonceAt)
    const key = this.#keys.get(id)
    if (key === undefined) return id
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(nonceAt, tagAt))
    decipher.setAAD(bytes.subarray(at + 8, nonceAt))
    decipher.setAuthTag(bytes.subarray(tagAt, textAt))
    const payload = decipher.update(bytes.subarray(textAt, end))
    try {
      decipher.final()
      return payload
    } catch {
      return undefined
    }
  }

  /** Whether records of that key can be decrypted. */
  knows(id: string): boolean {
    return this.#keys.has(id)
  }

  /** The id of the key that encrypts. */
  get keyId(): string {
    return this.#currentId.toString('hex')
  }

  #nextNonce(): Buffer {
    if (this.#count === LAST_COUNT) {
      randomBytes(8).copy(this.#nonce)
      this.#count = 0
    } else this.#count++
    this.#nonce.writeUInt32LE(this.#count, 8)
    return this.#nonce
  }
}

function idOf(key: Buffer): Buffer {
  return createHash('sha256').update('lembro key id').update(key).digest().subarray(0, ID_BYTES)
}
