import { didYouMean } from '@blindllama/web-sdk/sentences'
import type { Command } from '../command.js'
import type { ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import type { Io } from '../terminal/io.js'
import { shown } from '../terminal/text.js'
import { pinVariable } from './token-key.js'
import { init } from './init.js'
import { issueCertificate } from './issue-command.js'
import { validity } from './profile.js'

const help = shown`Usage: blindllama ca init --root FILE --name TEXT KEY [--days N]
       blindllama ca issue URL --root FILE KEY --roots FILE --key FILE --out FOLDER [options]

An authority of your own, which certifies attestation keys for policies with a custom-ca anchor (docs/PROTOCOL.md §17.4, §22.6). A key is
certified only after its TPM decrypted a credential that is made for both the endorsement key of a certificate and the attestation key.

KEY: --ca-key FILE            a PKCS#8 PEM on P-256, which init makes
     --pkcs11 MODULE --token LABEL --object ID
                              a key pair on P-256 in a token, used through pkcs11-tool; its PIN is in the variable ${pinVariable}

init: makes the certificate of the authority, and prints its SHA-256 for the policy
  --root FILE           the certificate, DER
  --name TEXT           its common name
  --days N              its validity; default ${validity.root}, at most ${validity.mostOfRoot}

issue: enrols the key behind URL, certifies it, and writes leaf.der, root.der, certificate.json and enrolment.json to a new folder
  --roots, --certificates, --key, --access-key, --as   as for blindllama enrol; --key signs both records
  --out FOLDER          made by this command
  --days N              validity of the certificate; default ${validity.usual}, at most ${validity.most}
  --previous FILE       certificate.json of the certificate that is renewed, signed by --key; needs --status and --policy
  --status FILE         the newest status: a certificate that it names is not renewed
  --policy FILE         the policy whose keys sign the status
  --install             send the chain to the gateway, which uses it until its process ends
  --log DIR --origin NAME --log-key FILE --witnesses FILE [--tool PROGRAM]
                        put certificate.json into the log of releases first, as blindllama release publish does; the proof is in FOLDER
  --unlogged            keep no public record; one of --log and --unlogged is required
  --json                one JSON object

To revoke a certificate, name its issuer and serial number: blindllama release status --revoke-serial ISSUER:SERIAL

Exit codes: 0 done, 1 refused, 2 wrong use, 3 undecided.
`

const verbs: Readonly<Record<string, (args: readonly string[], io: Io) => Promise<ExitCode>>> = {
  init,
  issue: issueCertificate,
}

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = args
  const verb = name !== undefined && Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (!verb)
    throw usage(`ca init or ca issue is expected: blindllama ca --help${didYouMean(name ?? '', Object.keys(verbs))}`)
  return verb(rest, io)
}

export const authorityCommand: Command = {
  summary: 'certify attestation keys with an authority of your own',
  help,
  run,
}
