import type { Mutant } from '../mutant.ts'

/** Tests of one module, `lib::…`. */
function unit(filter: string): readonly string[] {
  return [`lib::${filter}`]
}

/** Some vector must end otherwise. */
const vectors: readonly string[] = ['conformance::every_vector_ends_as_it_says']

function changed(tests: readonly string[], name: string, file: string, find: string, replace: string): Mutant {
  return { name, file, find, replace, tests }
}

const eventLog: readonly Mutant[] = [
  changed(
    unit('event_log::tests'),
    'event log: a digest of the bank in every extending event',
    'event_log/replay.rs',
    'let measured = log.digest(event, algorithm).ok_or_else(missing)?;',
    'let (Some(measured), _) = (log.digest(event, algorithm), missing) else { continue };',
  ),
  changed(
    unit('event_log::tests::syntax'),
    'event log: one digest of each bank',
    'event_log/parse.rs',
    'expected.swap_remove(at);',
    '',
  ),
  changed(
    unit('event_log::tests::syntax'),
    'event log: a bank that was announced',
    'event_log/parse.rs',
    'None => Code::EVENTLOG_DIGEST_ALGORITHM,',
    'None => { reader.bytes(digest::length(algorithm).unwrap_or(usize::MAX)); continue; }',
  ),
  changed(
    unit('event_log::tests::syntax'),
    'event log: padding',
    'event_log/parse.rs',
    'let is_padding = reader.rest().len() <= padding;',
    'let is_padding = reader.rest().len() <= padding && false;',
  ),
  changed(
    unit('event_log::tests::replaying'),
    'event log: an H-CRTM event comes first',
    'event_log/replay.rs',
    '_ if extends && !is_extended && event.kind',
    '_ if extends && event.kind',
  ),
  changed(
    unit('event_log::tests::rules'),
    'event log: StartupLocality agrees with the H-CRTM event',
    'event_log/replay.rs',
    '.is_some_and(|told| told != H_CRTM)',
    '.is_some_and(|told| told > H_CRTM)',
  ),
  changed(
    unit('event_log::tests::rules'),
    'event log: a separator is what it says',
    'event_log/rules.rs',
    'if !self.is_valid_separator(event, digest) {',
    'if !self.is_valid_separator(event, digest) && false {',
  ),
  changed(
    unit('event_log::tests'),
    'event log: separators are told by their digest',
    'event_log/rules.rs',
    'event.kind == EV_SEPARATOR || digest == success || digest == success_ones',
    'event.kind == EV_SEPARATOR || digest == success && digest == success_ones',
  ),
  changed(
    unit('event_log::tests::requiring'),
    'event log: only what a quote proves is verified',
    'event_log/explain.rs',
    'let is_proven = event.extends() && bit(event.pcr) & self.proven != 0;',
    'let is_proven = event.extends();',
  ),
  changed(
    unit('event_log::tests::requiring'),
    'event log: a PCR to be replayed is quoted',
    'event_log/required.rs',
    'if is_quoted && !explanation',
    'if !explanation',
  ),
  changed(
    unit('event_log::tests::allowing'),
    'event log: an event that a rule demands',
    'event_log/allowed.rs',
    'return Err(Finding::of_pcr(Code::EVENTLOG_EVENT_MISSING, pcr));',
    '',
  ),
]

