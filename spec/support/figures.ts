/** What `stats()` of a store that has everything would say: a save file, Redis, members. */

import type { Figures } from '../../lib/metrics/figures'

export const ALL_FIGURES = {
  sessions: 10,
  anonymous: 6,
  owned: 4,
  newcomers: 1,
  members: 3,
  bytes: 4_000,
  maxBytes: 10_000,
  hits: 100,
  misses: 7,
  sets: 20,
  touches: 90,
  destroyed: 2,
  expired: 5,
  evicted: { anonymous: 30, owned: 3, members: 1, perOwner: 2 },
  refused: { tooBig: 1, destroyed: 4 },
  conflicts: 8,
  reduces: 9,
  lastReduce: { from: 10_000, to: 7_500, evicted: 12, ms: 1.5 },
  lastPurge: { expired: 5, ms: 0.5 },
  lastEvicted: { anonymous: 60_000, owned: 90_000 },
  save: {
    saving: true,
    bytes: 5_000,
    pending: 100,
    lastSave: 1_700_000_000_000,
    lastCompaction: { from: 9_000, to: 5_000, ms: 20 },
    damaged: 1,
    unread: 2,
  },
  near: { hits: 80, loads: 20, invalidations: 6, losses: 1, connected: true, coherent: true },
  shared: { process: 4711, waiting: 2 },
} as const satisfies Figures

/** A store that says whatever a spec wants. */
export class SpokenStore {
  asked = 0
  constructor(public figures: Figures = ALL_FIGURES) {}

  stats(): Figures {
    this.asked++
    return this.figures
  }
}
