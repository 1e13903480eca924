/** The path of a file without any links, so that it has the same one for everybody. */

import { readlink, realpath } from 'node:fs/promises'
import path from 'node:path'
import { codeOf } from './files'

export async function wholePath(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  const whole = path.join(await realpath(path.dirname(file)), path.basename(file))
  const target = await targetOf(whole)
  return target === undefined ? whole : wholePath(path.resolve(path.dirname(whole), target))
}

/** Where a link leads whose file is not there yet; `undefined` for none. */
async function targetOf(file: string): Promise<string | undefined> {
  try {
    return await readlink(file)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EINVAL') throw error
    return undefined
  }
}
