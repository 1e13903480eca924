/** What the core requires for a `saveFile`. */

export { Persistence } from './persistence'

/** The worker as the build has written it beside this code: a text, so that it goes into an application's bundle. */
export function builtWorker(): string {
  return require('./worker-code.js')
}