const x509: readonly Mutant[] = [
  changed(
    unit('x509::tests::paths'),
    'x509: notAfter',
    'x509/path.rs',
    'at > certificate.validity.not_after',
    'at > certificate.validity.not_after && false',
  ),
  changed(
    unit('x509::tests::paths'),
    'x509: the issuer is the next subject',
    'x509/path.rs',
    'certificate.issuer != issuer.subject',
    'certificate.issuer != issuer.subject && false',
  ),
  changed(
    unit('x509::tests::paths'),
    'x509: the signature of the issuer',
    'x509/path.rs',
    '!certificate.is_signed_by(&issuer.key)',
    '!certificate.is_signed_by(&issuer.key) && false',
  ),
  changed(
    unit('x509::tests::paths'),
    'x509: the pinned root',
    'x509/path.rs',
    'sha256(&[root]) != *conditions.root_sha256',
    'sha256(&[root]) != *conditions.root_sha256 && false',
  ),
  changed(
    unit('x509::tests::paths'),
    'x509: pathLenConstraint',
    'x509/path.rs',
    '.ok_or(Code::CHAIN_PATH_LENGTH)?',
    '.unwrap_or_default()',
  ),
  changed(
    unit('x509::tests::paths'),
    'x509: keyCertSign',
    'x509/path.rs',
    '!extensions.key_usage.has(KeyUsage::KEY_CERT_SIGN)',
    '!extensions.key_usage.has(KeyUsage::KEY_CERT_SIGN) && false',
  ),
  changed(
    unit('x509::tests::paths'),
    'x509: only zeros follow the leaf',
    'x509/path.rs',
    'rest.iter().all(|byte| *byte == 0)',
    'rest.iter().all(|byte| *byte < 255)',
  ),
  changed(
    unit('x509::tests::extensions'),
    'x509: critical extensions are understood',
    'x509/extensions.rs',
    'if extension.critical && !understood {',
    'if extension.critical && !understood && false {',
  ),
  changed(
    unit('x509::tests::certificates'),
    'x509: an extension stands once',
    'x509/extensions.rs',
    'if find(rest, extension.id).is_some() {',
    'if find(rest, extension.id).is_some() && false {',
  ),
  changed(
    unit('x509::tests::certificates'),
    'x509: both signature algorithms are one',
    'x509/certificate.rs',
    'parts.inner_algorithm != parts.outer_algorithm',
    'parts.inner_algorithm != parts.outer_algorithm && false',
  ),
  changed(
    unit('x509::tests::certificates'),
    'x509: integers of DER are minimal',
    'x509/der.rs',
    'tag::INTEGER | tag::ENUMERATED => is_minimal_integer(self.content),',
    'tag::INTEGER | tag::ENUMERATED => is_minimal_integer(self.content) || !self.content.is_empty(),',
  ),
  changed(
    unit('x509::tests::profiles'),
    'x509: no purpose of an endorsement key',
    'x509/profiles/mod.rs',
    ' && !purposes.has(EK_CERTIFICATE)',
    '',
  ),
  changed(
    unit('x509::tests::profiles'),
    'x509: the key of the leaf is the attestation key',
    'x509/profiles/mod.rs',
    'if leaf.key == key.key {',
    'if leaf.key == key.key || true {',
  ),
  changed(
    vectors,
    'x509: the kind is a whole label of the name of an Azure machine',
    'x509/profiles/azure.rs',
    'machine.ends_with(label)',
    'machine.ends_with(label.split_at(1).1)',
  ),
  changed(
    unit('x509::tests::profiles'),
    'x509: an instance for production',
    'x509/profiles/gcp.rs',
    'production == [tag::BOOLEAN, 1, 0xff]',
    '!production.is_empty()',
  ),
  changed(vectors, 'x509: the least TEE version', 'x509/profiles/amd.rs', '&& self.tee >= least.tee', ''),
]

