/** Tells on the terminal how far a run has come: one line that is written over, or one for each section in a log. */

const { stderr } = process

export class Progress {
  readonly #began = performance.now()
  #section = ''

  /** A section begins. */
  begin(section: string): void {
    this.#section = section
    if (!stderr.isTTY) stderr.write(`${this.#clock} ${section}\n`)
  }

  /** What the section is busy with. */
  at(what: string): void {
    if (!stderr.isTTY) return
    const line = `${this.#clock} ${this.#section}: ${what}`
    stderr.write(`\r\x1b[K${line.slice(0, (stderr.columns ?? 80) - 1)}`)
  }

  /** Clears the line, so that something else can be printed. */
  clear(): void {
    if (stderr.isTTY) stderr.write('\r\x1b[K')
  }

  get #clock(): string {
    const seconds = Math.round((performance.now() - this.#began) / 1000)
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  }
}
