/** Where a request comes from, as the option `client` may say it. */

import type { IncomingMessage } from 'node:http'
import { isIPv4, isIPv6 } from 'node:net'

/**
 * The client of a request, for the option `client`: its IPv4 address, also where that came mapped into
 * IPv6; of an IPv6 address the first 64 bits, since one client has all addresses of such a network. It
 * reads `req.ip`, which Express takes from a proxy if `trust proxy` is set, or else the address of the
 * connection. `undefined` if there is none, as over a Unix socket.
 */
export function clientOf(req: IncomingMessage & { readonly ip?: unknown }): string | undefined {
  const address = String(req.ip ?? req.socket?.remoteAddress).split('%', 1)[0] as string
  if (isIPv4(address)) return address
  if (!isIPv6(address)) return undefined
  const groups = groupsOf(address)
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  if (isMapped) return bytesOf(groups.slice(6)).join('.')
  const network = groups.slice(0, 4).map((group) => group.toString(16))
  return `${network.join(':')}::/64`
}

/** The eight groups of an IPv6 address, which may have `::` in it, and an IPv4 address at its end. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/[\d.]+\.\d+$/, (ipv4) => {
    const [a, b, c, d] = ipv4.split('.').map(Number) as [number, number, number, number]
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const [before = [], after = []] = hex
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16))))
  const zeros = new Array<number>(8 - before.length - after.length).fill(0)
  return [...before, ...zeros, ...after]
}

function bytesOf(groups: readonly number[]): number[] {
  return groups.flatMap((group) => [group >> 8, group & 255])
}
