import type { Mutant } from '../../mutant.ts'
import { changed } from './patch.ts'

/** Several servers behind one gateway (PROTOCOL.md §11.3). */
export const upstreams: readonly Mutant[] = [
  changed(
    'what a server may have begun is sent to no other',
    'channel/send_error.rs',
    'matches!(failure.code, Code::REQUEST_UPSTREAM_UNREACHABLE | Code::REQUEST_UPSTREAM_UNPROVEN)',
    'matches!(failure.code, Code::REQUEST_UPSTREAM_UNREACHABLE | Code::REQUEST_UPSTREAM_UNPROVEN | Code::REQUEST_UPSTREAM_BROKEN)',
    'gateway::upstreams::a_server_that_is_killed',
  ),
  changed(
    'each server is asked once',
    'channel/forward.rs',
    'tried.push(chosen.index());',
    'tried.clear();',
    'gateway::upstreams::where_every_server_is_dead',
  ),
  changed(
    'a server that does not serve gets no more for a while',
    'channel/servers.rs',
    'Ok(answer) if !is_out_of_service(answer.status()) => {',
    'Ok(answer) if !is_out_of_service(answer.status()) || true => {',
    'gateway::upstreams::a_server_that_says_503',
  ),
  changed(
    'the digest names every server',
    'config/digest.rs',
    '_ => Value::array(urls),',
    '_ => Value::array(urls.into_iter().take(1)),',
    'lib::config::digest',
  ),
  changed(
    'what one of several servers keeps is on no route',
    'config/upstream.rs',
    'if let (2.., Some(route)) = (servers.len(),',
    'if let (99.., Some(route)) = (servers.len(),',
    'lib::config',
  ),
]
