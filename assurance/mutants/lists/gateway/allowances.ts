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
    'config/check.rs',
    'route.model_place() == ModelPlace::Hidden',
    'route.model_place() == ModelPlace::Hidden && false',
    'lib::config',
  ),
]
