/** A table, as Markdown that can be read as it is. */

export interface Table {
  readonly title: string
  /** Says how the figures are to be read. */
  readonly note?: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** The table with its title and note; the first column to the left, the others to the right. Without rows, title and note alone. */
export function toMarkdown({ title, note, head, rows }: Table, level = '###'): string {
  const widths = head.map((cell, i) =>
    Math.max(3, cell.length, ...rows.map((row) => row[i]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => pad(cell, widths[i] ?? 0, i === 0)).join(' | ')} |`
  const rule = widths.map((width, i) =>
    i === 0 ? `:${'-'.repeat(width - 1)}` : `${'-'.repeat(width - 1)}:`,
  )
  const lines = [line(head), line(rule), ...rows.map(line)]
  return [
    `${level} ${title}`,
    ...(note === undefined ? [] : [note]),
    ...(rows.length === 0 ? [] : [lines.join('\n')]),
  ].join('\n\n')
}

function pad(cell: string, width: number, left: boolean): string {
  return left ? cell.padEnd(width) : cell.padStart(width)
}
