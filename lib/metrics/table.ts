/** The metrics: what each is called, what it says, and where in `stats()` it is read. */

import type { Figures } from './figures'

export interface MetricRow {
  /** Without the prefix. The unit is its last word, before a counter's `_total`. */
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  /** `undefined` if a store has no such figure, `null` if it has none yet. */
  read(figures: Figures): number | null | undefined
  /** What stands for all the workers of a cluster, if their sum says nothing. */
  readonly ofWorkers?: 'min' | 'max'
}

export const METRICS: readonly MetricRow[] = [
  gauge('sessions', 'Sessions held.', (of) => of.sessions),
  gauge('anonymous_sessions', 'Sessions held that nobody signed in to.', (of) => of.anonymous),
  gauge('owned_sessions', 'Sessions held that somebody signed in to.', (of) => of.owned),
  gauge('newcomer_sessions', 'Owned sessions that are not known yet.', (of) => of.newcomers),
  gauge('member_sessions', 'Owned sessions that are known.', (of) => of.members),
  gauge('stored_bytes', 'Bytes that the sessions take.', (of) => of.bytes),
  gauge('budget_bytes', 'The most bytes that the sessions may take.', (of) => of.maxBytes),

  counter('hits_total', 'Reads that found a session.', (of) => of.hits),
  counter('misses_total', 'Reads that found none.', (of) => of.misses),
  counter('sets_total', 'Sessions stored or stored again.', (of) => of.sets),
  counter('touches_total', 'Sessions that were given a new expiry.', (of) => of.touches),
  counter('destroyed_total', 'Sessions that the application ended.', (of) => of.destroyed),
  counter('expired_total', 'Sessions whose time passed.', (of) => of.expired),
  counter(
    'evicted_anonymous_total',
    'Anonymous sessions that had to make room.',
    (of) => of.evicted?.anonymous,
  ),
  counter(
    'evicted_owned_total',
    'Owned sessions that had to make room, known or not.',
    (of) => of.evicted?.owned,
  ),
  counter(
    'evicted_members_total',
    'Known owned sessions that had to make room: members who were signed out.',
    (of) => of.evicted?.members,
  ),
  counter(
    'evicted_per_owner_total',
    'Sessions that gave way to a newer one of the same owner, by maxPerOwner.',
    (of) => of.evicted?.perOwner,
  ),
  counter(
    'refused_too_big_total',
    'Sessions refused because they were larger than maxEntrySize.',
    (of) => of.refused?.tooBig,
  ),
  counter(
    'refused_destroyed_total',
    'Sessions not stored because they had been destroyed since they were loaded.',
    (of) => of.refused?.destroyed,
  ),
  counter(
    'conflicts_total',
    'Sessions stored that another request had changed since they were loaded.',
    (of) => of.conflicts,
  ),
  counter('reduces_total', 'Trims of the store.', (of) => of.reduces),

  gauge('last_reduce_evicted', 'Sessions that the last trim evicted.', (of) =>
    within(of.lastReduce, ({ evicted }) => evicted),
  ),
  gauge('last_reduce_freed_bytes', 'Bytes that the last trim freed.', (of) =>
    within(of.lastReduce, ({ from, to }) => from - to),
  ),
  gauge(
    'last_reduce_duration_seconds',
    'How long the last trim took.',
    (of) => within(of.lastReduce, ({ ms }) => ms / 1000),
    'max',
  ),
  gauge('last_purge_expired', 'Sessions that the last purge expired.', (of) =>
    within(of.lastPurge, ({ expired }) => expired),
  ),
  gauge(
    'last_purge_duration_seconds',
    'How long the last purge took.',
    (of) => within(of.lastPurge, ({ ms }) => ms / 1000),
    'max',
  ),
  gauge(
    'last_evicted_anonymous_unused_seconds',
    'How long the anonymous session that was evicted last had been unused.',
    (of) => seconds(of.lastEvicted?.anonymous),
    'min',
  ),
  gauge(
    'last_evicted_owned_unused_seconds',
    'How long the owned session that was evicted last had been unused.',
    (of) => seconds(of.lastEvicted?.owned),
    'min',
  ),

  gauge(
    'saving',
    'Whether what happens is saved (1) or not (0).',
    (of) => flag(of.save?.saving),
    'min',
  ),
  gauge('save_files_bytes', 'Bytes of the save file and its WAL.', (of) => of.save?.bytes),
  gauge('save_pending_bytes', 'Bytes that wait to be written.', (of) => of.save?.pending),
  gauge(
    'last_save_timestamp_seconds',
    'When the disk last confirmed all that was written.',
    (of) => seconds(of.save?.lastSave),
    'min',
  ),
  gauge(
    'last_compaction_duration_seconds',
    'How long the last compaction took.',
    (of) => within(of.save?.lastCompaction, ({ ms }) => ms / 1000),
    'max',
  ),
  gauge('damaged_records', 'Records found damaged at the start.', (of) => of.save?.damaged),
  gauge('unread_records', 'Records that no key opened at the start.', (of) => of.save?.unread),

  counter('near_hits_total', 'Reads that the near cache answered.', (of) => of.near?.hits),
  counter('near_loads_total', 'Reads that went to Redis.', (of) => of.near?.loads),
  counter(
    'near_invalidations_total',
    'Sessions that another process changed.',
    (of) => of.near?.invalidations,
  ),
  counter(
    'near_losses_total',
    'Times that the near cache was emptied because Redis was not heard.',
    (of) => of.near?.losses,
  ),
  gauge(
    'near_connected',
    'Whether Redis can be reached (1) or every call fails (0).',
    (of) => flag(of.near?.connected),
    'min',
  ),
  gauge(
    'near_coherent',
    'Whether the near cache hears of every change (1) or is not used (0).',
    (of) => flag(of.near?.coherent),
    'min',
  ),
  gauge(
    'shared_waiting',
    'Changes that wait for other processes to write.',
    (of) => of.shared?.waiting,
  ),
]

type Read = MetricRow['read']

function counter(name: string, help: string, read: Read): MetricRow {
  return { name, type: 'counter', help, read }
}

function gauge(name: string, help: string, read: Read, ofWorkers?: 'min' | 'max'): MetricRow {
  return { name, type: 'gauge', help, read, ...(ofWorkers && { ofWorkers }) }
}

/** A figure of a report; `null` if there is no report yet, `undefined` if there never will be one. */
function within<Report extends object>(
  report: Report | null | undefined,
  read: (report: Report) => number,
): number | null | undefined {
  return report ? read(report) : (report as null | undefined)
}

function seconds(ms: number | null | undefined): number | null | undefined {
  return typeof ms === 'number' ? ms / 1000 : ms
}

function flag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}
