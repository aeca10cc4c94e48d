import type { Mutant } from '../mutant.ts'

/** Some vector must end otherwise. */
function changed(name: string, file: string, find: string, replace: string): Mutant {
  return { name: `second: ${name}`, file, find, replace, tests: ['test/vectors.test.ts'] }
}

/** In the order of the steps of PROTOCOL.md §8. */
export const mutants: readonly Mutant[] = [
  changed('keys of CBOR ascend', 'cbor.ts', 'if (key <= previous)', 'if (key === previous)'),
  changed('arguments of CBOR are in their shortest form', 'cbor.ts', 'if (argument < shortest)', 'if (argument < 0n)'),
  changed(
    'a key listed twice signs once',
    'release/key-set.ts',
    'if (new Set(keys.map(({ key }) => toHex(key))).size !== keys.length)',
    'if (keys.length > 16)',
  ),
  changed(
    'attributes that must be clear',
    'tpm/attributes.ts',
    '(attributes & ~free) >>> 0 === required',
    '(attributes & required) >>> 0 === required',
  ),
  changed(
    'the key of the leaf is the attestation key',
    'trust.ts',
    'demand(sameKey(leaf.certificate.key, ak.key),',
    'demand(true,',
  ),
  changed('the kind of an Azure machine', 'trust.ts', 'vm === undefined || leaf.vm === vm', 'true'),
  changed(
    'the domain of an Azure machine ends its name',
    'x509/profile.ts',
    'name.endsWith(`.${label}.Azure.${domain}`)',
    'name.includes(`.${label}.Azure.${domain}`)',
  ),
  changed(
    'a certificate has ended',
    'x509/path.ts',
    'demand(nowMs < certificate.notAfterMs + 1000,',
    'demand(nowMs < Infinity,',
  ),
  changed('a certificate is signed by the next', 'x509/path.ts', 'await isSignedBy(certificate.bytes, issuer)', 'true'),
  changed('firmware asked for the report', 'platform/snp.ts', 'view.getUint32(at.vmpl, true) === 0', 'true'),
  changed('the chip of the report', 'platform/snp.ts', "demand(isChip, 'platform.chip', 'CHIP_ID')", ''),
  changed(
    'the quote signature',
    'verify.ts',
    'await verifySignature(readSignature(bundle.signature, ak), ak, bundle.attest)',
    'readSignature(bundle.signature, ak)',
  ),
  changed('the selection, bit by bit', 'pcrs.ts', 'demand(equal(selection.pcrSelect, bitmap),', 'demand(true,'),
  changed(
    'open PCRs',
    'verify.ts',
    "demand(pcrs.allowPartialCoverage, 'pcr.coverage',",
    "demand(true, 'pcr.coverage',",
  ),
  changed('a report covers the value of PCR 0', 'policy/coverage.ts', "isBound && has(0, 'unchecked')", 'isBound'),
  changed('what comes from outside of an image', 'policy/coverage.ts', '[12, isFixed(12)],', ''),
  changed(
    'a PCR that follows from the claims',
    'pcrs.ts',
    'demand(equal(value, await derivedValue(',
    'demand(true || equal(value, await derivedValue(',
  ),
  changed('the digest of the quoted values', 'pcrs.ts', 'demand(equal(quote.pcrDigest, expected),', 'demand(true,'),
  changed(
    'a place in the log below its size',
    'release/inclusion.ts',
    'demand(index < size, code, `index ${index} in a tree of ${size}`)',
    '',
  ),
  changed(
    'a path that ends at the root',
    'release/inclusion.ts',
    'sn === 0n && equal(node, root)',
    'equal(node, root)',
  ),
  changed(
    'every line of a witness verifies',
    'release/log.ts',
    "demand(await isCosigned(key, line, text), 'release.log_witness', `${name} does not verify`)",
    'await isCosigned(key, line, text)',
  ),
  changed(
    'a digest of the quoted bank in every event',
    'event-log/bank.ts',
    "if (digestOfBank === undefined) throw new Refusal('eventlog.digest_missing', `event ${position}`)",
    'if (digestOfBank === undefined) return []',
  ),
  changed(
    'two digests of one bank',
    'event-log/parse.ts',
    "demand(!digests.has(id), 'eventlog.digest_count', `two digests of ${name}`)",
    '',
  ),
  changed(
    'an H-CRTM event comes first',
    'event-log/replay.ts',
    'events.find(extendsPcr0)?.type === eventType.hcrtm',
    'events.some(({ type }) => type === eventType.hcrtm)',
  ),
  changed(
    'StartupLocality agrees with the H-CRTM event',
    'event-log/rules.ts',
    'const agrees = !startsWithHcrtm(log) || only.data.at(-1) === hcrtmLocality',
    'const agrees = true',
  ),
  changed(
    'separators are told by their digest',
    'event-log/rules.ts',
    'event.type === eventType.separator || separators.some(',
    'event.type === eventType.separator && separators.some(',
  ),
  changed('a failed verdict learned', 'memory.ts', 'return equal(before, now) ? undefined : now', 'return undefined'),
  changed(
    'the date of a status only rises',
    'memory.ts',
    'date: highest([known.date, BigInt(news.date ?? 0)]),',
    'date: BigInt(news.date ?? known.date),',
  ),
  changed(
    'the newest key set is on the way',
    'release/rotation.ts',
    'way.some(({ id }) => equal(id, newest))',
    'newest.length > 0',
  ),
  changed(
    'a key set that has ended',
    'release/key-set.ts',
    'notAfter === undefined || nowMs < notAfter',
    'notAfter === undefined || nowMs <= notAfter',
  ),
  changed(
    'a status of before',
    'release/status.ts',
    "demand(BigInt(date) >= newest, 'release.status_back', `dated ${date}, after ${newest}`)",
    '',
  ),
  changed(
    'half of the witnesses',
    'policy/signing.ts',
    '2 * threshold <= witnesses.length',
    '2 * threshold < witnesses.length',
  ),
  changed('a machine that went back', 'state.ts', "if (resets < 0) return 'state.tpm_cleared'", ''),
  changed('a suite that the engine has', 'verify.ts', 'hasSuite(engine, suite) && (accepted', '(accepted'),
  changed(
    'the process that signed the claims',
    'instance.ts',
    'await verifyEd25519(instanceKey, instanceProof, message)',
    'true',
  ),
  changed(
    'a key of the process without its proof',
    'instance.ts',
    '(instanceKey === undefined) === (instanceProof === undefined)',
    'true',
  ),
  changed('the salted digests of a receipt', 'receipt.ts', 'sha256(concat(salt, bytes))', 'sha256(bytes)'),
  changed(
    'a record of each Name',
    'policy/anchor.ts',
    'if (isEnrolled && enrolments.length !== names.length)',
    'if (isEnrolled && enrolments.length < names.length)',
  ),
]
