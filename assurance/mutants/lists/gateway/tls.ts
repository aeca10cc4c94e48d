import type { Mutant } from '../../mutant.ts'
import { changed, gone } from './patch.ts'

/** Model servers (PROTOCOL.md §11.5) and the counter of a fleet (§11.2) behind TLS. */
export const tls: readonly Mutant[] = [
  changed(
    'an https address is never used without TLS',
    'upstream/connector.rs',
    'match tls {',
    'match tls.filter(|_| false) {',
    'gateway::tls::a_server_in_clear_text',
  ),
  gone(
    'the digest names who may vouch for a server',
    'config/digest.rs',
    'settings.push((17, tls_value(tls)));',
    'lib::config::digest',
  ),
  changed(
    'the certificate is for the name of the configuration',
    'config/tls.rs',
    'ServerName::try_from(settings.name.clone().unwrap_or_else(|| host.to_owned()))',
    'ServerName::try_from(host.to_owned())',
    'gateway::tls::a_server_that_nobody_vouches_for',
    'gateway::tls::a_name_of_its_own',
  ),
  changed(
    'no server gets requests in clear text beside encrypted ones',
    'config/servers.rs',
    '!has_tls(server) && !server.address.is_local()',
    '!has_tls(server) && server.url.is_empty()',
    'lib::config',
  ),
  gone(
    'no session outlives its connection',
    'upstream/tls.rs',
    'client.resumption = Resumption::disabled();',
    'gateway::tls::a_server_that_an_authority',
  ),
  changed(
    'the counter of a fleet at a rediss address is told nothing without TLS',
    'channel/access/shared/link.rs',
    'match tls {',
    'match tls.as_ref().filter(|_| false) {',
    'gateway::fleet_tls::neither_side_falls_back',
  ),
  gone(
    'the digest names who may vouch for the counter of a fleet',
    'config/digest.rs',
    'members.extend(shared.tls.as_ref().map(|tls| (6, tls_value(tls))));',
    'lib::config::digest',
  ),
]
