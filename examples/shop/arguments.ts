/** The arguments of the command: what they are, and what is wrong with them. */

import { parseArgs } from 'node:util'

export const USAGE = `npm start -- [options]

  --port <port>       where to listen on this computer (3000; 0 for any free port)
  --max-size <size>   the budget of the session store, such as 256K or 4M (256K)
  --save <file>       keep the sessions in this file, through restarts and crashes (nowhere)
  --redis <url>       keep them in Redis instead, such as redis://localhost:6379 (nowhere)
  --workers <count>   serve with so many processes, which share the sessions in a file, or with --redis there (0: one)
  --visitors <count>  also send it the requests of so many visitors (0)
  --help              show this
`

export interface ShopArguments {
  readonly port: number
  readonly maxSize: string
  readonly save: string | undefined
  readonly redis: string | undefined
  readonly workers: number
  readonly visitors: number
  readonly help: boolean
}

const MOST_VISITORS = 100_000
const MOST_WORKERS = 64

/** The arguments, with their defaults. Throws an error that says which one can't be used. */
export function parseArguments(given: string[]): ShopArguments {
  const { values } = parseArgs({
    args: given,
    options: {
      port: { type: 'string', default: '3000' },
      'max-size': { type: 'string', default: '256K' },
      save: { type: 'string' },
      redis: { type: 'string' },
      workers: { type: 'string', default: '0' },
      visitors: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    port: wholeNumber('--port', values.port, 65_535),
    maxSize: values['max-size'],
    save: values.save,
    redis: values.redis,
    workers: wholeNumber('--workers', values.workers, MOST_WORKERS),
    visitors: wholeNumber('--visitors', values.visitors, MOST_VISITORS),
    help: values.help,
  }
}

function wholeNumber(name: string, text: string, most: number): number {
  if (/^\d+$/.test(text) && Number(text) <= most) return Number(text)
  throw new RangeError(`${name}: expected a whole number from 0 to ${most}; got '${text}'`)
}
