/** What the core requires for a `saveFile`. */

export { type Files, realFiles } from './disk/files'
export { Persistence } from './persistence'
