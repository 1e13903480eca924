/** What `DEBUG=lembro` prints, for developers. */

import type { Debugger } from 'debug'

let print: Debugger | undefined

/** Prints a line, as printf does, if the environment variable `DEBUG` asks for it. */
export function debug(format: string, ...values: readonly unknown[]): void {
  // `debug.enable()` sets the variable too. Loading debug takes as long as loading half of lembro.
  if (!process.env.DEBUG) return
  print ??= (require('debug') as typeof import('debug'))('lembro')
  print(format, ...values)
}