const release: readonly Mutant[] = [
  changed(
    vectors,
    'log: an index below the size',
    'release/log/inclusion.rs',
    'if here > last {',
    'if here > last && false {',
  ),
  changed(
    vectors,
    'log: a path that ends at the root',
    'release/log/inclusion.rs',
    '(last == 0).then_some(hash)',
    'Some(hash)',
  ),
  changed(
    vectors,
    'log: enough witnesses',
    'release/log/mod.rs',
    'ensure(seen >= self.threshold, Code::RELEASE_LOG_WITNESS)?;',
    '',
  ),
  changed(
    vectors,
    'log: more than half of the witnesses',
    'release/log/mod.rs',
    'threshold.saturating_mul(2) > witnesses.len() as u64',
    'threshold.saturating_mul(2) >= witnesses.len() as u64',
  ),
  changed(
    vectors,
    'log: the entry covers the signatures',
    'release/document.rs',
    'signed.signatures.iter().for_each(|signature| entry.extend_from_slice(*signature));',
    '',
  ),
  changed(vectors, 'log: a status stands there too', 'release/policy.rs', 'self.is_logged(&STATUS, signed)?;', ''),
  changed(
    vectors,
    'log: a key set stands there too',
    'release/key_set.rs',
    'is_logged(signed)?;',
    'let _ = is_logged(signed);',
  ),
  changed(
    vectors,
    'key set: the newest one is on the way',
    'release/key_set.rs',
    'ensure(is_known, Code::RELEASE_KEY_SET_BACK)?;',
    'let _ = is_known;',
  ),
  changed(
    vectors,
    'key set: it has not ended',
    'release/key_set.rs',
    'ensure(now_ms < self.not_after,',
    'ensure(now_ms <= self.not_after,',
  ),
  changed(vectors, 'key set: the current one has not ended', 'release/policy.rs', 'current.is_in_force(now_ms)?;', ''),
  changed(vectors, 'status: its signers have not ended', 'release/policy.rs', 'signers.is_in_force(at_ms)?;', ''),
  changed(
    vectors,
    'key set: its end is part of its name',
    'release/key_set.rs',
    'description.member(2).uint(self.not_after);',
    'description.member(2).uint(1);',
  ),
  changed(
    vectors,
    'status: not older than one that was seen',
    'release/status.rs',
    'ensure(self.date_ms >= newest_ms, Code::RELEASE_STATUS_BACK)?;',
    'let _ = newest_ms;',
  ),
  changed(
    vectors,
    'log: the signature of every known key',
    'release/log/mod.rs',
    'self.verify(kind, text, signature).ok_or(())?;',
    'let _ = self.verify(kind, text, signature);',
  ),
  changed(
    unit('release::log::base64'),
    'log: one encoding in base64',
    'release/log/base64.rs',
    '(bits == 0).then_some(bytes)',
    'Some(bytes)',
  ),
]

const cbor: readonly Mutant[] = [
  changed(
    ['evidence'],
    'cbor: the shortest form',
    'evidence/cbor/walk.rs',
    '(argument >= smallest).then_some(',
    '(argument >= smallest || true).then_some(',
  ),
  changed(
    ['evidence'],
    'cbor: keys ascend',
    'evidence/cbor/walk.rs',
    'if last.is_some_and(|last| key <= last) {',
    'if last.is_some_and(|last| key == last) {',
  ),
  changed(
    vectors,
    'cbor: unknown critical members',
    'evidence/cbor/decoder.rs',
    'self.ensure(is_extension);',
    'let _ = is_extension;',
  ),
]

const platform: readonly Mutant[] = [
  changed(vectors, 'platform: the chip of the report', 'platform/mod.rs', 'vcek.chip_id == report.chip_id() && ', ''),
  changed(
    ['platform'],
    'platform: the signature of the processor',
    'platform/mod.rs',
    'ensure(report.is_signed_by(&vcek.key), Code::PLATFORM_SIGNATURE)?;',
    '',
  ),
  changed(
    ['platform'],
    'platform: zeros after r and s',
    'platform/snp.rs',
    'valid && rest.iter().all(|byte| *byte == 0)',
    'valid && rest.iter().all(|byte| *byte < 255)',
  ),
  changed(
    ['platform'],
    'platform: zeros in r and s',
    'platform/snp.rs',
    'beyond.iter().all(|byte| *byte == 0).then_some(scalar)',
    'beyond.iter().all(|byte| *byte < 255).then_some(scalar)',
  ),
  changed(
    ['platform'],
    'platform: the report is bound to the runtime data',
    'platform/mod.rs',
    'ensure(bound == report.report_data(), Code::PLATFORM_BINDING)?;',
    '',
  ),
  changed(
    vectors,
    'platform: firmware asked for the report',
    'platform/mod.rs',
    'ensure(report.vmpl() == 0, Code::PLATFORM_VMPL)?;',
    '',
  ),
  changed(
    vectors,
    'platform: no unknown permission or flag',
    'platform/snp.rs',
    'algorithm == 1 && reserved == 0',
    'algorithm == 1 && reserved & 0x1e == 0',
  ),
  changed(vectors, 'platform: family and image', 'platform/mod.rs', '&& is_pinned(snp::IMAGE_ID, policy.image_id)', ''),
  changed(
    vectors,
    'platform: the version that the signer gave',
    'platform/mod.rs',
    'u64::from(report.guest_svn()) >= policy.min_guest_svn',
    'u64::from(report.guest_svn()) >= policy.min_guest_svn || true',
  ),
  changed(
    vectors,
    'platform: no provisional firmware',
    'platform/mod.rs',
    'ensure(!report.is_provisional(), Code::PLATFORM_PROVISIONAL)?;',
    '',
  ),
  changed(
    ['lib::platform::tests::real'],
    'platform: microcode needs no commit',
    'platform/snp.rs',
    'self.field::<0x38, 7>() != self.field::<0x1e0, 7>()',
    'self.field::<0x38, 8>() != self.field::<0x1e0, 8>()',
  ),
  changed(
    vectors,
    'platform: what the machine was started on, and what was committed',
    'platform/mod.rs',
    'tcbs.iter().all(',
    'tcbs.iter().take(2).all(',
  ),
  changed(
    vectors,
    'platform: a signer only from a version on',
    'policy/platform.rs',
    'None => id_key_digests.is_empty() && !measurements.is_empty()',
    'None => !(id_key_digests.is_empty() && measurements.is_empty())',
  ),
]

