import { didYouMean } from '@blindllama/web-sdk/sentences'
import type { Command } from '../command.js'
import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { parse } from '../options.js'
import type { Io } from '../terminal/io.js'
import { json, shown } from '../terminal/text.js'
import { client } from './client.js'
import { countersign } from './countersign.js'
import { disk } from './disk.js'
import { makeKey } from './keys.js'
import { keySet } from './key-set.js'
import { make } from './make.js'
import { measure } from './measure/command.js'
import { pack } from './pack.js'
import { publish } from './publish.js'
import { show } from './show.js'
import { sign } from './sign.js'
import { status } from './status.js'

const help = shown`Usage: blindllama release VERB …

Makes, signs and publishes releases (docs/PROTOCOL.md §19). Documents are DSSE envelopes; keys are PKCS#8 PEM of Ed25519 that
only their owner may read. Each verb reads a document once, so that it signs, publishes or packs exactly the document that it shows.

  keygen FILE            make a key; prints its public part
  measure IMAGE [--out FILE] [--name TEXT] [--platform FILE …] [--config-digest HEX]
                         compute PCR 4, 5, 9 and 11 of a unified kernel image from the file alone, with an explanation of each event;
                         FILE is for make --pcrs. --platform: values of firmware and machine, to which PCR 5 is added;
                         --config-digest: also PCR 14
  make --out FILE        a manifest with these values (make, client, key-set and status replace only an unsigned document of their kind):
    --name TEXT --version N --min-version N --source-commit HEX --image-digest HEX [--model-digest HEX] --machine TEXT
    --days N             duration of the validity, from --from TIME (default: now) on
    [--config-digest HEX …] [--bank sha384]
    --pcrs FILE          JSON: {"0": HEX, …}, or {"whole": […], "platforms": […], "images": […]} of {"name", "pcrs"}
    --from-evidence TARGET --pcr N …   in place of --pcrs: unverified values of a service or file
  client DIST --out FILE --name TEXT --source-commit HEX
                         a manifest of the SDK's built files: path, SHA-256 and value for integrity of each that runs in pages
  key-set --out FILE --previous FILE --key ROLE=HEX … --threshold ROLE=N … --days N
                         the successor of a set of keys: of a policy, a key set, or an envelope of one; in force for so long,
                         from --from TIME (now) on
  status --out FILE      the list of withdrawals, as of now
    [--revoke-release FILE|HEX …] [--revoke-certificate HEX …] [--revoke-serial ISSUER:SERIAL …] [--min-version N]
  show FILE [--policy FILE [--key-set FILE …] [--proof FILE]]
                         the content of a document, its SHA-256 and its signers: verified with the keys of the policy, else not verified;
                         --proof: also that it is in the log of the policy
  sign FILE --key FILE [--sha256 HEX]
                         add the author's signature, and show the document; --sha256: only to the document with this SHA-256. Where another key
                         has signed already, --sha256 is required
  countersign FILE --key FILE
                         an auditor's review: show every value, the SHA-256 and the signatures; signs nothing
  countersign FILE --key FILE --sha256 HEX --policy FILE [--key-set FILE …] [--after ROLE …]
                         the auditor's signature: only on the document with the reviewed SHA-256, after the keys
                         that the policy names for every other role (or for each --after) have signed. --yes alone is refused
  publish FILE --log DIR --origin NAME --log-key FILE --witnesses FILE --proof FILE [--tool PROGRAM]
    [--sha256 HEX] [--policy FILE [--key-set FILE …]]
                         put a signed manifest, client, key set or status into a log of static files, and take the proof; PROGRAM is
                         built from services/release-log. The entry covers the signatures: publish after the last one. With --policy:
                         only once every signature that the policy demands is there
  pack --out DIR --manifest FILE [--key-set FILE …] [--status FILE] [--proof FILE …] [--policy FILE]
                         write release.cbor and status.cbor for the gateway, each document with its proof;
                         --policy as for publish
  disk FILE … --out DISK write files, such as release.cbor and status.cbor, as the disk of documents of the measured image; a DISK
                         that is there is changed in place, and a machine that runs follows

  --key-set FILE …       the successors of the policy's set of keys, oldest first

Options:
  --json                 one JSON object

Exit codes: 0 done, 1 a signature is invalid or missing, the document is another, or every verifier would refuse it, 2 wrong use,
3 undecided, 4 shown only: not judged by a policy, and not signed.
`

type Verb = (args: readonly string[], io: Io) => Promise<ExitCode>

async function keygen(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, { json: { type: 'boolean', default: false } })
  const [file] = positionals
  if (file === undefined) throw usage('release keygen FILE')
  const key = await makeKey(file)
  io.out(values.json ? json({ file, key }) : shown`${key}\n`)
  return exit.passed
}

const verbs: Readonly<Record<string, Verb>> = {
  keygen,
  measure,
  make,
  client,
  'key-set': keySet,
  status,
  show,
  sign,
  countersign,
  publish,
  pack,
  disk,
}

/** `blindllama release VERB …`. @throws {Failure} */
export async function release(args: readonly string[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = args
  if (name === undefined) throw usage('VERB is expected: blindllama release --help')
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (!verb)
    throw usage(`there is no release '${name}'${didYouMean(name, Object.keys(verbs)) || ': blindllama release --help'}`)
  return verb(rest, io)
}

export const releaseCommand: Command = { summary: 'make, sign and publish releases', help, run: release }
