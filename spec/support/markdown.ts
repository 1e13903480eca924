/** A Markdown document as its checks see it: blocks of code, links, anchors, tables and words. */

import fs from 'node:fs'

/** A fenced block of code. */
export interface Block {
  readonly file: string
  /** The line of its opening fence. */
  readonly line: number
  readonly language: string
  readonly code: string
}

const FENCE = /^```(\w*)/
const CODE_SPAN = /`[^`\n]*`/g
const LINK = /\]\(([^()\s]+)\)|<(https?:[^>]+)>/g

export class Markdown {
  readonly file: string
  readonly text: string
  readonly blocks: readonly Block[]
  /** Its lines, those of blocks left empty. */
  readonly #prose: readonly string[]

  constructor(file: string, text = fs.readFileSync(file, 'utf8')) {
    this.file = file
    this.text = text
    const blocks: Block[] = []
    const prose: string[] = []
    let open: { line: number; language: string; code: string[] } | undefined
    for (const [index, line] of text.split('\n').entries()) {
      const fence = FENCE.exec(line)
      prose.push(open === undefined && fence === null ? line : '')
      if (fence === null) open?.code.push(line)
      else if (open === undefined) open = { line: index + 1, language: fence[1] ?? '', code: [] }
      else {
        blocks.push({ ...open, file, code: `${open.code.join('\n')}\n` })
        open = undefined
      }
    }
    this.blocks = blocks
    this.#prose = prose
  }

  /** Where its links and pictures lead, code left out. */
  get links(): string[] {
    const prose = this.#prose.join('\n').replace(CODE_SPAN, '')
    return [...prose.matchAll(LINK)].map(([, inline, bare]) => inline ?? bare ?? '')
  }

  /** What a link to one of its headings has behind the `#`, as GitHub and npm make it. */
  get anchors(): Set<string> {
    const anchors = new Set<string>()
    for (const line of this.#prose) {
      const heading = /^#+\s+(.*)$/.exec(line)?.[1]
      if (heading === undefined) continue
      const plain = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '')
      const anchor = plain.replaceAll(' ', '-')
      let free = anchor
      for (let n = 1; anchors.has(free); n++) free = `${anchor}-${n}`
      anchors.add(free)
    }
    return anchors
  }

  /** What is between a heading and the next one of its level or above. */
  section(heading: string): Markdown {
    const lines = this.text.split('\n')
    const start = lines.indexOf(heading)
    if (start < 0) throw new Error(`${this.file} has no heading '${heading}'`)
    const level = /^#+/.exec(heading)?.[0].length
    const rest = lines.slice(start + 1)
    const end = rest.findIndex((line) => new RegExp(`^#{1,${level}} `).test(line))
    return new Markdown(this.file, rest.slice(0, end < 0 ? undefined : end).join('\n'))
  }

  /** The cells of all its tables, row by row. */
  get rows(): string[][] {
    return this.#prose
      .filter((line) => line.startsWith('|') && !/^[|:\s-]+$/.test(line))
      .map((line) => line.split('|').slice(1, -1))
      .map((cells) => cells.map((cell) => cell.trim()))
  }

  /** What its text has between backticks, blocks left out. */
  get codeSpans(): string[] {
    return (this.#prose.join('\n').match(CODE_SPAN) ?? []).map((span) => span.slice(1, -1))
  }

  get words(): number {
    return this.text.split(/[\s|]+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length
  }
}
