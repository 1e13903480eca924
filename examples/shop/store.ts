/** The shop's store: its settings, its opening and closing, and what goes wrong with it in the words of the command. */

import { Lembro, type LembroOptions } from 'lembro'
import { Lembro as LembroRedis } from 'lembro/redis'
import { Lembro as LembroSqlite } from 'lembro/sqlite'
import { createClient } from 'redis'
import { type ShopArguments, USAGE } from './arguments'
import { browserName } from './browser'
import { Refusal } from './refusal'
import { ERASE_LINE } from './status'
import { sharedFile } from './workers'

const MINUTE = 60_000

/** Opens the store, what is saved loaded. Rejects with a {@link Refusal} if it can't do as it is told. */
export async function openStore(given: ShopArguments): Promise<Lembro> {
  const { store, error } = await newStore(given).catch(refuseOption)
  if (error === null) return store
  // lembro would go on from memory. Who wants sessions saved must not find out at the next start.
  await store.close().catch(() => {})
  const option = given.redis === undefined ? '--save' : '--redis'
  throw new Refusal(
    `The shop stays closed. Without ${option} it opens, and forgets its sessions.`,
    1,
  )
}

/** Closes the store, all of it saved. Rejects with a {@link Refusal} if that can't be done. */
export async function closeStore(store: Lembro): Promise<void> {
  try {
    await store.close()
  } catch {
    throw new Refusal('Not all sessions are saved:', 1)
  }
}

interface NewStore {
  readonly store: Lembro
  /** Why sessions can't be saved. */
  readonly error: Error | null
}

function newStore({ maxSize, save, redis }: ShopArguments): Promise<NewStore> {
  const options: LembroOptions = {
    maxSize,
    saveFile: save,
    describe: (req) => browserName(req.headers['user-agent']),
    interval: MINUTE,
    // What is put into a cart while a page of the same visitor is under way stays in it.
    onConflict: 'merge',
    // Strangers are remembered for half an hour after their last visit, members for a day.
    ttl: (_options, session) => (session.userId === undefined ? 30 * MINUTE : 24 * 60 * MINUTE),
  }
  return new Promise((resolve) => {
    const ready = (error: Error | null) => resolve({ store, error })
    const store: Lembro = newLembro(options, redis, ready)
    // Hears of all that goes wrong, of what `ready` and `close` are given as well.
    store.on('error', (error: Error) => {
      const message = error.message.replace(/^saveFile/, `--save ${save}`)
      console.error(`${process.stderr.isTTY ? ERASE_LINE : ''}${message}`)
    })
  })
}

function newLembro(
  options: LembroOptions,
  redis: string | undefined,
  ready: (error: Error | null) => void,
): Lembro {
  if (redis !== undefined) {
    return new LembroRedis({ ...options, client: createClient({ url: redis }) }, ready)
  }
  const saveFile = sharedFile()
  return saveFile === undefined
    ? new Lembro(options, ready)
    : new LembroSqlite({ ...options, saveFile }, ready)
}

function refuseOption(error: Error): never {
  const message = error.message
    .replace('maxSize', '--max-size')
    .replace('saveFile', '--save')
    .replace('lembro/redis', '--redis')
  throw new Refusal(`${message}\n\n${USAGE}`, 2)
}
