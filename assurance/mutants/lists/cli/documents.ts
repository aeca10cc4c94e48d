import type { Mutant } from '../../mutant.ts'
import { changed } from './patch.ts'

const countersign = 'test/countersign.test.ts'
const disk = 'test/disk.test.ts'
const refused = 'test/refused-documents.test.ts'
const inputs = 'test/inputs.test.ts'
const unsigned = 'test/unsigned.test.ts'

/** Documents that are made, signed, published and packed (PROTOCOL.md §19). */
export const documents: readonly Mutant[] = [
  changed(
    'a signed document is replaced',
    'release/envelope.ts',
    "return signatures.length > 0 ? 'signed already' : undefined",
    'return signatures.length > 99 ? file : undefined',
    unsigned,
  ),
  changed(
    'a key or a policy is replaced',
    'release/envelope.ts',
    'if (cause instanceof Failure) return `not an unsigned ${kind}`',
    'if (cause instanceof Failure) return undefined',
    unsigned,
  ),
  changed(
    'a document has any number of signatures',
    'release/envelope.ts',
    'if (parsed.signatures.length > mostSignatures)',
    'if (parsed.signatures.length < 0)',
    inputs,
  ),
  changed(
    'a document nests as deep as it likes',
    'release/document.ts',
    'if (depth > deepest)',
    'if (depth < 0)',
    countersign,
  ),
  changed(
    'sign signs what another key has signed',
    'release/sign.ts',
    'others.length > 0 && values.sha256 === undefined',
    'others.length > 0 && values.sha256 === null',
    countersign,
  ),
  changed(
    'a member that stands twice is signed',
    'release/document.ts',
    'if (membersWritten(text) !== membersIn(short, refused, 1))',
    'if (membersWritten(text) < membersIn(short, refused, 1))',
    countersign,
  ),
  changed(
    'a policy that no verifier reads is signed',
    'release/document.ts',
    "if (kind === 'policy') readPolicy(",
    "if (kind === 'status') readPolicy(",
    'test/signed-policy.test.ts',
  ),
  changed(
    'a document in broken UTF-8 is signed',
    'release/document.ts',
    '{ fatal: true, ignoreBOM: true }',
    '{ ignoreBOM: true }',
    countersign,
  ),
  changed(
    'a number that rounds is signed',
    'release/document.ts',
    'Number.isSafeInteger(value) && value >= 0',
    'Number.isInteger(value) && value >= 0',
    countersign,
  ),
  changed(
    'sign passes over --sha256',
    'release/sign.ts',
    'if (values.sha256 !== undefined) assertReviewed(',
    'if (values.sha256 === null) assertReviewed(',
    countersign,
  ),
  changed(
    'publish passes over --policy',
    'release/publish.ts',
    'if (values.policy !== undefined)',
    'if (values.policy === null)',
    countersign,
  ),
  changed(
    'publish takes wrong signatures',
    'release/publish.ts',
    '  assertSignatures(file as string, envelope)\n',
    '',
    countersign,
  ),
  changed(
    'pack passes over --policy',
    'release/pack.ts',
    "if (trust && kind !== 'key-set')",
    "if (trust && kind === 'key-set')",
    countersign,
  ),
  changed(
    'show passes without a policy',
    'release/show.ts',
    'if (!set) return exit.unjudged',
    'if (!set) return exit.passed',
    countersign,
  ),
  changed(
    'show passes what the policy has not enough signatures for',
    'release/show.ts',
    'every(({ signed, needed }) => signed >= needed)',
    'every(({ signed, needed }) => signed >= 0 && needed > 0)',
    countersign,
  ),
  changed(
    'others may read the key that signs',
    'release/keys.ts',
    'if ((mode & 0o077) !== 0)',
    'if ((mode & 0o007) === 0o777)',
    'test/release.test.ts',
  ),
  changed(
    'a disk of documents replaces any file',
    'release/disk.ts',
    'bytesRead < block || head.toString',
    'bytesRead < 0 && head.toString',
    disk,
  ),
  changed(
    'a document that every verifier refuses is made',
    'release/document.ts',
    '  documentOf(file, envelope, exit.refused)\n',
    '',
    refused,
  ),
  changed(
    'a document that every verifier refuses is signed',
    'release/document.ts',
    "if (code === 'release.syntax' || code === 'release.invalid')",
    "if (code === 'release.syntax')",
    refused,
  ),
]
