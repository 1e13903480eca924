/** Redis' protocol, RESP 2 and 3: commands as bytes, and bytes as replies. */

/** What a server tells without being asked. */
export class Push {
  constructor(readonly values: readonly unknown[]) {}
}

/** An error that a server answered. Its first word says which. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError'
  readonly code = 'EREDIS'

  /** Such as `MOVED` or `NOPERM`. */
  get word(): string {
    return this.message.split(' ', 1)[0] as string
  }
}

/** A command, to be written in UTF-8. */
export function encode(args: readonly string[]): string {
  let text = `*${args.length}\r\n`
  for (const arg of args) text += `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`
  return text
}

const NOTHING = Buffer.alloc(0)
const [CR, LF] = [13, 10]
/** What `#value` gives while the bytes of a reply have not all come. */
const PARTIAL = Symbol('partial')

/** Puts replies together from chunks of bytes. */
export class Reader {
  #chunks: Buffer[] = []
  #size = 0
  /** Bytes that the reply under way needs at the least: before there are so many, nothing is tried. */
  #needed = 0
  #data: Buffer = NOTHING
  #at = 0

  /** Calls back with each reply that is complete: a {@link Push}, a {@link ReplyError}, or a value. Throws for bytes that are not RESP. */
  read(chunk: Buffer, each: (reply: unknown) => void): void {
    let from = 0
    while (from < chunk.length) {
      // Only what the reply under way needs is copied; what follows it is read where it is.
      const most = Math.max(this.#needed - this.#size, 0) || chunk.length
      const piece = chunk.subarray(from, from + most)
      from += piece.length
      this.#chunks.push(piece)
      this.#size += piece.length
      if (this.#size >= this.#needed) this.#readAll(each)
    }
  }

  #readAll(each: (reply: unknown) => void): void {
    const chunks = this.#chunks
    this.#data = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, this.#size)
    this.#at = 0
    let start = 0
    while (this.#at < this.#data.length) {
      start = this.#at
      this.#needed = 0
      const value = this.#value()
      if (value === PARTIAL) break
      start = this.#at
      each(value)
    }
    this.#needed = Math.max(0, this.#needed - start)
    this.#size = this.#data.length - start
    this.#chunks = this.#size === 0 ? [] : [this.#data.subarray(start)]
    this.#data = NOTHING
  }

  #value(): unknown {
    const kind = this.#data[this.#at]
    const line = this.#line()
    if (line === undefined) return PARTIAL
    switch (String.fromCharCode(kind as number)) {
      case '+':
        return line
      case '-':
        return new ReplyError(line)
      case ':':
        return Number(line)
      case '$':
        return line === '-1' ? null : this.#text(Number(line))
      case '*':
      case '~':
        return line === '-1' ? null : this.#values(Number(line))
      case '>': {
        const values = this.#values(Number(line))
        return Array.isArray(values) ? new Push(values) : values
      }
      case '%':
        return this.#values(2 * Number(line))
      case '_':
        return null
      case '#':
        return line === 't'
      case ',':
        return line === 'inf' ? Infinity : line === '-inf' ? -Infinity : Number(line)
      case '(':
        return line
      case '!': {
        const text = this.#text(Number(line))
        return typeof text === 'string' ? new ReplyError(text) : text
      }
      case '=': {
        const text = this.#text(Number(line))
        return typeof text === 'string' ? text.slice('txt:'.length) : text
      }
      case '|': {
        // Attributes go before the value that they are about.
        const attributes = this.#values(2 * Number(line))
        return attributes === PARTIAL ? PARTIAL : this.#value()
      }
      default:
        throw new Error('what answers there does not speak the protocol of Redis')
    }
  }

  /** The rest of a line after its first byte. */
  #line(): string | undefined {
    const end = this.#data.indexOf(LF, this.#at)
    if (end < 0) return undefined
    if (this.#data[end - 1] !== CR) {
      throw new Error('what answers there does not speak the protocol of Redis')
    }
    const line = this.#data.toString('utf8', this.#at + 1, end - 1)
    this.#at = end + 1
    return line
  }

  #text(bytes: number): string | typeof PARTIAL {
    const end = this.#at + bytes
    if (this.#data.length < end + 2) {
      this.#needed = end + 2
      return PARTIAL
    }
    const text = this.#data.toString('utf8', this.#at, end)
    this.#at = end + 2
    return text
  }

  #values(count: number): unknown[] | typeof PARTIAL {
    const values: unknown[] = []
    while (values.length < count) {
      if (this.#at >= this.#data.length) return PARTIAL
      const value = this.#value()
      if (value === PARTIAL) return PARTIAL
      values.push(value)
    }
    return values
  }
}
