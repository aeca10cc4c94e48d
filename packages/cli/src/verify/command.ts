import type { Command } from '../command.js'
import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { isAddress, isJsonObject, parse } from '../options.js'
import { assertPlain } from '../policy/read.js'
import { bytesOf } from '../read-file.js'
import type { Io } from '../terminal/io.js'
import { json, shown } from '../terminal/text.js'
import { verifyEvidence } from './evidence.js'
import type { Outcome } from './outcome.js'
import { present } from './present.js'
import { verifyReceiptFile } from './receipt.js'
import { verifyService } from './service.js'

const help = shown`Usage: blindllama verify FILE | URL [options]

Verifies, and lists proven facts and mere claims:
  a service     its base URL: requests fresh evidence and verifies it by --policy
  a receipt     a file that a page or this command has saved: verified by --policy at any later time, without a network
  evidence      a bundle in CBOR, verified by --policy and --nonce

A receipt carries the policy under which it was made. Without --policy the command reports only whether the receipt is consistent
with that policy. The author of a file chooses the policy in it, so this proves nothing: the command ends with 4.

Options:
  --policy FILE       your policy, from a source that you trust
  --dangerously-allow-simulated
                      accept a software TPM, which proves nothing, where the policy does too; also --allow-simulated
  --save FILE         save the evidence of a service as a verification record
  --state FILE        store withdrawals and the clock of the service's TPM: a later run with the same FILE refuses older values.
                      Stored after a refusal too. One run at a time
  --json              one JSON object

For evidence:
  --nonce HEX         the 32 bytes that were sent
  --static FILE       the static part, where the bundle leaves it out

For a receipt:
  --status FILE       the newest status, from its signers and not from the holder of the receipt: later withdrawals. Without it, a
                      receipt is UNCHECKED under a policy that requires a status.
  --key-set FILE      a key set between that of the policy and the signers of the status; once for each, oldest first
  --proof FILE        the proof of a log for one of these documents, which a policy with a log demands; once for each

For evidence, and for a receipt:
  --audience ORIGIN   the service, where the policy names no audience
  --at TIME           when evidence, or the status of a receipt, must be valid: now (this is the default), 2026-11-22T10:00:00Z, or
                      milliseconds since 1970

A receipt without content still holds the nonce, which a proxy may have seen in a URL: it ties the file to a line of that proxy's log.

Exit codes: 0 proven, 1 refused, 2 wrong use, 3 undecided, 4 consistent with its own policy (nothing is proven),
5 a receipt that passed as of its time, but whose release was withdrawn since, or was not checked for withdrawals.
`

const options = {
  policy: { type: 'string' },
  'dangerously-allow-simulated': { type: 'boolean', default: false },
  // The former name.
  'allow-simulated': { type: 'boolean', default: false },
  save: { type: 'string' },
  state: { type: 'string' },
  json: { type: 'boolean', default: false },
  nonce: { type: 'string' },
  audience: { type: 'string' },
  static: { type: 'string' },
  at: { type: 'string' },
  status: { type: 'string' },
  'key-set': { type: 'string', multiple: true },
  proof: { type: 'string', multiple: true },
} as const

/** The kinds of input, and which options each of them knows beyond those that all have. */
const known = {
  service: ['save', 'state'],
  receipt: ['status', 'key-set', 'proof', 'audience', 'at'],
  evidence: ['nonce', 'audience', 'static', 'at'],
} as const

async function outcomeOf(args: readonly string[]): Promise<{ outcome: Outcome; asJson: boolean }> {
  const { values, positionals } = parse(args, options)
  const [target, ...more] = positionals
  if (target === undefined || more.length > 0) throw usage('one FILE or URL is expected: blindllama verify --help')
  const policy = values.policy === undefined ? undefined : await bytesOf(values.policy)
  if (policy && values.policy !== undefined) assertPlain(values.policy, policy)
  const file = isAddress(target) ? undefined : await bytesOf(target)
  const kind = file === undefined ? 'service' : isJsonObject(file) ? 'receipt' : 'evidence'
  for (const option of Object.values(known).flat())
    if (values[option] !== undefined && !(known[kind] as readonly string[]).includes(option))
      throw usage(`--${option} means nothing for ${kind === 'evidence' ? 'evidence' : `a ${kind}`}`)
  const allowSimulated = values['dangerously-allow-simulated'] || values['allow-simulated']
  const judge = { allowSimulated, ...(policy && { policy }) }
  const outcome =
    file === undefined
      ? await verifyService({ ...judge, url: target, save: values.save, state: values.state })
      : kind === 'receipt'
        ? await verifyReceiptFile({ ...judge, file, values })
        : await verifyEvidence({ ...judge, evidence: file, values })
  return { outcome, asJson: values.json }
}

const exitOf: Readonly<Record<Outcome['result'], ExitCode>> = {
  pass: exit.passed,
  fail: exit.refused,
  consistent: exit.unjudged,
  withdrawn: exit.asOfThen,
  unchecked: exit.asOfThen,
}

export const verify: Command = {
  summary: 'verify a service, a receipt, or evidence',
  help,
  run: async (args: readonly string[], io: Io): Promise<ExitCode> => {
    const { outcome, asJson } = await outcomeOf(args)
    io.out(asJson ? json(outcome) : present(outcome, io))
    return exitOf[outcome.result]
  },
}
