/** The page: takes what the server tells and hands it to the parts that show it. */

import type { Sample } from '../sample'
import { announce, showAlarms } from './alarm-list'
import { alarmsOf } from './alarms'
import { showBudget } from './budget'
import { wireButtons } from './buttons'
import { Charts } from './charts'
import { Connection } from './connection'
import { byId, setText } from './elements'
import { showFacts } from './facts'
import { History } from './history'
import { showPast } from './past'
import { time } from './words'

const history = new History()
const charts = new Charts()
let latest: Sample | undefined

new Connection({
  about({ name, pid, host }) {
    const store = name === undefined ? '' : `${name}, `
    setText(byId('about'), `${store}process ${pid} on ${host}`)
  },
  past: (points) => history.add(points),
  sample(sample) {
    latest = sample
    history.add([sample])
    showConnection('live', `Live, ${time(sample.at)}`)
    show(sample)
  },
  lost() {
    const since = latest === undefined ? '' : `, as of ${time(latest.at)}`
    showConnection('lost', `No connection: trying again${since}`)
  },
})
wireButtons(() => latest)

function show(sample: Sample): void {
  showBudget(sample)
  showAlarms(alarmsOf(sample, history))
  charts.show(history, sample)
  showPast(history)
  showFacts(sample)
}

function showConnection(state: 'live' | 'lost', text: string): void {
  const { dataset } = byId('connection')
  if (dataset.state === 'live' && state === 'lost')
    announce('The connection to the server is lost.')
  if (dataset.state === 'lost' && state === 'live')
    announce('The connection to the server is back.')
  dataset.state = state
  // What is shown is greyed while it is no longer so.
  document.body.dataset.connection = state
  setText(byId('connection-text'), text)
}
