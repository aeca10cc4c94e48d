import type { Mutant } from '../../mutant.ts'
import { changed } from './patch.ts'

const client = 'test/client.test.ts'
const countersign = 'test/countersign.test.ts'

/** Whose signatures count before another one is added, and what a log proves (PROTOCOL.md §19.1, §19.6). */
export const trust: readonly Mutant[] = [
  changed(
    'countersign signs another document than the one reviewed',
    'release/countersign.ts',
    '  assertReviewed(file, envelope, reviewed)\n',
    '',
    countersign,
  ),
  changed(
    'countersign --yes signs alone',
    'release/countersign.ts',
    'if (values.yes && (reviewed === undefined || policy === undefined))',
    'if (values.yes && reviewed !== undefined && policy === undefined)',
    countersign,
  ),
  changed(
    'countersign without a policy',
    'release/countersign.ts',
    'if (reviewed !== undefined && policy === undefined)',
    'if (reviewed !== undefined && policy === null)',
    countersign,
  ),
  changed(
    'countersign before the roles of the policy have signed',
    'release/countersign.ts',
    '(after ? after.includes(each) : each !== role)',
    '(after ? after.includes(each) : false)',
    countersign,
  ),
  changed(
    'countersign with a key that the policy does not name',
    'release/countersign.ts',
    'if (role === undefined)\n',
    'if (role === null)\n',
    countersign,
  ),
  changed(
    'countersign as the first of the policy',
    'release/countersign.ts',
    'if (countRoles(others, set).every(',
    'if (!countRoles(others, set).every(() => true) && countRoles(others, set).every(',
    countersign,
  ),
  changed(
    'countersign over a wrong signature',
    'release/countersign.ts',
    'if (!envelope.signatures.every((signature) => isGood(envelope, signature))) {',
    'if (envelope.signatures.length === 0) {',
    'test/release.test.ts',
  ),
  changed(
    'a successor of another set of keys is countersigned',
    'release/countersign.ts',
    '  assertFollows(file, envelope, trust.current)\n',
    '',
    countersign,
  ),
  changed(
    'a successor that its predecessor has not signed',
    'release/trust.ts',
    '    assertSigned(file, successor, current)\n',
    '',
    countersign,
  ),
  changed(
    'a wrong signature counts for its role',
    'release/trust.ts',
    'envelope.signatures.filter((each) => isGood(envelope, each)).map(',
    'envelope.signatures.map(',
    'test/trust.test.ts',
  ),
  changed(
    'signers of releases sign the status',
    'release/trust.ts',
    "kind === 'status' ? (statusSigners ?? current) : current",
    'current ?? statusSigners',
    countersign,
  ),
  changed(
    'the log of another name proves a document',
    'release/logged.ts',
    'if (origin !== log.origin)',
    "if (origin === '')",
    client,
  ),
  changed(
    'a checkpoint needs no signature of its log',
    'release/logged.ts',
    'ofLog.length === 0 || !ofLog.every((bytes) => verifies(log.key, bytes, message))',
    'ofLog.length < 0',
    client,
  ),
  changed(
    'a cosignature is not verified',
    'release/logged.ts',
    'if (!own.every((bytes) => isCosigned(key, bytes, text)))',
    'if (own.some((bytes) => bytes.length === 0))',
    client,
  ),
  changed(
    'fewer witnesses than the policy demands prove a document',
    'release/logged.ts',
    'if (count < log.threshold)',
    'if (count < 1)',
    client,
  ),
  changed(
    'a proof of another document counts',
    'release/logged.ts',
    "if (!leadsFrom(entry, file, proof)) throw refused('release.log_inclusion', 'it leads from another document')",
    'leadsFrom(entry, file, proof)',
    client,
  ),
]
