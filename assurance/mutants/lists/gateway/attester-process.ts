import type { Mutant } from '../../mutant.ts'
import { changed } from './patch.ts'

/** The attester as a process of its own: whom it answers, what it does, and what the gateway believes of it. */
export const attesterProcess: readonly Mutant[] = [
  changed(
    'the attester serves one user',
    'tpm/attester_server.rs',
    '!connection.peer_cred().is_ok_and(|peer| peer.uid() == self.peer)',
    'false',
    'gateway::attester::another_user_and_a_second_connection',
  ),
  changed(
    'the attester serves one connection',
    'tpm/attester_server.rs',
    'timeout(HANDOVER, before).await.is_err().then_some("a second connection")',
    'let _ = timeout(HANDOVER, before).await;\n        None',
    'gateway::attester::another_user_and_a_second_connection',
  ),
  changed(
    'the attester ends a connection at what is no request',
    'tpm/attester_server.rs',
    'return log.event(Level::Warn, "attester.refused", &[("reason", "a malformed request".into())]);',
    'continue;',
    'gateway::attester::what_is_no_request',
  ),
  changed(
    'the attester measures one gateway',
    'tpm/attester_server.rs',
    'if !std::mem::take(&mut *measures) {',
    'if !*measures {',
    'gateway::attester::a_gateway_without_a_tpm',
  ),
  changed(
    'the attester measures where it is set',
    'tpm/attester_server.rs',
    'measures: Mutex::new(measures),',
    'measures: Mutex::new(true),',
    'gateway::attester::what_is_no_request',
  ),
  changed(
    'a request has no byte too many',
    'tpm/attester/message.rs',
    'while !rest.is_empty() {',
    'while rest.len() >= 4 {',
    'lib::tpm::attester::message::tests::every_request_survives_its_way',
  ),
  changed(
    'an attester tells codes of a TPM alone',
    'tpm/attester/message.rs',
    'may(code) && ',
    '',
    'lib::tpm::attester::message::tests::answers_of_another_form',
  ),
  changed(
    "the attester's quote: its signature",
    'tpm/attester/client.rs',
    '|| !check::signature_holds(&self.public, &attest, &signed)',
    '',
    'gateway::attester::an_attester_that_lies',
  ),
  changed(
    "the attester's quote: its values",
    'tpm/attester/client.rs',
    '|| !check::covers(&quoted, &pcrs, &signed)',
    '',
    'gateway::attester::an_attester_that_lies',
  ),
  changed(
    'the attester quotes what the gateway is configured for',
    'tpm/attester/client.rs',
    'bank != settings.bank.algorithm_id().to_be_bytes() || selection != settings.selection',
    'false',
    'gateway::attester::settings_that_do_not_fit',
  ),
  changed(
    'a passed connection is exactly one',
    'upstream/passage.rs',
    'if descriptors.is_empty() && !received.flags.contains(ReturnFlags::CTRUNC) => Ok(socket),',
    '=> Ok(socket),',
    'gateway::router::an_answer_without_exactly_one',
  ),
  changed(
    'an image reaches listed addresses alone',
    'config/machine.rs',
    'egress.iter().position(|one| one == address)',
    'egress.iter().position(|one| one.ip() == address.ip())',
    'lib::config::tests::what_an_image_could_not_keep_to',
  ),
  changed(
    'outside of an image nothing keeps to a list',
    'config/machine.rs',
    '("", false) => invalid(',
    '("", false) if false => invalid(',
    'lib::config::tests::what_an_image_could_not_keep_to',
  ),
  changed(
    'an attester measures no configuration',
    'tpm/measure.rs',
    'socket_of(&settings.tcti).is_some()',
    'false',
    'gateway::attester::settings_that_do_not_fit',
  ),
]
