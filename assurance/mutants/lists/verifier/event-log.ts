import type { Mutant } from '../../mutant.ts'
import { changed, unit } from './patch.ts'

/** Event logs (PROTOCOL.md §16). */
export const eventLog: readonly Mutant[] = [
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
