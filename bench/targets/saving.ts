/** What saving may cost lembro, how soon its sessions have to be back, and that none is lost. */

import { whole } from '../figures.js'
import { HELD } from '../held.js'
import { only, type Target } from '../target.js'

export const SAVING_TARGETS: readonly Target[] = [
  rate('sets', 0.8),
  rate('touches', 0.6),
  restart('compacted', 'just compacted', 1.5),
  restart('long', 'with the longest journal', 2),
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

function restart(name: 'compacted' | 'long', how: string, most: number): Target {
  return {
    what: `restart ${how}, of a bare program that reads the same bytes`,
    target: `at most ${most}`,
    most,
    heldBy: HELD.restart,
    measure: ({ restarts }) => {
      const medians = restarts?.[name].medians
      return medians && only(medians.lembro / medians.bare)
    },
  }
}
