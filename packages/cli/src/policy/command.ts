import type { Command } from '../command.js'
import { usage } from '../failure.js'
import { shown } from '../terminal/text.js'
import { check } from './check.js'

const help = shown`Usage: blindllama policy check FILE [--json]

Reads a policy as every verifier reads it, and prints for each PCR: the rule, the measured content, whether a rule is needed, and
the remedy. A policy without a rule for a PCR that decides what software runs is refused (pcr.coverage). With
pcrs.allowPartialCoverage every verdict warns instead.

--json prints one object: result (pass, warn, fail), code, bank, allowPartialCoverage, open, and pcrs with pcr, rule, measures, needed,
covered, risk and action of each.

Exit codes: 0 every needed PCR is covered, or the policy allows gaps; 1 the policy is refused, 2 wrong use, 3 undecided.
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
