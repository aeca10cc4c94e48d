/** An IP packet of a capture, as far as the tests judge it. */
export interface Packet {
  readonly source: string
  readonly target: string
  /** Hardware address that the frame goes to, hexadecimal. */
  readonly station: string
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'other'
  /** Zero for protocols without ports. */
  readonly sourcePort: number
  readonly targetPort: number
  /** TCP: a connection that the source opens (SYN without ACK). */
  readonly opens: boolean
}

const ipv4 = 0x0800
const arp = 0x0806
const protocols = { 1: 'icmp', 6: 'tcp', 17: 'udp' } as const
const arpRequest = 1

const addressIn = (frame: Buffer, from: number): string => [...frame.subarray(from, from + 4)].join('.')

/** Reads a capture of QEMU's `filter-dump` (pcap, little-endian, Ethernet). */
function* frames(capture: Buffer): Generator<Buffer> {
  if (capture.length < 24 || capture.readUInt32LE(0) !== 0xa1b2c3d4) throw new Error('no capture in the format of pcap')
  for (let at = 24; at + 16 <= capture.length;) {
    const length = capture.readUInt32LE(at + 8)
    const frame = capture.subarray(at + 16, at + 16 + length)
    at += 16 + length
    // The last record of a capture that is still written.
    if (frame.length < length) return
    yield frame
  }
}

/** The addresses that `source` asked by ARP for, each once (RFC 826). */
export function neighbours(capture: Buffer, source: string): string[] {
  const requests = [...frames(capture)].filter(
    (frame) =>
      frame.readUInt16BE(12) === arp && frame.readUInt16BE(20) === arpRequest && addressIn(frame, 28) === source,
  )
  return [...new Set(requests.map((frame) => addressIn(frame, 38)))]
}

/**
 * The packets of a capture. ARP is left out.
 *
 * @throws {Error} for a frame that is neither IPv4 nor ARP: nothing in it is expected
 */
export function packets(capture: Buffer): Packet[] {
  const found: Packet[] = []
  for (const frame of frames(capture)) {
    const type = frame.readUInt16BE(12)
    if (type === arp) continue
    if (type !== ipv4) throw new Error(`a frame of type 0x${type.toString(16)}`)
    const header = 14 + 4 * (frame.readUInt8(14) & 15)
    const protocol: Packet['protocol'] = protocols[frame.readUInt8(23) as keyof typeof protocols] ?? 'other'
    const port = (place: number): number =>
      protocol === 'tcp' || protocol === 'udp' ? frame.readUInt16BE(header + place) : 0
    found.push({
      source: addressIn(frame, 26),
      target: addressIn(frame, 30),
      station: frame.toString('hex', 0, 6),
      protocol,
      sourcePort: port(0),
      targetPort: port(2),
      opens: protocol === 'tcp' && (frame.readUInt8(header + 13) & 0x12) === 0x02,
    })
  }
  return found
}
