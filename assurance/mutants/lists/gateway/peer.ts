import type { Mutant } from '../../mutant.ts'
import { changed, gone } from './patch.ts'

/** The relying party of another gateway. */
export const peer: readonly Mutant[] = [
  changed(
    'a simulated TPM of the upstream needs the setting',
    'verification.rs',
    'allow_simulated: policy.allow_simulated',
    'allow_simulated: true',
    'gateway::peer::nothing_is_sent',
  ),
  changed(
    'the audience of the upstream is the configured one',
    'verification.rs',
    'audience: &policy.audience,',
    'audience: "https://chat.example",',
    'gateway::peer::nothing_is_sent',
  ),
  changed(
    'a proven key ends',
    'peer/keys.rs',
    'now_ms < current.until_ms()',
    'now_ms < current.until_ms() || true',
    'lib::peer::keys',
  ),
  changed(
    'a failed proof answers those that wait',
    'peer/keys.rs',
    '*failed = Some((Instant::now(), failure.clone()));',
    '*failed = None;',
    'lib::peer::keys',
  ),
  changed(
    'only the key in use is forgotten',
    'peer/keys.rs',
    'Arc::ptr_eq(current, proven)',
    'Arc::ptr_eq(current, current) && Arc::strong_count(proven) > 0',
    'lib::peer::keys',
  ),
  changed(
    'a request is sent again to the same process alone',
    'peer/mod.rs',
    '!= &proven.key.instance {',
    '!= &proven.key.instance && false {',
    'gateway::peer::a_forged_refusal',
  ),
  changed(
    'what nobody authenticates is not told as a request that was not run',
    'channel/send_error.rs',
    'SendError::Unproven => Self::new(Code::REQUEST_UPSTREAM_BROKEN)',
    'SendError::Unproven => Self::new(Code::REQUEST_UPSTREAM_UNREACHABLE)',
    'gateway::peer::a_request_that_may_have_run',
  ),
  changed(
    'a weak policy for the upstream claims nothing',
    'config/mod.rs',
    'Some(policy) if !policy.is_strict() => Upstream::Unattested,',
    'Some(policy) if false && !policy.is_strict() => Upstream::Unattested,',
    'gateway::peer::a_request_passes',
  ),
  changed(
    'access keys share one account',
    'config/upstream.rs',
    'let shares_account = api_key.is_some() || has_access_keys;',
    'let shares_account = api_key.is_some() || has_access_keys && false;',
    'lib::config',
  ),
  gone(
    'a request to an upstream gateway ends with zeros',
    'peer/request.rs',
    'self.plaintext.put_bytes(0, usize::try_from(padding).unwrap_or_default());',
    'lib::peer::request',
  ),
  changed(
    'an answer of an upstream gateway ends with its final chunk',
    'peer/answer.rs',
    'let last = self.opener.finish().map_err(|_| broken("no final chunk"))?;',
    'let last = self.opener.finish().unwrap_or_default();',
    'lib::peer::answer',
  ),
  gone(
    'nothing opens behind the first error',
    'ohttp/encapsulate.rs',
    'self.is_refused |= result.is_err();',
    'lib::ohttp::encapsulate',
  ),
  changed(
    'a policy without its kind is refused',
    'config/peer.rs',
    'true if !upstream.allow_simulated => Ok(None),',
    '_ if true => Ok(None),',
    'lib::config::tests::what_would_not_be_safe',
  ),
]
