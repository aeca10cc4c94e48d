import type { Mutant } from '../../mutant.ts'
import { changed, gone } from './patch.ts'

/** Who reaches the TPM by enrolment, and what it does for them (PROTOCOL.md §22.1). */
export const enrolment: readonly Mutant[] = [
  changed(
    'an enroller is one of the configuration',
    'enrolment/request.rs',
    'keys.contains(&self.key)\n            && ',
    '!keys.is_empty()\n            && ',
    'lib::enrolment',
    'gateway::enrolment::strangers_reach_no_tpm',
  ),
  changed(
    'an enroller signs',
    'enrolment/request.rs',
    'UnparsedPublicKey::new(&ED25519, self.key).verify(&self.message(), &self.signature).is_ok()',
    '{ let _ = (&ED25519, self.message(), UnparsedPublicKey::new(&ED25519, self.key)); !self.signature.is_empty() }',
    'lib::enrolment',
    'gateway::enrolment::strangers_reach_no_tpm',
  ),
  changed(
    'a challenge is taken once',
    'enrolment/challenge.rs',
    'held.take_if(|held| verify_slices_are_equal(&held.bytes, challenge).is_ok());',
    'held.as_ref().filter(|held| verify_slices_are_equal(&held.bytes, challenge).is_ok());',
    'lib::enrolment',
    'gateway::enrolment::strangers_reach_no_tpm',
  ),
  changed(
    'a challenge ends',
    'enrolment/challenge.rs',
    'now.saturating_duration_since(taken.made) < VALID',
    'now.saturating_duration_since(taken.made) < VALID.saturating_mul(2)',
    'lib::enrolment',
  ),
  gone(
    'a challenge that was given out',
    'enrolment/mod.rs',
    'return Err(Failure::new(Code::ENROL_CHALLENGE));',
    'gateway::enrolment::strangers_reach_no_tpm',
  ),
  changed(
    'one enrolment at a time',
    'enrolment/mod.rs',
    'Semaphore::new(1)',
    'Semaphore::new(2)',
    'gateway::enrolment::one_enrolment_is_at_the_tpm',
  ),
  gone(
    'uses of the TPM are counted',
    'enrolment/mod.rs',
    'self.count(Instant::now())?;',
    'gateway::enrolment::one_enrolment_is_at_the_tpm',
  ),
  changed(
    'no page enrols',
    'server/routes.rs',
    'let is_for_pages = !matches!(endpoint, Some(Endpoint::Enrol));',
    'let is_for_pages = true;',
    'gateway::enrolment::no_page_is_let_in',
  ),
  changed(
    'no enrolment without keys',
    'enrolment/mod.rs',
    '(!keys.is_empty()).then(||',
    '(keys.len() < 9).then(||',
    'gateway::enrolment::without_a_key_there_is_no_enrolment',
  ),
  changed(
    'the endorsement key is flushed',
    'tpm/endorsement.rs',
    'let flushed = retry(|| context.flush_context(endorsement_key.into()));',
    'let flushed: Result<()> = Ok(());',
    'gateway::enrolment::a_credential_for_the_attestation_key_is_activated',
  ),
  changed(
    'a credential of another key says so',
    'tpm/endorsement.rs',
    'if is_about_the_credential(error) {',
    'if !is_about_the_credential(error) {',
    'gateway::enrolment::a_credential_of_another_name',
  ),
]
