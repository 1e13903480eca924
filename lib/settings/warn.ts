/** Warnings to the process: each said once. */

const said = new Set<string>()

/** Warns through `process.emitWarning`, once for each code and subject in a process. */
export function warnOnce(code: string, subject: string, message: string): void {
  const key = `${code} ${subject}`
  if (said.has(key)) return
  said.add(key)
  process.emitWarning(message, { type: 'LembroWarning', code })
}
