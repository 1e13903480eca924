import { after } from 'node:test'
import { systemClock } from '../../lib/clock'
import { HomeStore } from '../../lib/home/home-store'
import type { LembroOptions } from '../../lib/settings/options'
import { parseOptions } from '../../lib/settings/settings'
import { describeContract } from '../support/contract'
import { EXCEPTIONS, TIMED } from '../support/home-exceptions'
import { hasRedis, RedisServer } from '../support/redis'
import { ScriptedServer } from '../support/scripted-home'

describeContract(
  'in front of a home',
  async (options = {}, clock = systemClock) => {
    const home = new ScriptedServer(clock).home()
    return new HomeStore(home, parseOptions(options), undefined, { clock }, undefined)
  },
  EXCEPTIONS,
)

if (hasRedis) {
  const starting = RedisServer.start({ after })
  describeContract(
    'in front of Redis',
    // A store in memory has another `client`.
    async ({ client: _, ...options }: LembroOptions = {}) => {
      const server = await starting
      const client = await server.connected({ after })
      await client.flushAll()
      return server.store({ after }, options)
    },
    { ...EXCEPTIONS, ...TIMED },
  )
} else {
  console.log('left out: the contract in front of Redis, since redis-server is not installed')
}
