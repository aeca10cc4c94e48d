import type { Command } from '../command.js'
import { exit, type ExitCode } from '../exit.js'
import { Failure, usage } from '../failure.js'
import { parse } from '../options.js'
import { presentDocument, writeMade } from '../release/document.js'
import { sha256, signed, unsigned } from '../release/envelope.js'
import { publicHex, readKey } from '../release/keys.js'
import type { Io } from '../terminal/io.js'
import { styleOf } from '../terminal/style.js'
import { json, shown } from '../terminal/text.js'
import { loadInspector } from '../verifier.js'
import { enrolChain } from './chain-command.js'
import { check } from './check.js'
import { enrol, type Result } from './enrol.js'
import { results } from './record.js'
import { readRoots } from './roots.js'
import { enrolmentService } from './service.js'

const help = shown`Usage: blindllama enrol URL --roots FILE --key FILE --out FILE [options]
       blindllama enrol check RECORD --policy FILE [options]
       blindllama enrol chain --leaf FILE --out FOLDER ROOT [options]

Proves which TPM holds the attestation key of a gateway, and writes a signed record (docs/PROTOCOL.md §22). Without a record,
only the operator vouches that a key is in a hardware TPM. The gateway has to list the public key in its setting enrolment.keys.

Options:
  --roots FILE          your list of roots of TPM vendors, each with its kind of TPM (spec/enrolment-roots.schema.json)
  --certificates FILE … certificates of roots and authorities, PEM or DER, to build the chain with
  --key FILE            your key (blindllama release keygen): signs the record, and the requests
  --access-key FILE     another key for the requests, such as one that the operator gave you
  --as RESULT           expected result: hardware (this is the default), virtual, software or unverified. Any other result is refused
  --out FILE            the record; replaces nothing that is signed
  --json                one JSON object

check: an anchor of the policy must name RECORD for its Name, and the result of RECORD must match the anchor: hardware for
hardware-tpm, virtual for cloud-vtpm
  --policy FILE         the policy
  --enroller HEX        the public key that must have signed; without it any key's signature is taken
  --roots FILE          this list must still have the root of the record, with its kind
  --max-age-days N      greatest age of the record, in days

chain: completes the chain of a key that a cloud certified, for attestation.ak_chain. It makes requests, to the addresses that the
certificates name (authorityInfoAccess), and trusts nothing that it gets: the verifier judges the whole chain before a file is written
  --leaf FILE           the certificate of the key, as blindllama-gateway enrol writes it
  ROOT                  the root that you expect: --azure, --gcp (PROTOCOL.md §17.3), or --root-sha256 HEX …
  --certificates FILE … certificates of issuers, PEM or DER, for those that no certificate gives an address of
  --any-address         allow addresses of this machine and of private networks, for an authority of your own
  --out FOLDER          leaf.der, issuer-1.der …, root.der; the same again changes nothing, and days that are left are printed
  --install URL --key FILE
                        send the chain to the gateway too, which must list this key in enrolment.keys

Exit codes: 0 enrolled or as the policy says, 1 refused, 2 wrong use, 3 undecided.
`

const options = {
  roots: { type: 'string' },
  certificates: { type: 'string', multiple: true },
  key: { type: 'string' },
  'access-key': { type: 'string' },
  as: { type: 'string', default: 'hardware' },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  if (args[0] === 'check') return check(args.slice(1), io)
  if (args[0] === 'chain') return enrolChain(args.slice(1), io)
  const { values, positionals } = parse(args, options)
  const [url] = positionals
  const { roots: rootsFile, key: keyFile, out, as: expected } = values
  if (
    url === undefined ||
    positionals.length > 1 ||
    rootsFile === undefined ||
    keyFile === undefined ||
    out === undefined
  )
    throw usage('enrol URL --roots FILE --key FILE --out FILE: blindllama enrol --help')
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw usage(`${url} is no URL of a service, such as https://chat.example/`)
  if (!results.includes(expected as Result)) throw usage(`--as: one of ${results.join(', ')}`)
  const roots = await readRoots(rootsFile, values.certificates ?? [])
  const key = await readKey(keyFile)
  const accessKey = values['access-key'] === undefined ? key : await readKey(values['access-key'])
  const record = await enrol(enrolmentService(url, accessKey), roots, loadInspector())
  if (record.result !== expected)
    throw new Failure(
      'cli.enrolment',
      `The TPM is ${described(record.result)}, and --as says ${expected}. No record was written`,
      exit.refused,
    )
  const document = unsigned('enrolment', record)
  await writeMade(out, document, signed(document, key))
  const named = { sha256: sha256(document), signer: publicHex(key) }
  io.out(
    values.json
      ? json({ file: out, ...named, ...record })
      : shown`${styleOf(io).bold(out)}\n${presentDocument(out, document, styleOf(io))}`,
  )
  return exit.passed
}

/** What a result means, in the middle of a sentence. */
function described(result: Result): string {
  return result === 'unverified'
    ? 'unverified: its certificate leads to no root of the roots file with the certificates at hand'
    : `of the kind ${result}, by the roots file`
}

export const enrolCommand: Command = {
  summary: 'prove which TPM holds an attestation key, and record it',
  help,
  run,
}
