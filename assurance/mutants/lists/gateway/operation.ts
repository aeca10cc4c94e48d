import type { Mutant } from '../../mutant.ts'
import { changed, gone } from './patch.ts'

/** Who gives a running gateway documents, and which (PROTOCOL.md §26). */
export const operation: readonly Mutant[] = [
  changed(
    'an operator is one of the configuration',
    'operation/authorization.rs',
    'keys.contains(&self.key) && ',
    '!keys.is_empty() && ',
    'lib::operation',
    'gateway::operation::strangers_and_repetitions',
  ),
  gone(
    'a challenge of an operator was given out',
    'operation/mod.rs',
    'return Err(Failure::new(Code::OPERATE_CHALLENGE));',
    'gateway::operation::strangers_and_repetitions',
  ),
  changed(
    'content is what was signed for',
    'operation/mod.rs',
    'if sha256(&content) != authorization.content_sha256 {',
    'if sha256(&content) != authorization.content_sha256 && content.is_empty() {',
    'gateway::operation::strangers_and_repetitions',
  ),
  gone(
    'requests of operators are counted',
    'operation/mod.rs',
    'self.count(now)?;',
    'gateway::operation::strangers_and_repetitions',
  ),
  changed(
    'an empty list of keys is none',
    'operation/content.rs',
    '(1..=MAX_ACCESS_KEYS).contains(&count)',
    '(0..=MAX_ACCESS_KEYS).contains(&count)',
    'lib::operation',
  ),
  changed(
    'an older document is refused',
    'attestation/arrived.rs',
    'Some(shown) if own < shown => {',
    'Some(shown) if own < shown && own == 0 => {',
    'gateway::operation::release_and_status',
  ),
  changed(
    'a status of the future is refused',
    'attestation/arrived.rs',
    'if date.is_some_and(|date| date > now_ms.saturating_add(FUTURE_MS)) {',
    'if date.is_some_and(|date| date > now_ms.saturating_mul(2)) {',
    'gateway::operation::release_and_status',
  ),
  changed(
    'the newer of a file and what arrived is shown',
    'attestation/arrived.rs',
    'if number(&file) > number(&arrived) { file } else { arrived }',
    'if number(&file) < number(&arrived) { file } else { arrived }',
    'gateway::operation::release_and_status',
  ),
  changed(
    'a file with a date of the future keeps out no status of an operator',
    'attestation/arrived.rs',
    'date(status).filter(|date| *date <= now_ms.saturating_add(FUTURE_MS))',
    'date(status).filter(|date| *date <= now_ms.max(u64::MAX))',
    'gateway::operation::a_file_that_no_client',
  ),
]
