import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns'
import { BlockList, isIP } from 'node:net'

/** Special-purpose addresses (RFC 6890): this machine, its networks, and the metadata services of clouds. */
const special = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  special.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::', 96],
  ['::ffff:0:0:0', 96],
  // Translation and tunnels to IPv4 (RFC 6052, RFC 8215, RFC 4380, RFC 3056): the address in them may be any of the above.
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2001::', 23],
  ['2002::', 16],
  ['fec0::', 10],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  special.addSubnet(network, prefix, 'ipv6')

/** Whether an address is one of the public Internet: a certificate that nobody verified yet must not lead to another. */
export function isPublic(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && !special.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** Names of this machine, which no resolver is asked for (RFC 6761 §6.3): not every machine has a file of hosts. */
const ownName = /(?:^|\.)localhost\.?$/i

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/** `lookup` of `node:net` that finds public addresses alone, for the very connection that follows. */
export function lookupPublic(host: string, options: LookupOptions, found: Callback): void {
  const refuse = (): void => found(new Error(`${host} is not an address of the public Internet`), [])
  if (ownName.test(host)) return refuse()
  resolve(host, { ...options, all: true }, (error, addresses) => {
    if (error) return found(error, [])
    const [first] = addresses
    if (first === undefined || !addresses.every(({ address }) => isPublic(address))) return refuse()
    return options.all === true ? found(null, addresses) : found(null, first.address, first.family)
  })
}
