import { checkReceipt, type Envelope, verifyReceipt } from '@blindllama/web-sdk/receipts'
import { usage } from '../failure.js'
import { timeOf } from '../options.js'
import { bytesOf } from '../read-file.js'
import { logEntry, readEnvelope, type Kind } from '../release/envelope.js'
import { Proofs } from '../release/proofs.js'
import { judgedReceipt, type Outcome, underItsOwnPolicy } from './outcome.js'

interface Request {
  file: Uint8Array<ArrayBuffer>
  policy?: Uint8Array
  allowSimulated: boolean
  values: { audience?: string; status?: string; 'key-set'?: string[]; proof?: string[]; at?: string }
}

/**
 * Judges a receipt or a verification record, without a network. Without a policy of the caller it only tells whether the file
 * agrees with the policy that it carries.
 *
 * @throws {BlindLlamaError} `receipt.syntax`, `receipt.status`; {Failure} `cli.usage`, `cli.file`
 */
export async function verifyReceiptFile({ file, policy, allowSimulated, values }: Request): Promise<Outcome> {
  const { audience, status, 'key-set': keySets = [], proof = [], at } = values
  if (status === undefined && (keySets.length > 0 || proof.length > 0 || at !== undefined))
    throw usage('--key-set, --proof and --at are about the --status FILE that a receipt is judged by, which is missing')
  if (!policy) {
    if (audience !== undefined || status !== undefined) throw usage('--audience and --status need --policy FILE')
    return underItsOwnPolicy(await checkReceipt(file), text(file, 'policy'))
  }
  const proofs = await Proofs.read(proof)
  const logged = async (name: string, kind: Kind): Promise<Envelope> => {
    const envelope = await bytesOf(name)
    if (proof.length === 0) return envelope
    const found = proofs.take(logEntry(await readEnvelope(name, kind)))
    return found ? { envelope, proof: found } : envelope
  }
  const given = {
    ...(status !== undefined && { status: await logged(status, 'status'), statusAtMs: timeOf(at ?? 'now') }),
    keySets: await Promise.all(keySets.map(async (name) => logged(name, 'key-set'))),
  }
  proofs.assertTaken()
  const read = await verifyReceipt(file, {
    dangerouslyAllowSimulated: allowSimulated,
    policy,
    ...(audience !== undefined && { audience }),
    ...given,
  })
  return judgedReceipt(read, { policy, audience })
}

/** A member of a file that was read as a receipt: each of its members stands there once. */
function text(file: Uint8Array, member: string): string {
  return String((JSON.parse(Buffer.from(file).toString('utf8')) as Record<string, unknown>)[member])
}
