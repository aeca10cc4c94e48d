import type { Mutant } from '../../mutant.ts'
import { changed, gone } from './patch.ts'

/** What the gateway measures of itself, and what ends its keys. */
export const machine: readonly Mutant[] = [
  gone(
    'a quote over another machine is kept back',
    'attestation/batch.rs',
    'if let Err(failure) = machine.shows(&quote) {\n                    self.end(&failure);\n                    return Err(Failure::new(Code::EVIDENCE_CHANGED));\n                }',
    'gateway::machine::no_quote_over_another_machine',
  ),
  changed(
    'the machine is looked at while nobody asks',
    'attestation/batch.rs',
    'Ok(values) => machine.has(&values),',
    'Ok(_) => Ok(()),',
    'gateway::machine::a_pcr_that_is_extended_ends',
  ),
  changed(
    'a TPM that was silent is asked for its counters',
    'attestation/batch.rs',
    'Err(_) => return self.forget_last_quote(),',
    'Err(_) => return,',
    'gateway::machine::a_tpm_that_was_silent',
  ),
  changed(
    'a quote for nobody tells the counters',
    'attestation/batch.rs',
    '.saturating_sub(self.last_quote.load(Ordering::Relaxed)) >= PROVEN_MS',
    '.saturating_sub(self.last_quote.load(Ordering::Relaxed)) == u64::MAX',
    'gateway::machine::a_tpm_that_was_started_anew',
  ),
  gone(
    'a change destroys the keys',
    'attestation/batch.rs',
    'self.claims.epochs.end();',
    'gateway::machine::a_pcr_that_is_extended_ends',
  ),
  changed(
    'PCRs of ordinary use end nothing',
    'attestation/machine.rs',
    '!RESTLESS.contains(index) && ',
    '',
    'lib::attestation::machine',
    'gateway::machine::pcrs_that_change_in_ordinary_use',
  ),
  changed(
    'a TPM with new PCRs is another machine',
    'attestation/machine.rs',
    'if was.resets != is.resets {',
    'if was.resets > is.resets {',
    'lib::attestation::machine',
    'gateway::machine::a_tpm_that_was_started_anew',
  ),
  changed(
    'a TPM that was restarted is another machine',
    'attestation/machine.rs',
    'if was.restarts != is.restarts {',
    'if was.restarts > is.restarts {',
    'lib::attestation::machine',
  ),
  changed(
    'a PCR that was used takes nothing',
    'tpm/measure.rs',
    'return Err(pcr.used(bank));\n        }\n        values.set',
    '}\n        values.set',
    'gateway::machine::the_configuration_is_measured_once',
  ),
  changed(
    'every bank counts',
    'tpm/measure.rs',
    'for bank in pcrs::active_banks(context, pcr.index()).map_err(failed)? {',
    'for bank in [HashingAlgorithm::Sha256] {',
    'gateway::machine::a_pcr_that_is_used_in_another_bank',
  ),
  changed(
    'the process is measured where it is set',
    'server/mod.rs',
    'if config.extend_instance {',
    'if config.extend_instance && false {',
    'gateway::machine::the_key_of_the_process',
  ),
  changed(
    'PCR 15 is quoted where it is extended',
    'config/check.rs',
    'if attestation.extend_instance && !selection.contains(&instance) {',
    'if attestation.extend_instance && selection.is_empty() && !selection.contains(&instance) {',
    'lib::config',
  ),
  changed(
    'the process signs its claims',
    'attestation/claims.rs',
    'self.instance_key.sign(&proof_message(claims))',
    'self.instance_key.sign(claims)',
    'gateway::machine::the_key_of_the_process',
  ),
]
