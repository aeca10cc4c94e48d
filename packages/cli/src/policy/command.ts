import type { Command } from '../command.js'
import { usage } from '../failure.js'
import { shown } from '../terminal/text.js'
import { check } from './check.js'

const help = shown`Usage: blindllama policy check FILE [--json]

Reads a policy as every verifier reads it, and tells for each PCR: the rule, what is measured there, whether a rule is needed, and
what to do. A policy that leaves a PCR open which decides what software runs is refused (pcr.coverage), or, with
pcrs.allowPartialCoverage, makes every verdict warn.

--json prints one object: result (pass, warn, fail), code, bank, allowPartialCoverage, open, and pcrs with pcr, rule, measures, needed,
covered, risk and action of each.

Exit codes: 0 every needed PCR is covered, or the policy allows that it is not; 1 the policy is refused, 2 wrong use, 3 undecided.
`

export const policy: Command = {
  summary: 'tell what a policy demands of the measurements',
  help,
  run: async (args, io) => {
    const [verb, ...rest] = args
    if (verb !== 'check') throw usage('policy check FILE: blindllama policy --help')
    return check(rest, io)
  },
}
