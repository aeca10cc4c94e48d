import type { Mutant } from '../../mutant.ts'
import { changed, gone } from './patch.ts'

/** The encapsulation. */
export const channel: readonly Mutant[] = [
  gone(
    'the response nonce is random',
    'ohttp/response.rs',
    'crate::random::fill(&mut response_nonce)?;',
    'lib::ohttp::request::tests::every_answer_has_a_response_nonce',
  ),
  gone(
    'the nonce of a chunk counts',
    'ohttp/response.rs',
    'self.chunks = self.chunks.checked_add(1)?;',
    'lib::ohttp::response',
    'gateway::interop',
  ),
  changed(
    'the final chunk of an answer says so',
    'ohttp/response.rs',
    'self.frame(0, parts, FINAL)',
    'self.frame(0, parts, &[])',
    'lib::ohttp::request::tests::the_vectors_of_the_draft',
  ),
  changed(
    'the final chunk of a request says so',
    'ohttp/request.rs',
    'if sealed.last { FINAL } else { &[] }',
    'if sealed.last && false { FINAL } else { &[] }',
    'lib::ohttp::request',
  ),
  changed(
    'an encapsulated key opens once',
    'ohttp/request.rs',
    'Some(Arrival::Again) => Err(Failure::new(Code::CHANNEL_REPLAYED)),',
    'Some(Arrival::Again) => Ok(chunk),',
    'lib::ohttp::request',
    'gateway::channel::the_same_encapsulation_runs_once',
  ),
  changed(
    'a full memory opens nothing',
    'ohttp/request.rs',
    'Some(Arrival::Full) => Err(Failure::new(Code::CHANNEL_KEY_UNKNOWN)),',
    'Some(Arrival::Full) => Ok(chunk),',
    'lib::ohttp::request',
  ),
  changed(
    'the first error is final',
    'ohttp/request.rs',
    'self.stage = Stage::Refused(failure.clone());',
    'let _ = failure;',
    'lib::ohttp::request::tests::nothing_more_is_released',
  ),
  changed(
    'the header is part of the context',
    'ohttp/hpke.rs',
    'let info = [REQUEST_LABEL, &[0], header].concat();',
    'let info = [REQUEST_LABEL, &[0], &header[..1]].concat();',
    'lib::ohttp::request::tests::the_vectors_of_the_draft',
  ),
  changed(
    'a chunk has a longest length',
    'ohttp/framing.rs',
    'length > TAG && length <= CHUNK_PLAINTEXT.saturating_add(TAG)',
    'length > TAG',
    'lib::ohttp::framing',
  ),
  changed(
    'a chunk has a plaintext',
    'ohttp/framing.rs',
    'Ok(length) if length > TAG && ',
    'Ok(length) if ',
    'lib::ohttp::framing',
  ),
  changed(
    'the final chunk has a longest length',
    'ohttp/framing.rs',
    'State::Final if self.buffer.len() > CHUNK_PLAINTEXT.saturating_add(TAG) => {',
    'State::Final if self.buffer.len() > CHUNK_PLAINTEXT.saturating_add(TAG) && false => {',
    'lib::ohttp::framing',
  ),
  changed(
    'a body without a final chunk is cut',
    'ohttp/framing.rs',
    'if self.state != State::Final || self.buffer.len() < TAG {',
    'if self.buffer.len() < TAG {',
    'lib::ohttp::framing',
  ),
  changed(
    'points of small order give no secret',
    'ohttp/x25519.rs',
    'agree(agreement, peer, HpkeError::DecapError, |dh| {',
    'agree(agreement, peer, HpkeError::DecapError, |dh| Ok::<_, HpkeError>(dh.to_vec())).or(Ok(vec![0; 32])).and_then(|dh| {\n            let dh = dh.as_slice();',
    'lib::ohttp::x25519',
  ),
]
