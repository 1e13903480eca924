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
/** Thrown where the bytes of a reply end before it does. */
const PARTIAL = new Error('the reply has not come as a whole')

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
    try {
      while (start < this.#data.length) {
        this.#needed = 0
        const value = this.#value()
        start = this.#at
        each(value)
      }
    } catch (thrown) {
      if (thrown !== PARTIAL) throw thrown
    }
    this.#needed = Math.max(0, this.#needed - start)
    this.#size = this.#data.length - start
    this.#chunks = this.#size === 0 ? [] : [this.#data.subarray(start)]
    this.#data = NOTHING
  }

  #value(): unknown {
    if (this.#at >= this.#data.length) throw PARTIAL
    switch (String.fromCharCode(this.#data[this.#at] as number)) {
      case '$':
        return this.#text()
      case ':':
        return this.#number()
      case '+':
      case '(':
        return this.#line()
      case '_':
        this.#line()
        return null
      case '#':
        return this.#line() === 't'
      case ',':
        return Number(this.#line().replace('inf', 'Infinity'))
      case '-':
        return new ReplyError(this.#line())
      case '!':
        return new ReplyError(String(this.#text()))
      case '=':
        return this.#text()?.slice('txt:'.length)
      case '*':
      case '~':
        return this.#values(1)
      case '%':
        return this.#values(2)
      case '>':
        return new Push(this.#values(1) ?? [])
      case '|':
        // Attributes go before the value that they are about.
        this.#values(2)
        return this.#value()
      default:
        throw notRedis()
    }
  }

  /** The number after the first byte of a line, read from its bytes: to make a text of each would take longer than all else. */
  #number(): number {
    const data = this.#data
    const isNegative = data[this.#at + 1] === MINUS
    let at = this.#at + (isNegative ? 2 : 1)
    let number = 0
    for (; at < data.length && data[at] !== CR; at++) {
      const digit = (data[at] as number) - ZERO
      if (digit < 0 || digit > 9) throw notRedis()
      number = 10 * number + digit
    }
    if (at + 1 >= data.length) throw PARTIAL
    if (data[at + 1] !== LF) throw notRedis()
    this.#at = at + 2
    return isNegative ? -number : number
  }

  /** The rest of a line after its first byte. */
  #line(): string {
    const end = this.#data.indexOf(LF, this.#at)
    if (end < 0) throw PARTIAL
    if (this.#data[end - 1] !== CR) throw notRedis()
    const line = this.#data.toString('utf8', this.#at + 1, end - 1)
    this.#at = end + 1
    return line
  }

  /** A text after the number of its bytes. */
  #text(): string | null {
    const bytes = this.#number()
    if (bytes < 0) return null
    const end = this.#at + bytes
    this.#needed = end + 2
    if (this.#data.length < this.#needed) throw PARTIAL
    const text = this.#data.toString('utf8', this.#at, end)
    this.#at = this.#needed
    return text
  }

  /** Values after the number of them, or of the pairs that they are. */
  #values(each: 1 | 2): unknown[] | null {
    const count = this.#number()
    if (count < 0) return null
    const values: unknown[] = []
    while (values.length < count * each) values.push(this.#value())
    return values
  }
}

function notRedis(): Error {
  return new Error('what answers there does not speak the protocol of Redis')
}
