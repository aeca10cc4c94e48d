import type { Command } from '../command.js'
import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { parse } from '../options.js'
import type { Io } from '../terminal/io.js'
import { printable } from '../terminal/style.js'
import { makeKey } from './keys.js'
import { keySet } from './key-set.js'
import { make } from './make.js'
import { pack } from './pack.js'
import { publish } from './publish.js'
import { countersign, show, sign } from './sign.js'
import { status } from './status.js'

const help = `Usage: blindllama release VERB …

Makes, signs and publishes releases (docs/PROTOCOL.md §19). Documents are DSSE envelopes; keys are PKCS#8 PEM of Ed25519 that
only their owner may read.

  keygen FILE            make a key; prints its public part
  make --out FILE        a manifest, of these values:
    --name TEXT --version N --min-version N --source-commit HEX --image-digest HEX [--model-digest HEX] --machine TEXT
    --days N             valid for so long, from --from TIME (now) on
    [--config-digest HEX …] [--bank sha384]
    --pcrs FILE          JSON: {"0": HEX, …}, or {"whole": […], "platforms": […], "images": […]} of {"name", "pcrs"}
    --from-evidence TARGET --pcr N …   in place of --pcrs: of a service or file that you know to be right
  key-set --out FILE --previous FILE --key ROLE=HEX … --threshold ROLE=N …
                         the successor of a set of keys: of a policy, a key set, or an envelope of one
  status --out FILE      what was withdrawn, as of now
    [--revoke-release FILE|HEX …] [--revoke-certificate HEX …] [--revoke-serial ISSUER:SERIAL …] [--min-version N]
  show FILE              what a document says, and who signed it
  sign FILE --key FILE   add a signature
  countersign FILE --key FILE [--yes]
                         the same for an auditor: checks the signatures there are, shows everything, and signs with --yes
  publish FILE --log DIR --origin NAME --log-key FILE --witnesses FILE --proof FILE [--tool PROGRAM]
                         put a manifest into a log of static files, and take the proof; PROGRAM is built from tools/release-log
  pack --out DIR --manifest FILE [--proof FILE] [--key-set FILE …] [--status FILE]
                         write release.cbor and status.cbor for the gateway

Options:
  --json                 one JSON object

Exit codes: 0 done, 1 a signature is wrong, 2 wrong use, 3 undecided.
`

type Verb = (args: readonly string[], io: Io) => Promise<ExitCode>

async function keygen(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, { json: { type: 'boolean', default: false } })
  const [file] = positionals
  if (file === undefined) throw usage('release keygen FILE')
  const key = await makeKey(file)
  io.out(values.json ? `${JSON.stringify({ file, key })}\n` : `${key}\n`)
  return exit.passed
}

const verbs: Readonly<Record<string, Verb>> = {
  keygen,
  make,
  'key-set': keySet,
  status,
  show,
  sign,
  countersign,
  publish,
  pack,
}

/** `blindllama release VERB …`. @throws {Failure} */
export async function release(args: readonly string[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = args
  if (name === undefined) throw usage('VERB is expected: blindllama release --help')
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (!verb) throw usage(`there is no release ${printable(name)}: blindllama release --help`)
  return verb(rest, io)
}

export const releaseCommand: Command = { summary: 'make, sign and publish releases', help, run: release }
