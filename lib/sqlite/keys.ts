/**
 * Owns the keys of a file: AES-256-GCM for what a row holds, and HMAC-SHA256 for the times that a
 * touch changes. A sealed text is a nonce of 12 bytes, a tag of 16, and the ciphertext.
 *
 * No nonce comes twice under a key: each ring draws 64 random bits when it is made and counts
 * through the other 32, then draws again.
 */

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  scryptSync,
} from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TEXT_AT = NONCE_BYTES + 16
const LAST_COUNT = 2 ** 32 - 1
// The same for all: a text must open the file again from nothing but itself.
const SALT = 'lembro saveKeys 1'

/** Keys by their ids; the first one seals. */
export class KeyRing {
  /** The id of the key that seals. */
  readonly current: number
  /** Whether a row that is not sealed is refused, since all of the file was sealed once. */
  isStrict = false
  readonly #keys = new Map<number, Buffer>()
  readonly #nonce = Buffer.alloc(NONCE_BYTES)
  #count = LAST_COUNT

  /** `keys` as the option has them: texts become keys by scrypt. */
  constructor(keys: readonly (string | Uint8Array)[]) {
    const raw = keys.map((key) =>
      typeof key === 'string' ? scryptSync(key, SALT, KEY_BYTES) : Buffer.from(key),
    )
    for (const key of raw) this.#keys.set(idOf(key), key)
    this.current = idOf(raw[0] as Buffer)
  }

  get ids(): number[] {
    return [...this.#keys.keys()]
  }

  has(id: number): boolean {
    return this.#keys.has(id)
  }

  /** Seals a text with the current key; `beside` is not hidden, but can't be changed either. */
  seal(text: Buffer, beside: Buffer): Buffer {
    const cipher = createCipheriv(ALGORITHM, this.#key(this.current), this.#nextNonce())
    cipher.setAAD(beside)
    const sealed = cipher.update(text)
    cipher.final()
    return Buffer.concat([this.#nonce, cipher.getAuthTag(), sealed])
  }

  /** The text that was sealed with that key and `beside`. Throws if anything is not as it was. */
  open(id: number, sealed: Buffer, beside: Buffer): Buffer {
    if (sealed.length < TEXT_AT) throw new Error('too short')
    const nonce = sealed.subarray(0, NONCE_BYTES)
    const decipher = createDecipheriv(ALGORITHM, this.#key(id), nonce, { authTagLength: 16 })
    decipher.setAAD(beside)
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, TEXT_AT))
    const text = decipher.update(sealed.subarray(TEXT_AT))
    decipher.final()
    return text
  }

  /** What only a holder of the key can tell: 32 bytes, for the check of a touch, or to find something by that can't be read. */
  mac(id: number, use: 'times' | 'find', of: Buffer | string): Buffer {
    return createHmac('sha256', this.#key(id)).update(use).update(of).digest()
  }

  #key(id: number): Buffer {
    return this.#keys.get(id) as Buffer
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

function idOf(key: Buffer): number {
  return createHash('sha256').update('lembro key id').update(key).digest().readUInt32LE(0)
}
