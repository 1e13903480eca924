/** The small faults that the mutation run puts into a source file, one at a time. */

/** One fault: a part of the text and what takes its place. */
export interface Mutation {
  /** The line, counted from 1. */
  readonly line: number
  readonly at: number
  readonly from: string
  readonly to: string
}

const SWAPS: readonly (readonly [RegExp, (found: string) => string])[] = [
  [/ (<=|>=) /g, (found) => found.replace('=', '')],
  [/ (<|>) /g, (found) => `${found.trimEnd()}= `],
  [/ === /g, () => ' !== '],
  [/ !== /g, () => ' === '],
  [/ && /g, () => ' || '],
  [/ \|\| /g, () => ' && '],
  [/ \+ /g, () => ' - '],
  [/ - /g, () => ' + '],
  [/ \* /g, () => ' / '],
  [/ \+= /g, () => ' -= '],
  [/ -= /g, () => ' += '],
  [/\+\+/g, () => '--'],
  [/\btrue\b/g, () => 'false'],
  [/\bfalse\b/g, () => 'true'],
  [/\bif \((?=.*\) )/g, () => 'if (true || '],
  [/\bif \((?=.*\))/g, () => 'if (false && '],
  [/\bMath\.min\b/g, () => 'Math.max'],
  [/\bMath\.max\b/g, () => 'Math.min'],
]

/** A whole statement on a line of its own that is there for its effect. */
const EFFECT = /^\s+(?:await )?(?:this\.|[a-z]\w*[.(])(?:(?!=>)[^{}])*\)$/
const COMMENT = /^\s*(?:\/\*|\*|\/\/)/
const DECLARATION = /^\s*(?:import|export type|export interface|readonly|interface|type) /

/** All mutations of a source, in the order of their lines. */
export function mutationsOf(source: string): Mutation[] {
  const mutations: Mutation[] = []
  let start = 0
  for (const [index, text] of source.split('\n').entries()) {
    if (!COMMENT.test(text) && !DECLARATION.test(text)) {
      for (const { at, from, to } of ofLine(text)) {
        mutations.push({ line: index + 1, at: start + at, from, to })
      }
    }
    start += text.length + 1
  }
  return mutations
}

/** The source with one fault in it. */
export function mutated(source: string, { at, from, to }: Mutation): string {
  return source.slice(0, at) + to + source.slice(at + from.length)
}

function* ofLine(text: string): Generator<{ at: number; from: string; to: string }> {
  if (EFFECT.test(text)) yield { at: 0, from: text, to: '' }
  for (const [pattern, swap] of SWAPS) {
    for (const { 0: from, index: at } of text.matchAll(pattern)) {
      if (!isInText(text, at)) yield { at, from, to: swap(from) }
    }
  }
}

/** Whether a place in a line lies within quotes, or behind a comment's beginning. */
function isInText(line: string, at: number): boolean {
  const before = line.slice(0, at)
  return [`'`, '`'].some((quote) => before.split(quote).length % 2 === 0) || before.includes(' // ')
}
