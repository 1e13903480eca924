/** What an operator must know, in words. The names are those of the alert rules for Prometheus. */

import type { Sample } from '../sample'
import type { History } from './history'
import { counted, span } from './words'

export type AlarmState = 'now' | 'earlier' | 'quiet'

export interface Alarm {
  readonly name: string
  readonly state: AlarmState
  readonly title: string
  readonly text: string
}

/** The alarms that concern this store: one without a save file has no alarm about it. */
export function alarmsOf(sample: Sample, history: History): Alarm[] {
  const all = [
    memberEvicted(sample, history),
    sessionTooBig(sample, history),
    savingOff(sample),
    redisUnreachable(sample),
    nearCacheNotCoherent(sample),
  ]
  return all.filter((alarm) => alarm !== undefined)
}

// Who signed in a moment ago counts as a member if the store does not tell them apart.
function memberEvicted(sample: Sample, history: History): Alarm {
  const countOf = ({ evicted }: Pick<Sample, 'evicted'>) => evicted?.members ?? evicted?.owned
  const state = stateOf(countOf(sample), history.growth(countOf))
  const people = counted(countOf(sample) ?? 0, 'member')
  return {
    name: 'LembroMemberEvicted',
    state,
    title: state === 'quiet' ? 'No member lost a session' : `${people} lost a session`,
    text:
      state === 'quiet'
        ? whoLeft(sample)
        : `${when(state, history)} Members are signed out for want of room: raise maxSize.`,
  }
}

function whoLeft({ evicted: { anonymous = 0, owned = 0 } = {} }: Sample): string {
  if (owned > 0) return 'Only strangers and newcomers were evicted.'
  return anonymous > 0 ? 'Only strangers were evicted.' : 'Nobody was evicted yet.'
}

function sessionTooBig(sample: Sample, history: History): Alarm {
  const countOf = ({ refused }: Pick<Sample, 'refused'>) => refused?.tooBig
  const state = stateOf(countOf(sample), history.growth(countOf))
  return {
    name: 'LembroSessionTooBig',
    state,
    title:
      state === 'quiet'
        ? 'No session was too big'
        : `${counted(countOf(sample) ?? 0, 'save')} refused as too big`,
    text:
      state === 'quiet'
        ? 'All sessions are smaller than maxEntrySize.'
        : `${when(state, history)} What was put into these sessions is lost: raise maxEntrySize, or keep less in a session.`,
  }
}

function savingOff({ save, shared }: Sample): Alarm | undefined {
  if (save?.saving === undefined) return undefined
  return {
    name: 'LembroSavingOff',
    state: save.saving ? 'quiet' : 'now',
    title: save.saving ? 'Sessions are saved' : 'Sessions are not saved',
    text: save.saving
      ? 'What happens is written to the save file.'
      : shared === undefined
        ? 'They are served from memory, and a restart now would lose them: look at the disk.'
        : 'Every call fails, and requests have no session: look at the shared file and its disk.',
  }
}

function redisUnreachable({ near }: Sample): Alarm | undefined {
  if (near?.connected === undefined) return undefined
  return {
    name: 'LembroRedisUnreachable',
    state: near.connected ? 'quiet' : 'now',
    title: near.connected ? 'Redis can be reached' : 'Redis can not be reached',
    text: near.connected
      ? 'Sessions are read from it and saved there.'
      : 'Every call fails, and requests have no session: look at Redis, and at the way to it.',
  }
}

function nearCacheNotCoherent({ near }: Sample): Alarm | undefined {
  // While Redis can't be reached there is a worse alarm, and no read goes there.
  if (near?.coherent === undefined || near.connected === false) return undefined
  return {
    name: 'LembroNearCacheNotCoherent',
    state: near.coherent ? 'quiet' : 'now',
    title: near.coherent ? 'The near cache hears of every change' : 'The near cache is not used',
    text: near.coherent
      ? 'Redis tells this process what others change.'
      : 'Redis does not tell what other processes change, so every read goes to Redis: look at the connection.',
  }
}

function stateOf(count: number | undefined, growth: number): AlarmState {
  if (growth > 0) return 'now'
  return count ? 'earlier' : 'quiet'
}

function when(state: AlarmState, { span: [first, last] }: History): string {
  return state === 'now'
    ? `Within the last ${span(last - first)}.`
    : 'Not in the last minutes, but since the store was made.'
}
