import type { Mutant } from '../../mutant.ts'
import { changed } from './patch.ts'

const credential = 'test/credential.test.ts'
const enrol = 'test/enrol.test.ts'
const authority = 'test/authority.test.ts'
const enrolChain = 'test/enrol-chain.test.ts'
const enrolLibrary = 'test/enrol-library.test.ts'
const inputs = 'test/inputs.test.ts'

/** Chains, enrolment of attestation keys, and the authority that certifies them (PROTOCOL.md §22). */
export const enrolment: readonly Mutant[] = [
  changed('a PEM has any number of certificates', 'chain/certificates.ts', 'found.length === most', 'false', inputs),
  changed('a certificate has any size', 'chain/certificates.ts', 'to - from > longest', 'false', inputs),
  changed(
    'a certificate without an end is passed over',
    'chain/certificates.ts',
    "if (to === -1) throw malformed(`${which} has no end; '${end}' is expected`)",
    'if (to === -1) break',
    inputs,
  ),
  changed(
    'a chain names the root that it brings along',
    'chain/command.ts',
    "'--root-sha256 HEX is needed: ",
    "`--root-sha256 HEX is needed, as ${certificates.map(describe).at(-1)?.sha256}: ` + '",
    'test/chain.test.ts',
  ),
  changed(
    'the Name is not part of the integrity of a credential',
    'enrol/credential.ts',
    'createHmac(hash, hmacKey).update(encIdentity).update(name).digest()',
    'createHmac(hash, hmacKey).update(encIdentity).digest()',
    credential,
  ),
  changed(
    'the Name is not part of the key of a credential',
    'enrol/credential.ts',
    "'STORAGE', name, none, keyBits)",
    "'STORAGE', none, none, keyBits)",
    credential,
  ),
  changed(
    'any value activates',
    'enrol/enrol.ts',
    'value.length !== made.value.length || !timingSafeEqual(value, made.value)',
    'value.length !== made.value.length',
    enrolLibrary,
  ),
  changed(
    'a value may come at any time',
    'enrol/enrol.ts',
    'if (clock() - asked > activationMs)',
    'if (clock() - asked > activationMs * 2)',
    enrolLibrary,
  ),
  changed(
    'a refused certificate is enrolled',
    'enrol/enrol.ts',
    "if (report.code !== 'ok') throw refused(report)",
    "if (report.code === 'ak.syntax') throw refused(report)\n  if (report.code !== 'ok') return {} as EnrolledKey",
    enrolLibrary,
  ),
  changed(
    'a chain without a root of the list is of its kind',
    'enrol/enrol.ts',
    "const result: Result = chain?.root.kind ?? 'unverified'",
    "const result: Result = chain?.root.kind ?? 'hardware'",
    enrolLibrary,
  ),
  changed(
    'a record of a TPM of another kind is named',
    'enrol/check.ts',
    'resultOf[assurance] !== result',
    "assurance === 'operator-ca'",
    enrol,
  ),
  changed(
    'a record is named for any key',
    'enrol/check.ts',
    'const own = pairs.filter(({ name }) => name === akName)',
    'const own = pairs.filter(({ name }) => name !== undefined)',
    enrol,
  ),
  changed(
    'the enroller is not asked for',
    'enrol/check.ts',
    'if (values.enroller !== undefined && !signers.includes(values.enroller.toLowerCase()))',
    'if (values.enroller !== undefined && signers.length === 0)',
    enrol,
  ),
  changed(
    'signatures of a record are not checked',
    'enrol/record.ts',
    '  assertSignatures(file, envelope)\n',
    '',
    enrol,
  ),
  changed(
    'a record never ages',
    'enrol/check.ts',
    'if (days !== undefined && age > Number(days) * dayMs)',
    'if (days !== undefined && age > Number(days) * dayMs * 2)',
    enrol,
  ),
  changed(
    'an authority certifies a TPM of any kind',
    'ca/issue.ts',
    'if (result !== expected)',
    "if (result === 'unverified' && expected !== 'hardware')",
    authority,
  ),
  changed(
    'a renewal is of any key',
    'ca/issue.ts',
    'if (renews !== undefined && renews !== akName)',
    "if (renews === '')",
    authority,
  ),
  changed(
    'a certificate outlives its root',
    'ca/issue.ts',
    'if (Date.parse(root.validTo) < notAfter)',
    'if (Date.parse(root.validTo) < 0)',
    authority,
  ),
  changed(
    'an authority signs under the root of another',
    'ca/issue.ts',
    'if (!root.publicKey.equals(publicKey))',
    'if (root.publicKey.type !== publicKey.type)',
    authority,
  ),
  changed(
    'a fetched certificate did not sign the one before',
    'enrol/complete.ts',
    ' && of.verify(certificate.publicKey)',
    '',
    enrolChain,
  ),
  changed(
    'a chain that clients refuse is written',
    'enrol/complete.ts',
    "if (code !== 'ok')",
    "if (code === '')",
    enrolChain,
  ),
  changed(
    'a certificate leads to an address of this machine',
    'enrol/download.ts',
    'if (!anyAddress && isIP(host) !== 0 && !isPublic(host))',
    'if (!anyAddress && host.length === 0)',
    enrolChain,
  ),
  changed(
    'a redirect leads to another host',
    'enrol/download.ts',
    'if (url.host !== address.host || ',
    'if (',
    enrolChain,
  ),
]
