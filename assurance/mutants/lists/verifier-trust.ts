import type { Mutant } from '../mutant.ts'

const vectors: readonly string[] = ['conformance::every_vector_ends_as_it_says']
const shown: readonly string[] = [
  'text::every_text_of_every_verdict_is_printable_and_bounded',
  'text::no_text_of_a_document_is_in_a_verdict_before_its_signatures_hold',
]

function changed(
  name: string,
  file: string,
  find: string,
  replace: string,
  tests: readonly string[] = vectors,
): Mutant {
  return { name, file, find, replace, tests }
}

/** Who vouches for a key, what a verdict shows of it, and in which order checks are made. */
export const mutants: readonly Mutant[] = [
  changed(
    'allOf: one member is enough',
    'policy/anchor.rs',
    'Some(in_part) if !leaves.is_empty() => told = in_part,',
    'Some(_) if !leaves.is_empty() => return Ok(AnchorMatch { anchor, leaves }),',
  ),
  changed(
    'allOf: the list of Names',
    'policy/anchor.rs',
    'names.contains(&evidence.ak_name) => Ok(None)',
    '!names.is_empty() => Ok(None)',
  ),
  changed(
    'allOf: each chain under its own root',
    'policy/anchor.rs',
    'evidence.chains.iter().find(|chain| root.is_root_of(chain))',
    'evidence.chains.first()',
  ),
  changed(
    'allOf: met in part is told',
    'policy/anchor.rs',
    'fault.within(Code::AK_ALL_OF, place)',
    '{ let _ = place; fault.clone() }',
  ),
  changed(
    'allOf: the first fault that tells most',
    'policy/anchor.rs',
    'closeness(other.code) > closeness(known.code)',
    'closeness(other.code) >= closeness(known.code)',
  ),
  changed('allOf: the best of the members', 'policy/anchor.rs', 'self.best.max(assurance)', 'assurance'),
  changed(
    'allOf: the hierarchy of any member',
    'policy/anchor.rs',
    'self.endorsement |= endorsement;',
    'self.endorsement = endorsement;',
  ),
  changed(
    'allOf: the newest firmware of any member',
    'policy/anchor.rs',
    'self.min_firmware_version.max(least);',
    'least;',
  ),
  changed(
    'allOf: no simulated member',
    'policy/anchor.rs',
    'assurance != Assurance::Simulated && self.vouchers',
    'self.vouchers',
  ),
  changed(
    'allOf: no root twice',
    'policy/anchor.rs',
    '|| root(&other.trust) != root(&trust)',
    '|| root(&other.trust).is_some()',
  ),
  changed(
    'allOf: nothing beside it',
    'policy/anchor.rs',
    '            item.end();\n        } else {',
    '        } else {',
  ),
  changed(
    'azure and gcp: the hierarchy is always checked',
    'policy/anchor.rs',
    'hierarchy.is_some() || assurance == Assurance::CloudVtpm && matches!(trust, Trust::Chain(_))',
    'hierarchy.is_some()',
  ),
  changed(
    'verdict: no Name that nothing proves',
    'verify.rs',
    'let is_proven = is_named || matched.anchor.endorsement;',
    'let is_proven = true;',
    ['conformance::what_nothing_proves_of_a_certified_key_is_a_warning_and_no_name', ...vectors],
  ),
  changed(
    'verdict: a key that is not named only once its signature holds',
    'verify.rs',
    '    if is_named {\n        run.report.show_ak',
    '    {\n        run.report.show_ak',
    ['conformance::a_failed_verdict_shows_nothing_unproven'],
  ),
  changed(
    'verdict: caveat of the firmware',
    'policy/anchor.rs',
    'if anchor.best != Assurance::Simulated {',
    'if anchor.best == Assurance::HardwareTpm {',
    ['conformance::every_caveat_but_that_of_a_simulated_tpm_names_who_controls_the_firmware'],
  ),
  changed(
    'verdict: caveat of members together',
    'policy/anchor.rs',
    'voucher.kind == "azure" && !anchor.is_joint',
    'voucher.kind == "azure"',
    ['conformance::several_that_vouch_together_are_shown_with_what_only_all_of_them_could_do'],
  ),
  changed(
    'verdict: the word for hardware without an enrolment',
    'policy/anchor.rs',
    '&& enrolments.is_empty()',
    '&& !enrolments.is_empty()',
    ['conformance::without_an_enrolment_the_word_for_the_hardware_is_the_operators'],
  ),
  changed(
    'verdict: the enrolment of the Name that matched',
    'policy/anchor.rs',
    'find(|(name, _)| **name == ak_name)',
    'find(|(name, _)| **name == ak_name || true)',
    ['conformance::without_an_enrolment_the_word_for_the_hardware_is_the_operators'],
  ),
  changed(
    'policy: a record of each Name',
    'policy/anchor.rs',
    'enrolments.len() == names.len()',
    'enrolments.len() <= names.len()',
    vectors,
  ),
  changed(
    'enrolment: keyUsage of an endorsement key',
    'x509/profiles/endorsement.rs',
    ' || usage.has(KeyUsage::DIGITAL_SIGNATURE)',
    '',
    ['lib::endorsement'],
  ),
  changed(
    'enrolment: an endorsement key decrypts',
    'x509/profiles/endorsement.rs',
    ' || !usage.has(decrypts)',
    ' || { let _ = decrypts; false }',
    ['lib::endorsement'],
  ),
  changed(
    'enrolment: purpose of an endorsement key',
    'x509/profiles/endorsement.rs',
    'if !leaf.extensions.ext_key_usage.as_ref().is_some_and(|purposes| purposes.has(EK_CERTIFICATE)) {',
    'if leaf.extensions.ext_key_usage.is_none() {',
    ['lib::endorsement'],
  ),
  changed(
    'enrolment: purpose of its authorities',
    'x509/profiles/endorsement.rs',
    'purpose: Some(EK_CERTIFICATE),',
    'purpose: None,',
    ['lib::endorsement'],
  ),
  changed(
    'enrolment: the key is of the template',
    'enrolment.rs',
    'PublicKey::EcP256(_) => template == "ecc-p256",',
    'PublicKey::EcP256(_) => !template.is_empty(),',
    ['lib::endorsement'],
  ),
  changed(
    'enrolment: attributes of the attestation key',
    'enrolment.rs',
    'if !ak.is_restricted_signer() {',
    'if ak.name().is_empty() {',
    ['lib::endorsement'],
  ),
  changed(
    'text: printable in a member',
    'json/writer.rs',
    'push_shown(&mut shown, text, most);',
    'shown.push_str(text);',
    shown,
  ),
  changed(
    'text: printable and bounded in a place',
    'rejection.rs',
    'push_shown(&mut self.0, name, room);',
    '{ let _ = room; self.0.push_str(name); }',
    [...shown, 'lib::json'],
  ),
  changed('text: bounded', 'shown.rs', 'if out.len() >= end {', 'if out.len() > end.saturating_mul(64) {', [
    'lib::shown',
    ...shown,
  ]),
  changed(
    'key set: signed before it is read',
    'release/key_set.rs',
    'current = current.verify(&KEY_SET, signed)?.read(documents',
    'current = Authentic::new(&KEY_SET, signed.payload).read(documents',
  ),
  changed(
    'key set: what is passed over is one',
    'release/key_set.rs',
    'KEY_SET.unproven(signed.payload, documents, successor)?;',
    '',
  ),
  changed(
    'text: nothing of what nobody signed',
    'release/document.rs',
    'read.map_err(|fault| Rejection::at(fault.code, self.json.name))',
    'read',
    shown,
  ),
  changed(
    'static: further chains',
    'evidence/bundle/static_part.rs',
    '        for chain in &self.more_chains {\n            chains.push(chain);\n        }\n',
    '',
  ),
  changed(
    'order: pins before the key',
    'x509/profiles/mod.rs',
    'let leaf = self.validate(chain, at_ms, is_revoked)?;',
    'let leaf = self.validate(chain, at_ms, is_revoked).map_err(|fault| if fault.code == Code::CHAIN_VM_KIND { Code::CHAIN_KEY_MISMATCH.into() } else { fault })?;',
  ),
]
