import type { Mutant } from '../../mutant.ts'
import { changed, unit, vectors } from './patch.ts'

/** Releases, key sets, status and log (PROTOCOL.md §19). */
export const release: readonly Mutant[] = [
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

/** State across visits (PROTOCOL.md §20). */
export const state: readonly Mutant[] = [
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
