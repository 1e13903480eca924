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
const [CR, LF, MINUS, ZERO] = [13, 10, 45, 48]
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
    const kind = String.fromCharCode(this.#data[this.#at] as number)
    return ':$*~>%!=|'.includes(kind) ? this.#counted(kind) : this.#simple(kind)
  }

  /** What begins with a number: one, or how many bytes or values follow. */
  #counted(kind: string): unknown {
    const count = this.#number()
    if (count === undefined) return PARTIAL
    switch (kind) {
      case ':':
        return count
      case '$':
        return count < 0 ? null : this.#text(count)
      case '*':
      case '~':
        return count < 0 ? null : this.#values(count)
      case '>': {
        const values = this.#values(count)
        return Array.isArray(values) ? new Push(values) : values
      }
      case '%':
        return this.#values(2 * count)
      case '!': {
        const text = this.#text(count)
        return typeof text === 'string' ? new ReplyError(text) : text
      }
      case '=': {
        const text = this.#text(count)
        return typeof text === 'string' ? text.slice('txt:'.length) : text
      }
      default: {
        // Attributes go before the value that they are about.
        const attributes = this.#values(2 * count)
        return attributes === PARTIAL ? PARTIAL : this.#value()
      }
    }
  }

  /** What is one line of text. */
  #simple(kind: string): unknown {
    const line = this.#line()
    if (line === undefined) return PARTIAL
    switch (kind) {
      case '+':
      case '(':
        return line
      case '-':
        return new ReplyError(line)
      case '_':
        return null
      case '#':
        return line === 't'
      case ',':
        return line === 'inf' ? Infinity : line === '-inf' ? -Infinity : Number(line)
      default:
        throw notRedis()
    }
  }

  /** The number after the first byte of a line, read from its bytes: to make a text of each would take longer than all else. */
  #number(): number | undefined {
    const data = this.#data
    const isNegative = data[this.#at + 1] === MINUS
    let at = this.#at + (isNegative ? 2 : 1)
    let number = 0
    for (; at < data.length && data[at] !== CR; at++) {
      const digit = (data[at] as number) - ZERO
      if (digit < 0 || digit > 9) throw notRedis()
      number = 10 * number + digit
    }
    if (at + 1 >= data.length) return undefined
    if (data[at + 1] !== LF) throw notRedis()
    this.#at = at + 2
    return isNegative ? -number : number
  }

  /** The rest of a line after its first byte. */
  #line(): string | undefined {
    const end = this.#data.indexOf(LF, this.#at)
    if (end < 0) return undefined
    if (this.#data[end - 1] !== CR) throw notRedis()
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

function notRedis(): Error {
  return new Error('what answers there does not speak the protocol of Redis')
}
