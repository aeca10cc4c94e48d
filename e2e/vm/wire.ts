import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const ethernet = 14

interface Station {
  readonly mac: Buffer
  readonly address: Buffer
}

const self: Station = { mac: Buffer.from('52550a000202', 'hex'), address: Buffer.from([10, 0, 2, 2]) }
const guest: Station = { mac: Buffer.from('525400123456', 'hex'), address: Buffer.from([10, 0, 2, 15]) }
const broadcast = Buffer.alloc(6, 0xff)

const arpRequest = 1
const arpReply = 2

/** TCP's flags. */
const SYN = 0x02
const RST = 0x04
const ACK = 0x10

/** A stranger at the machine's own wire: no network of the host stands between. Frames of Ethernet travel in datagrams. */
export class Wire {
  /** All that the machine sent. */
  readonly frames: Buffer[] = []
  readonly #socket: Socket
  readonly #machine: number

  private constructor(socket: Socket, machine: number) {
    this.#socket = socket
    this.#machine = machine
    socket.on('message', (frame) => {
      this.frames.push(frame)
      // The machine asks again and again whether this station is there, and otherwise sends it nothing.
      if (kindOf(frame) === 'ARP' && frame.readUInt16BE(ethernet + 6) === arpRequest) this.#sendArp(arpReply, guest.mac)
    })
  }

  static async open(machinePort: number): Promise<Wire> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    socket.setRecvBufferSize(8 << 20)
    return new Wire(socket, machinePort)
  }

  /** What QEMU is told of this wire. */
  get words(): string {
    return `udp=127.0.0.1:${(this.#socket.address() as AddressInfo).port},localaddr=127.0.0.1:${this.#machine}`
  }

  send(type: number, payload: Buffer, to: Buffer = guest.mac): void {
    const header = Buffer.concat([to, self.mac, Buffer.from([type >> 8, type & 255])])
    this.#socket.send(Buffer.concat([header, payload]), this.#machine, '127.0.0.1')
  }

  /** Asks for the machine's hardware address (RFC 826). */
  sendArp(): void {
    this.#sendArp(arpRequest, broadcast)
  }

  #sendArp(operation: number, to: Buffer): void {
    const fixed = Buffer.from([0, 1, 8, 0, 6, 4, 0, operation])
    const target = operation === arpReply ? guest.mac : Buffer.alloc(6)
    this.send(0x0806, Buffer.concat([fixed, self.mac, self.address, target, guest.address]), to)
  }

  sendIp(protocol: number, payload: Buffer): void {
    const header = Buffer.alloc(20)
    header.writeUInt16BE(0x4500)
    header.writeUInt16BE(20 + payload.length, 2)
    header.writeUInt8(64, 8)
    header.writeUInt8(protocol, 9)
    self.address.copy(header, 12)
    guest.address.copy(header, 16)
    header.writeUInt16BE(checksum(header), 10)
    this.send(0x0800, Buffer.concat([header, payload]))
  }

  sendTcp(port: number, flags: number): void {
    const segment = Buffer.alloc(20)
    segment.writeUInt16BE(40_000, 0)
    segment.writeUInt16BE(port, 2)
    // A RST counts behind the SYN alone: otherwise the machine repeats its answer.
    segment.writeUInt32BE((flags & RST) === 0 ? 1 : 2, 4)
    segment.writeUInt8(0x50, 12)
    segment.writeUInt8(flags, 13)
    segment.writeUInt16BE(1024, 14)
    segment.writeUInt16BE(checksum(pseudoHeader(6, segment.length), segment), 16)
    this.sendIp(6, segment)
  }

  sendUdp(port: number): void {
    const datagram = Buffer.alloc(12)
    datagram.writeUInt16BE(40_000, 0)
    datagram.writeUInt16BE(port, 2)
    datagram.writeUInt16BE(datagram.length, 4)
    datagram.writeUInt16BE(checksum(pseudoHeader(17, datagram.length), datagram), 6)
    this.sendIp(17, datagram)
  }

  sendPing(): void {
    const echo = Buffer.from('0800000000010001', 'hex')
    echo.writeUInt16BE(checksum(echo), 2)
    this.sendIp(1, echo)
  }

  /** As the router of the network: `packet`, of the machine, should go to another one (RFC 792, a redirect for the host). */
  sendRedirect(packet: Buffer, to: readonly number[]): void {
    const header = 4 * (packet.readUInt8(0) & 15)
    const message = Buffer.concat([Buffer.from([5, 1, 0, 0, ...to]), packet.subarray(0, header + 8)])
    message.writeUInt16BE(checksum(message), 2)
    this.sendIp(1, message)
  }

  close(): void {
    this.#socket.close()
  }
}

