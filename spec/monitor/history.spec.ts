/** Of `page/history.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { History, WINDOW_MS } from '../../lib/monitor/page/history'
import { WINDOW_MS as SERVERS_WINDOW_MS } from '../../lib/monitor/sampler'

const START = 1_000_000

function historyOf(...points: [second: number, hits: number][]): History {
  const history = new History()
  history.add(points.map(([second, hits]) => ({ at: START + second * 1_000, bytes: 10, hits })))
  return history
}

const hitsOf = (history: History) => history.moments().map(({ hits }) => hits)

describe('the history of the page', () => {
  it('goes back as far as the server’s', () => {
    assert.equal(WINDOW_MS, SERVERS_WINDOW_MS)
  })

  it('makes rates of counts, whatever the time between them', () => {
    assert.deepEqual(hitsOf(historyOf([0, 5], [1, 15], [3, 25])), [null, 10, 5])
  })

  it('breaks the line where nobody watched', () => {
    assert.deepEqual(hitsOf(historyOf([0, 5], [1, 6], [60, 500], [61, 502])), [
      null,
      1,
      null,
      null,
      2,
    ])
  })

  it('has no rate where the store began to count again, and counts what it has counted since', () => {
    const history = historyOf([0, 5], [1, 9], [2, 3])
    assert.deepEqual(hitsOf(history), [null, 4, null])
    assert.equal(
      history.growth(({ hits }) => hits),
      7,
    )
  })

  it('takes each point once, and forgets those that are too old', () => {
    const history = historyOf([0, 1], [1, 2])
    history.add([
      { at: START, hits: 1 },
      { at: START + 2_000, hits: 3 },
    ])
    assert.equal(history.points.length, 3)
    history.add([{ at: START + 1_000 + WINDOW_MS, hits: 4 }])
    assert.deepEqual(
      history.points.map(({ at }) => at - START),
      [2_000, 1_000 + WINDOW_MS],
    )
  })

  it('spans a minute at first, then what it has', () => {
    assert.deepEqual(historyOf([0, 1], [1, 2]).span, [START - 59_000, START + 1_000])
    assert.deepEqual(historyOf([0, 1], [100, 2]).span, [START, START + 100_000])
  })
})
