import type { Command } from '../command.js'
import { exit } from '../exit.js'
import { usage } from '../failure.js'
import { parse } from '../options.js'
import { bytesOf } from '../read-file.js'
import { json, shown } from '../terminal/text.js'
import { loadInspector } from '../verifier.js'
import { present } from './present.js'
import { readEventLog } from './report.js'

const help = shown`Usage: blindllama eventlog FILE… [--json]

Reads TCG event logs (on Linux: /sys/kernel/security/tpm0/binary_bios_measurements): the measurements of each PCR, the
replayed values, and the rules of the Firmware Profile that the log breaks. A log is a claim: it explains values, and only a quote
over these values proves that they were measured.
  ✓  the digest is the hash of the shown data       ?  the shown data is a claim of the log
Type names are claims of the log in both cases: no digest covers them.

--json prints a line for each file: name, parse (ok or a code), replayedPcrs, incomplete, findings, events, and "verified": false.
Incomplete banks have no values: at least one event has no digest of them.

Exit codes: 0 every log was read, 1 one has a syntax error, 2 wrong use, 3 undecided.
`

export const eventlog: Command = {
  summary: 'read TCG event logs and replay them',
  help,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { json: { type: 'boolean', default: false } })
    if (positionals.length === 0) throw usage('FILE is expected: blindllama eventlog --help')
    const inspector = loadInspector()
    let unread = false
    for (const file of positionals) {
      const report = readEventLog(inspector, file, await bytesOf(file))
      unread ||= report.parse !== 'ok'
      io.out(values.json ? json({ ...report, verified: false }) : present(report, io))
    }
    return unread ? exit.refused : exit.passed
  },
}
