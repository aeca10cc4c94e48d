import { didYouMean } from '@blindllama/web-sdk/sentences'
import type { Command } from '../command.js'
import { usage } from '../failure.js'
import { shown } from '../terminal/text.js'
import { check } from '../policy/check.js'
import { explain } from '../policy/explain.js'
import { init } from './init.js'
import { sign } from './sign.js'

const help = shown`Usage: blindllama policy init --url URL [--out FILE] [options]
       blindllama policy init --from-image FILE --config-digest HEX [--ak-name HEX] [--url URL] [--out FILE] [options]
       blindllama policy check FILE [--url URL] [--json]
       blindllama policy explain FILE [--json]
       blindllama policy sign FILE --key FILE --out FILE [--days N] [--json]

init asks a service for fresh evidence, shows it, asks what to pin, writes a policy (policy.json), and judges the service by it. Whoever
answers at URL chose the values: compare each with one that you computed from your own image before you rely on the policy.
  --yes                     ask nothing: pin what is shown, and nothing that weakens the policy
  --out FILE                where to write; an existing file is not replaced
  --from-release FILE       values and configuration of a manifest of yours, in place of those that the service shows
  --audience NAME           the service, where it has several names
  --assurance KIND          what holds a key without certificates: simulated (this is the default), operator-ca, cloud-vtpm, hardware-tpm
  --project-id ID           your project, for a key that Google certified
  --release NAME            the name of the release
  --unchecked LIST          PCRs that are shown and compared with nothing, such as 5,14
  --accept-unattested       accept a model server whose operator can read prompts
  --allow-partial-coverage  let PCRs that decide which software runs stay open; every verdict warns

With --from-image the values are those that you computed of your image, before any machine started it: FILE is what
release measure --platform FILE --out FILE wrote. Nothing is asked, no PCR stays open, and a service that does not meet the policy is refused.
  --config-digest HEX       what blindllama-gateway config-digest printed; again for each accepted configuration
  --ak-name HEX             the Name of the attestation key, as blindllama-gateway ak prints it; without it the key comes from --url
  --audience, --assurance and --project-id as above; without --url the audience is needed

check reads a policy as every verifier reads it, and names every mistake with the reason. Of a policy without mistakes it prints for each
PCR: the rule, the measured content, whether a rule is needed, and the remedy. A policy without a rule for a PCR that decides what software
runs is refused (pcr.coverage). With pcrs.allowPartialCoverage every verdict warns instead. With --url it also says whether the service
meets the policy.

explain says in sentences what a policy demands.

sign writes a signed policy, which a page with data-policy-keys loads (docs/PROTOCOL.md §19.9). Its date is now. A page that has seen it
refuses every older one. Each key of the page must sign: a second one with blindllama release sign FILE --key FILE --sha256 HEX.
  --key FILE                a key of blindllama release keygen
  --days N                  how long pages take it: 1 to 366; default 30. Sign again before

--json prints one object. Of check: result (pass, warn, fail), code, bank, allowPartialCoverage, open, and pcrs with pcr, rule, measures,
needed, covered, risk and action of each; service with --url; or mistakes with code, place and why of each.

Exit codes: 0 the policy is read, every needed PCR is covered or the policy allows gaps, and the service meets it; 1 refused, 2 wrong use,
3 undecided.
`

const verbs: Readonly<Record<string, Command['run']>> = { check, explain, init, sign }

export const policy: Command = {
  summary: 'write a policy for a service; check, explain or sign one',
  help,
  run: async (args, io) => {
    const [verb = '', ...rest] = args
    const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
    if (!run)
      throw usage(
        `policy init, policy check FILE, policy explain FILE or policy sign FILE: blindllama policy --help${didYouMean(verb, Object.keys(verbs))}`,
      )
    return run(rest, io)
  },
}
