/** What saving may cost lembro, how soon its sessions have to be back, and that none is lost. */

import { milliseconds, whole } from '../figures.js'
import { HELD } from '../held.js'
import { only, type Target } from '../target.js'

export const SAVING_TARGETS: readonly Target[] = [
  rate('sets', 0.2),
  rate('touches', 0.2),
  {
    what: 'restart, of a bare program that reads the rows of the same file',
    target: 'at most 3',
    most: 3,
    heldBy: HELD.restart,
    measure: ({ restarts }) => {
      const medians = restarts?.full.medians
      return medians && only(medians.lembro / medians.bare)
    },
  },
  {
    what: 'acknowledged at 4,000 operations a second, p99',
    target: 'at most 10 ms',
    most: 10,
    measure: ({ persistence }) =>
      persistence && only(persistence.saving.acknowledged.p99, milliseconds),
  },
  {
    what: 'acknowledged at 4,000 operations a second, at the latest',
    target: 'at most 100 ms',
    most: 100,
    measure: ({ persistence }) =>
      persistence && only(persistence.saving.acknowledged.longest, milliseconds),
  },
  {
    what: 'sessions lost by a kill that were acknowledged',
    target: '0',
    most: 0,
    measure: ({ persistence }) => {
      if (persistence === undefined) return undefined
      const { acknowledged, restarted } = persistence.crashes.lembro
      return only(acknowledged - restarted.sessions, whole)
    },
  },
]

function rate(operations: 'sets' | 'touches', least: number): Target {
  return {
    what: `${operations} per second with \`saveFile\`, of those without`,
    target: `at least ${least}`,
    least,
    heldBy: HELD.saving,
    measure: ({ persistence }) => {
      const by = persistence?.rates.by
      return by && only(by['`saveFile`'][operations] / by['without `saveFile`'][operations])
    },
  }
}
