/** Processes that share a file of sessions, and what they must never show. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { TYPESCRIPT } from './process'
import type { Scope } from './redis'

/** What a process writes down: an operation that it begins, without an end; and the same again once it was told, without a beginning. */
export interface Said {
  readonly kind: 'read' | 'create' | 'destroy' | 'add' | 'failed'
  readonly id: string
  readonly sid: string
  /** Which of the sessions that had the id one after the other. */
  readonly life: string | undefined
  readonly keys: readonly string[]
  readonly begin: number
  readonly end: number | undefined
}

export interface Ask {
  readonly id: number
  readonly act: string
  readonly args: readonly unknown[]
}

interface Reply {
  readonly id?: number
  readonly value?: unknown
  readonly error?: string
  readonly code?: string
}

export interface Setting {
  readonly saveFile: string
  readonly log?: string
  readonly options?: object
  readonly mutant?: string
  readonly nth?: number
  readonly sessions?: number
}

export class SharedProcess {
  readonly child: ChildProcess
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  #asked = 0

  private constructor(child: ChildProcess) {
    this.child = child
    child.on('message', (reply: Reply) => this.#waiting.get(reply.id ?? -1)?.(reply))
  }

  static async start(t: Scope, setting: Setting): Promise<SharedProcess> {
    const { saveFile, log = '', options = {}, mutant = '', nth = 0, sessions = 50 } = setting
    const child = fork(path.join(__dirname, 'shared-child.ts'), {
      execArgv: TYPESCRIPT,
      env: {
        ...process.env,
        ...{ SAVE_FILE: saveFile, LOG: log, OPTIONS: JSON.stringify(options), MUTANT: mutant },
        ...{ NTH: String(nth), SESSIONS: String(sessions) },
      },
    })
    t.after(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      await once(child, 'exit')
    })
    const [{ ready, error }] = await once(child, 'message')
    if (!ready) throw new Error(error)
    return new SharedProcess(child)
  }

  ask<Value = unknown>(act: string, ...args: unknown[]): Promise<Value> {
    const id = this.#asked++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ value, error, code }) => {
        if (error === undefined) resolve(value as Value)
        else reject(Object.assign(new Error(error), { code }))
      })
      this.child.send({ id, act, args })
    })
  }

  async kill(): Promise<void> {
    const ended = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await ended
  }
}

/** One operation, as far as it is known: what was begun and never told has no end. */
interface Operation extends Omit<Said, 'end'> {
  readonly end: number
}

/** What several processes have written down. */
export function readLogs(files: readonly string[]): { operations: Operation[]; failed: string[] } {
  const operations = new Map<string, Operation>()
  const failed: string[] = []
  for (const file of files) {
    for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
      if (!line.endsWith('}')) continue
      const said: Said = JSON.parse(line)
      if (said.kind === 'failed') failed.push(said.sid)
      else {
        const name = `${said.kind} ${said.id}`
        const begun = operations.get(name)
        const end = said.end ?? Number.POSITIVE_INFINITY
        operations.set(name, { ...(begun ?? said), end })
      }
    }
  }
  return { operations: [...operations.values()], failed }
}

/** What must never happen, found in what happened; each as a sentence. */
export function faultsIn(operations: readonly Operation[]): string[] {
  const faults: string[] = []
  const bySid = grouped(operations)
  for (const [sid, all] of bySid) {
    const of = (kind: Said['kind']) => all.filter((each) => each.kind === kind)
    const [creates, destroys, adds] = [of('create'), of('destroy'), of('add')]
    for (const read of of('read')) {
      const at = `${sid}, read at ${read.begin.toFixed(2)}`
      if (read.life === undefined) {
        for (const create of creates) {
          if (create.end > read.begin) continue
          // Anything that may have ended it, or may have put another in its place.
          const isOver = [...destroys, ...creates].some(
            (other) => other !== create && other.begin < read.end && other.end > create.begin,
          )
          if (!isOver) faults.push(`${at}: ${create.life} was lost`)
        }
        continue
      }
      const create = creates.find(({ life }) => life === read.life)
      if (create === undefined) {
        faults.push(`${at}: ${read.life} was never there`)
        continue
      }
      const ended = destroys.find(({ begin, end }) => begin > create.end && end <= read.begin)
      if (ended !== undefined) faults.push(`${at}: ${read.life} was served after its logout`)
      for (const add of adds) {
        const isIn = add.life === read.life && add.end <= read.begin
        if (isIn && !read.keys.includes(add.keys[0] as string)) {
          faults.push(`${at}: ${add.keys[0]} of ${read.life} is stale or lost`)
        }
      }
    }
  }
  return faults
}

function grouped(operations: readonly Operation[]): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>()
  for (const each of operations) {
    const group = groups.get(each.sid)
    if (group === undefined) groups.set(each.sid, [each])
    else group.push(each)
  }
  return groups
}
