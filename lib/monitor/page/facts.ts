/** What the store has counted since it was made, and its last works, in words. */

import type { Sample } from '../sample'
import { byId, showTerms, type Term } from './elements'
import { bytes, counted, duration, number, percent, span } from './words'

export function showFacts(sample: Sample): void {
  showTerms(byId('facts'), factsOf(sample))
}

export function factsOf(sample: Sample): Term[] {
  return [...useOf(sample), ...lossesOf(sample), ...worksOf(sample), ...homesOf(sample)]
}

function useOf({ hits = 0, misses = 0, sets = 0, touches = 0 }: Sample): Term[] {
  const reads = hits + misses
  return [
    {
      term: 'Reads that found a session',
      value: reads === 0 ? '–' : percent(hits / reads),
      note: `${number(hits)} of ${number(reads)}`,
    },
    {
      term: 'Stored',
      value: number(sets),
      note: `and ${counted(touches, 'touch', 'touches')}`,
    },
  ]
}

function lossesOf(sample: Sample): Term[] {
  const {
    evicted = {},
    lastEvicted,
    refused = {},
    expired = 0,
    destroyed = 0,
    conflicts = 0,
  } = sample
  const { anonymous = 0, owned = 0, perOwner = 0 } = evicted
  return [
    { term: 'Strangers evicted', value: number(anonymous), note: unused(lastEvicted?.anonymous) },
    { term: 'Signed-in evicted', value: number(owned), note: unused(lastEvicted?.owned) },
    ...(perOwner === 0
      ? []
      : [{ term: 'Gave way to a newer sign-in', value: number(perOwner), note: 'by maxPerOwner' }]),
    {
      term: 'Expired',
      value: number(expired),
      note: `${number(destroyed)} ended by the application`,
    },
    {
      term: 'Refused',
      value: number((refused.tooBig ?? 0) + (refused.destroyed ?? 0)),
      note: `${number(refused.tooBig ?? 0)} too big, ${number(refused.destroyed ?? 0)} signed out meanwhile`,
    },
    { term: 'Conflicts', value: number(conflicts), note: 'saved by two requests at once' },
  ]
}

function worksOf({ lastReduce, lastPurge, reduces = 0 }: Sample): Term[] {
  return [
    lastReduce
      ? {
          term: 'Last reduce',
          value: `${bytes(lastReduce.from)} → ${bytes(lastReduce.to)}`,
          note: `${number(lastReduce.evicted)} evicted in ${duration(lastReduce.ms)}, ${counted(reduces, 'trim')} so far`,
        }
      : { term: 'Last reduce', value: 'none yet', note: '' },
    lastPurge
      ? {
          term: 'Last purge',
          value: `${number(lastPurge.expired)} expired`,
          note: `in ${duration(lastPurge.ms)}`,
        }
      : { term: 'Last purge', value: 'none yet', note: '' },
  ]
}

function homesOf({ at, save, near, shared }: Sample): Term[] {
  return [
    ...(save === undefined ? [] : savedOf(save, at)),
    ...(near === undefined ? [] : nearOf(near)),
    ...(shared === undefined ? [] : [sharedOf(shared)]),
  ]
}

function savedOf(save: NonNullable<Sample['save']>, at: number): Term[] {
  const { saving = false, bytes: size = 0, pending = 0, lastSave, damaged = 0, unread = 0 } = save
  const last =
    typeof lastSave === 'number' ? `on the disk ${span(at - lastSave)} ago` : 'nothing saved yet'
  const file: Term = {
    term: 'Save file',
    value: saving ? bytes(size) : 'not saving',
    note: `${last}, ${bytes(pending)} waiting`,
  }
  if (damaged + unread === 0) return [file]
  const note = `and ${number(unread)} that no key opened`
  return [file, { term: 'Damaged records', value: number(damaged), note }]
}

function sharedOf({ process = 0, waiting = 0 }: NonNullable<Sample['shared']>): Term {
  return {
    term: 'Shared by processes',
    value: `this is ${process}`,
    note: `${counted(waiting, 'change')} of it waiting; reads and writes are counted for it alone`,
  }
}

function nearOf(near: NonNullable<Sample['near']>): Term[] {
  const { hits = 0, loads = 0, invalidations = 0, losses = 0 } = near
  const { connected = true, coherent = false } = near
  const reads = hits + loads
  return [
    {
      term: 'Near cache of Redis',
      value: connected ? (coherent ? 'coherent' : 'not used') : 'not connected',
      note: reads === 0 ? 'no reads yet' : `answers ${percent(hits / reads)} of reads`,
    },
    {
      term: 'Changed elsewhere',
      value: number(invalidations),
      note: `Redis lost ${counted(losses, 'time')}`,
    },
  ]
}

function unused(ms: number | null | undefined): string {
  return typeof ms === 'number' ? `the last one unused for ${span(ms)}` : ''
}