export interface Scan {
  /** Ports that accept a connection. */
  readonly open: readonly number[]
  /** How many refuse one. */
  readonly closed: number
}

/** Tries to connect to every TCP port. @throws {Error} where a port says neither yes nor no after several attempts */
export async function scan(wire: Wire): Promise<Scan> {
  const open = new Set<number>()
  const closed = new Set<number>()
  let read = wire.frames.length
  const readAnswers = (): void => {
    for (; read < wire.frames.length; read++) {
      const answer = tcpIn(wire.frames[read]!)
      if (answer === undefined) continue
      if ((answer.flags & (SYN | ACK)) === (SYN | ACK)) {
        open.add(answer.port)
        wire.sendTcp(answer.port, RST)
      } else if ((answer.flags & RST) !== 0) closed.add(answer.port)
    }
  }
  const answered = (port: number): boolean => open.has(port) || closed.has(port)
  const ports = Array.from({ length: 65_535 }, (_, index) => index + 1)
  for (let attempt = 0; attempt < 12; attempt++) {
    const left = ports.filter((port) => !answered(port))
    if (left.length === 0) return { open: [...open], closed: closed.size }
    for (const [index, port] of left.entries()) {
      wire.sendTcp(port, SYN)
      // The card has a queue of 256 frames.
      if (index % 128 === 127) {
        await sleep(15)
        readAnswers()
      }
    }
    await sleep(1000)
    readAnswers()
  }
  throw new Error(`${ports.filter((port) => !answered(port)).length} ports gave no answer`)
}

const typeOf = (frame: Buffer): number => frame.readUInt16BE(12)

/** In words: what a frame of the machine is. */
export function kindOf(frame: Buffer): string {
  const type = typeOf(frame)
  if (type === 0x0806) return 'ARP'
  if (type !== 0x0800) return `Ethernet 0x${type.toString(16)}`
  const protocol = frame.readUInt8(ethernet + 9)
  if (protocol === 6) return 'TCP'
  const payload = ethernet + 4 * (frame.readUInt8(ethernet) & 15)
  return protocol === 1 ? `ICMP type ${frame.readUInt8(payload)}` : `IP protocol ${protocol}`
}

function tcpIn(frame: Buffer): { port: number; flags: number } | undefined {
  if (kindOf(frame) !== 'TCP') return undefined
  const at = ethernet + 4 * (frame.readUInt8(ethernet) & 15)
  return { port: frame.readUInt16BE(at), flags: frame.readUInt8(at + 13) }
}

/** What the checksums of TCP and UDP cover besides the packet (RFC 9293 §3.1). */
const pseudoHeader = (protocol: number, length: number): Buffer =>
  Buffer.concat([self.address, guest.address, Buffer.from([0, protocol, length >> 8, length & 255])])

/** The packets that the machine sent to an address, without the headers of Ethernet. */
export function packetsTo(frames: readonly Buffer[], address: readonly number[]): Buffer[] {
  const [source, target] = [guest.address, Buffer.from(address)]
  const packets = frames.filter((frame) => typeOf(frame) === 0x0800).map((frame) => frame.subarray(ethernet))
  return packets.filter((packet) => packet.subarray(12, 16).equals(source) && packet.subarray(16, 20).equals(target))
}

/** The checksum of the Internet protocols (RFC 1071). */
function checksum(...parts: readonly Buffer[]): number {
  let sum = 0
  for (const part of parts) for (let at = 0; at < part.length; at += 2) sum += part.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
