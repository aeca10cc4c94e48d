import type { Command } from '../command.js'
import { exit } from '../exit.js'
import { usage } from '../failure.js'
import { parse } from '../options.js'
import { bytesOf } from '../read-file.js'
import { json, shown } from '../terminal/text.js'
import { loadInspector } from '../verifier.js'
import { evidenceIn } from './evidence-in.js'
import { present } from './present.js'
import { report } from './report.js'

const help = shown`Usage: blindllama inspect FILE | URL [options]

Shows the content of evidence without verification: nothing shown here is proven. 'blindllama verify' verifies. FILE is a bundle in CBOR, or a receipt;
URL is the base URL of a service, which gets a fresh nonce.

Options:
  --static FILE   the static part, where the bundle leaves it out
  --json          one JSON object, with "verified": false

Exit codes: 0 it was read, 1 it is malformed, 2 wrong use, 3 undecided.
`

const options = { static: { type: 'string' }, json: { type: 'boolean', default: false } } as const

export const inspect: Command = {
  summary: 'show what evidence says, without judging it',
  help,
  run: async (args, io) => {
    const { values, positionals } = parse(args, options)
    const [target, ...more] = positionals
    if (target === undefined || more.length > 0) throw usage('one FILE or URL is expected: blindllama inspect --help')
    const found = await evidenceIn(target)
    const part = values.static === undefined ? found.staticPart : await bytesOf(values.static)
    const read = report(loadInspector().inspect(found.evidence, part))
    io.out(values.json ? json({ verified: false, ...read }) : present(read, io))
    return read.malformed.length === 0 ? exit.passed : exit.refused
  },
}
