import type { Command } from '../command.js'
import { exit } from '../exit.js'
import { usage } from '../failure.js'
import { hexOf, parse, timeOf } from '../options.js'
import { bytesOf } from '../read-file.js'
import type { Io } from '../terminal/io.js'
import { styleOf } from '../terminal/style.js'
import { json, padded, type Shown, shown } from '../terminal/text.js'
import { type Inspector, loadInspector } from '../verifier.js'
import { certificatesIn } from './certificates.js'
import { describe, type Described } from './describe.js'

const help = shown`Usage: blindllama chain FILE… --root-sha256 HEX [options]

Validates the certificate chain of an attestation key, leaf first and root last, as the verifier does in pages. FILEs are
PEM or DER. The root selects the rules for the leaf: those of Azure, of Google, or of a custom authority.

Options:
  --root-sha256 HEX   SHA-256 of the DER of the expected root. PROTOCOL.md §17.3 lists those of Azure and Google; take that of
                      another authority from the authority, and not from the chain
  --at TIME           now (this is the default), 2026-11-22T10:00:00Z, or milliseconds since 1970
  --json              one JSON object: verdict (accept or reject), code, certificates

Not checked: the instance that the leaf names, and the revocation of certificates.

Exit codes: 0 accepted, 1 refused, 2 wrong use, 3 undecided.
`

const options = {
  'root-sha256': { type: 'string' },
  at: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

interface Report {
  verdict: 'accept' | 'reject'
  code: string
  at: string
  certificates: Described[]
}

/** `ok`, or the code of the first rule that the chain breaks. */
function check({ checkChain }: Inspector, chain: readonly Uint8Array[], root: Uint8Array, at: number): string {
  return checkChain(
    Buffer.concat(chain),
    Uint32Array.from(chain, ({ length }) => length),
    root,
    at,
  )
}

export const chain: Command = {
  summary: 'validate the certificate chain of an attestation key',
  help,
  run: async (args, io) => {
    const { values, positionals } = parse(args, options)
    if (positionals.length === 0) throw usage('FILE is expected: blindllama chain --help')
    const at = timeOf(values.at ?? 'now')
    const certificates: Uint8Array[] = []
    for (const file of positionals) certificates.push(...certificatesIn(file, await bytesOf(file)))
    // The chain's own last certificate is nothing to trust: a forger sends the root along.
    if (values['root-sha256'] === undefined)
      throw usage(
        '--root-sha256 HEX is needed: a chain proves nothing without the root that you expect. PROTOCOL.md §17.3 lists those of Azure and Google; take that of another authority from the authority',
      )
    const root = hexOf('--root-sha256', values['root-sha256'], 32)
    const code = check(loadInspector(), certificates, root, at)
    const verdict = code === 'ok' ? 'accept' : 'reject'
    const report: Report = { verdict, code, at: new Date(at).toISOString(), certificates: certificates.map(describe) }
    io.out(values.json ? json(report) : present(report, io))
    return code === 'ok' ? exit.passed : exit.refused
  },
}

function present({ verdict, code, at, certificates }: Report, io: Io): Shown {
  const style = styleOf(io)
  const result = verdict === 'accept' ? style.good(style.bold('ACCEPTED')) : style.bad(style.bold('REFUSED'))
  const rows = certificates.map(({ subject, validFrom, validTo, sha256 }, index) => {
    const role = index === 0 ? 'leaf' : index === certificates.length - 1 ? 'root' : `CA ${index}`
    const dates = style.dim(shown`${validFrom ?? '?'} – ${validTo ?? '?'}`)
    return shown`  ${padded(role, 6)} ${subject ?? 'cannot be read'}\n         ${dates}\n         ${style.dim(sha256)}\n`
  })
  return shown`${result}  at ${at}${verdict === 'reject' ? style.dim(` (${code})`) : ''}\n\n${rows}`
}