const signature: readonly Mutant[] = [
  changed(
    unit('signature::tests'),
    'signature: the length of a salt',
    'signature/pss.rs',
    'salts.contains(&salt.len()) && ',
    '',
  ),
  changed(
    vectors,
    'signature: an RSA signature below the modulus',
    'signature/rsa.rs',
    'if signature >= modulus {',
    'if signature >= modulus && false {',
  ),
  changed(
    unit('signature::tests'),
    'signature: moduli of the generator of CVE-2017-15361',
    'signature/rsa.rs',
    ' && !roca::has_fingerprint(modulus)',
    '',
  ),
  changed(
    unit('signature::tests'),
    'signature: Ed25519 points of small order',
    'signature/ed25519.rs',
    '.filter(|key| !key.is_weak())',
    '.filter(|key| !key.is_weak() || true)',
  ),
  changed(
    unit('signature::tests'),
    'signature: one encoding of an Ed25519 key',
    'signature/ed25519.rs',
    '(key.to_edwards().compress().as_bytes() == bytes).then_some(Self(key))',
    'Some(Self(key))',
  ),
]

const state: readonly Mutant[] = [
  changed(
    unit('state::tests'),
    'state: a TPM that was cleared',
    'state/ak.rs',
    'if counts(seen) < counts(self) {',
    'if counts(seen) < counts(self) && false {',
  ),
  changed(unit('state::tests'), 'state: the clock of a late answer', 'state/mod.rs', 'seen.clock = kept.clock;', ''),
  changed(
    unit('state::tests'),
    'state: an attestation key stands once',
    'state/mod.rs',
    'other.name != ak.name',
    'other.name != ak.name || true',
  ),
  changed(
    vectors,
    'state: a floor only rises',
    'state/mod.rs',
    'learned.floor = learned.floor.max(floor);',
    'learned.floor = floor;',
  ),
  changed(
    vectors,
    'state: the date of a status only rises',
    'state/mod.rs',
    'learned.date_ms = learned.date_ms.max(date_ms);',
    'learned.date_ms = date_ms;',
  ),
  changed(
    vectors,
    'state: what an older policy knew of the set',
    'state/mod.rs',
    'if known.keys == *keys || known.current == *keys {',
    'if known.keys == *keys {',
  ),
  changed(
    vectors,
    'state: the floor of a status',
    'release/policy.rs',
    'self.raise_floor(state, status.min_version);',
    '',
  ),
]

const tpm: readonly Mutant[] = [
  changed(
    vectors,
    'tpm: attributes that must be clear',
    'tpm/public.rs',
    'self.attributes & !OPTIONAL_ATTRIBUTES == REQUIRED_ATTRIBUTES',
    'self.attributes & REQUIRED_ATTRIBUTES == REQUIRED_ATTRIBUTES',
  ),
  changed(vectors, 'tpm: safe is 0 or 1', 'tpm/attest.rs', 'if safe > 1 {', 'if safe > 1 && false {'),
  changed(
    vectors,
    'tpm: keyBits are those of the modulus',
    'tpm/public.rs',
    'modulus.len().checked_mul(8) != Some(key_bits.into())',
    'modulus.len().checked_mul(8) != Some(key_bits.into()) && false',
  ),
]

/** Checks of the modules that the steps rest on. */
export const parts: readonly Mutant[] = [
  ...eventLog,
  ...x509,
  ...release,
  ...cbor,
  ...platform,
  ...signature,
  ...state,
  ...tpm,
]
