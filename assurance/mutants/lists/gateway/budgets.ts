import type { Mutant } from '../../mutant.ts'
import { changed, gone } from './patch.ts'

/** What strangers may hold. */
export const budgets: readonly Mutant[] = [
  changed(
    'the one nearest to its time-out makes room',
    'budget.rs',
    'all.min_by_key(',
    'all.max_by_key(',
    'lib::budget::tests::the_one_that_times_out_first',
  ),
  changed(
    'the share of a connection',
    'budget.rs',
    '} else if own >= self.limits.connection {',
    '} else if own >= self.limits.connection && false {',
    'lib::budget::tests::a_connection_beyond_its_share',
  ),
  gone(
    'a holder without a time-out keeps its place',
    'budget.rs',
    '!holder.deadline.is_never() && ',
    'lib::budget::tests::a_holder_without_a_time_out',
  ),
  gone(
    'a young holder keeps its place',
    'budget.rs',
    ' && now.saturating_duration_since(holder.since) >= self.limits.least',
    'lib::budget::tests::a_young_holder_stays',
  ),
  changed(
    'a hard limit whatever the age',
    'budget.rs',
    'if holders.held.len() >= self.limits.all.saturating_mul(HARD) {',
    'if holders.held.len() >= self.limits.all.saturating_mul(1000) {',
    'lib::budget::tests::four_times_the_limit',
  ),
  gone(
    'time that was waited counts',
    'pause.rs',
    '.saturating_sub(waited)',
    'lib::pause::tests::a_body_below_its_least_rate',
  ),
  changed(
    'clients that left make room at the quote',
    'attestation/batch.rs',
    'if waiting.len() >= self.most {\n            waiting.retain(|client| !client.answer.is_closed());',
    'if waiting.len() >= self.most && false {\n            waiting.retain(|client| !client.answer.is_closed());',
    'lib::attestation::batch::tests::clients_that_left',
  ),
  changed(
    "the gateway's own nonce has room",
    'attestation/batch.rs',
    'if client { Some(self.places.try_acquire()) }',
    'if client || true { Some(self.places.try_acquire()) }',
    'gateway::tpm::more_nonces_than_configured',
  ),
  gone(
    'a refused upload is thrown away on a place of its own',
    'channel/inner.rs',
    '        self.place_handle = place_handle;\n',
    'gateway::starving::uploads_that_were_refused',
  ),
  changed(
    "the gateway's own answer holds no stream",
    'channel/answer.rs',
    'Self { own: true, ..',
    'Self { own: false, ..',
    'gateway::starving::refusals_that_nobody_takes',
  ),
  changed(
    'evidence shares its static part',
    'attestation/evidence.rs',
    'static_part.encoded.clone();',
    'Bytes::copy_from_slice(&static_part.encoded);',
    'gateway::starving::evidence_that_nobody_takes',
  ),
  changed(
    'what strangers begin at enrol and operate has an end',
    'server/mod.rs',
    'signed: Budget::new(SIGNED),',
    'signed: Budget::new(PlaceLimits { all: 6400, connection: 6400, ..SIGNED }),',
    'gateway::enrolment::requests_that_do_not_come',
    'gateway::operation::strangers_that_do_not_come',
  ),
]
