import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

// TCG TPM 2.0 Library, Part 2: §6.9 (TPM_ST), §6.5.2 (TPM_CC), §6.3 (TPM_ALG_ID), §7.4 (TPM_RH).
const TPM_ST_SESSIONS = 0x8002
const TPM_CC_PCR_Extend = 0x0000_0182
const TPM_ALG_SHA256 = 0x000b
const TPM_RS_PW = 0x4000_0009
const responseHeaderSize = 10

/** A PCR and the SHA-256 digest that it is extended with. */
export interface PcrExtension {
  readonly pcr: number
  readonly digest: Uint8Array
}

/** Sends TPM2_PCR_Extend (Part 3 §22.2) for each entry of `list`, in order, to a software TPM that listens on `port`. */
export async function extendPcrs(port: number, list: readonly PcrExtension[]): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect')
    socket.setTimeout(10_000, () => socket.destroy(new Error('the software TPM does not answer')))
    for (const { pcr, digest } of list) await execute(socket, pcrExtend(pcr, digest))
  } finally {
    socket.destroy()
  }
}

export function pcrExtend(pcr: number, digest: Uint8Array): Buffer {
  if (digest.length !== 32) throw new RangeError('a SHA-256 digest has 32 bytes')
  const command = Buffer.alloc(33)
  command.writeUInt16BE(TPM_ST_SESSIONS, 0)
  command.writeUInt32BE(command.length + digest.length, 2)
  command.writeUInt32BE(TPM_CC_PCR_Extend, 6)
  command.writeUInt32BE(pcr, 10)
  // TPMS_AUTH_COMMAND, Part 2 §10.13.2: the empty password, without nonce and attributes.
  command.writeUInt32BE(9, 14)
  command.writeUInt32BE(TPM_RS_PW, 18)
  // TPML_DIGEST_VALUES, Part 2 §10.9.5, with one entry.
  command.writeUInt32BE(1, 27)
  command.writeUInt16BE(TPM_ALG_SHA256, 31)
  return Buffer.concat([command, digest])
}

async function execute(socket: Socket, command: Buffer): Promise<void> {
  socket.write(command)
  let response = Buffer.alloc(0)
  while (response.length < responseHeaderSize || response.length < response.readUInt32BE(2)) {
    const [piece] = (await once(socket, 'data')) as [Buffer]
    response = Buffer.concat([response, piece])
  }
  const code = response.readUInt32BE(6)
  if (code !== 0) throw new Error(`the software TPM answered with response code 0x${code.toString(16)}`)
}
