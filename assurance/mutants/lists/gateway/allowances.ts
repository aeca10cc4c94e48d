import type { Mutant } from '../../mutant.ts'
import { changed } from './patch.ts'

/** What an API key may use (PROTOCOL.md §11.2), and which models (§11.4). */
export const allowances: readonly Mutant[] = [
  changed(
    'what exceeded a limit is owed',
    'channel/access/window.rs',
    'self.used.saturating_sub(covered)',
    '0',
    'lib::channel::access',
  ),
  changed(
    'a total of tokens is no less than its parts',
    'upstream/usage.rs',
    'self.total_tokens.unwrap_or(0).max(sum)',
    'self.total_tokens.unwrap_or(sum)',
    'lib::upstream::usage',
  ),
  changed(
    'an answer that states no usage is estimated',
    'channel/token_count.rs',
    'meter.stated().unwrap_or_else(|| request.saturating_add(meter.estimated()))',
    'meter.stated().unwrap_or(0)',
    'gateway::tokens::a_stream_that_states_nothing',
  ),
  changed(
    'each model that a request names is on the list',
    'upstream/models.rs',
    'if !name.is_some_and(|name| self.models.has(&name)) {',
    'if !self.is_named && !name.is_some_and(|name| self.models.has(&name)) {',
    'lib::upstream::models',
  ),
  changed(
    'a request names a model',
    'upstream/models.rs',
    '(true, false) => Err(unknown("The content names none.")),',
    '(true, false) => Ok(()),',
    'lib::upstream::models',
  ),
  changed(
    'the list of models has no others',
    'channel/forward.rs',
    'answer = only_listed(answer, models, self.config.limits.upstream_timeout).await?;',
    'if false { answer = only_listed(answer, models, self.config.limits.upstream_timeout).await?; }',
    'gateway::models::the_list_has',
  ),
  changed(
    'a list of models excludes routes that hide theirs',
    'config/upstream.rs',
    'route.model_place() == ModelPlace::Hidden',
    'route.model_place() == ModelPlace::Hidden && false',
    'lib::config',
  ),
  changed(
    'a fleet has one limit',
    'channel/access.rs',
    'let admitted = shared.admit(counted.key.hash).await;',
    'let admitted = shared.admit(counted.key.hash).await.or(Ok::<(), Failure>(()));',
    'gateway::fleet::two_gateways_share_the_limits_on_requests',
  ),
  changed(
    'what the fleet refuses is not counted here',
    'channel/access.rs',
    'admitted.inspect_err(|_| self.take_back(&mut counted, now))?;',
    'admitted.inspect_err(|_| if false { self.take_back(&mut counted, now) })?;',
    'gateway::fleet::without_the_counter',
  ),
  changed(
    'a request waits for the counter within a bound',
    'channel/access/shared.rs',
    'let asked = timeout(WAIT, async {',
    'let asked = timeout(WAIT * 60, async {',
    'gateway::fleet::a_counter_that_stops_answering',
  ),
  changed(
    'no request waits for a counter that is lost',
    'channel/access/shared.rs',
    'matches!(state, State::Up(current, _) if *current == number)',
    'matches!(state, State::Up(current, _) if *current == number && number == 0)',
    'gateway::fleet::a_counter_that_stops_answering',
  ),
  changed(
    'names of counters depend on a secret',
    'channel/access/shared/names.rs',
    'Self(Key::new(HMAC_SHA256, secret))',
    'Self(Key::new(HMAC_SHA256, secret.get(..0).unwrap_or_default()))',
    'lib::channel::access::shared',
  ),
  changed(
    'names of counters of two windows have nothing in common',
    'channel/access/shared/names.rs',
    '&window.to_be_bytes()].concat()',
    '&(window & 0).to_be_bytes()].concat()',
    'lib::channel::access::shared',
  ),
  changed(
    'the counter of a fleet is outside of an image only where egress lists it',
    'config/shared.rs',
    'machine::passage(MEMBER, address, egress, connector)',
    'machine::passage(MEMBER, address, egress, connector.filter(|_| false))',
    'lib::config',
  ),
]
