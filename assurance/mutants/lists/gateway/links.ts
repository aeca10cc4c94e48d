import type { Mutant } from '../../mutant.ts'
import { changed, gone } from './patch.ts'

/** What visitors can tell of one another. */
export const links: readonly Mutant[] = [
  changed(
    'a tree of sixteen leaves at least',
    'attestation/batch.rs',
    'nonces.len().next_power_of_two().max(LEAST_LEAVES)',
    'nonces.len().next_power_of_two().max(2)',
    'lib::attestation::batch',
  ),
  gone(
    'places in the nonce tree follow no order',
    'attestation/batch.rs',
    'random::fill(drawn.as_flattened_mut())?;',
    'lib::attestation::batch',
  ),
  changed(
    'every prompt has a salt of its own',
    'upstream/prompt_cache.rs',
    'random::bytes::<32>()?',
    '[0_u8; 32]',
    'gateway::prompt_cache::every_prompt_gets_a_salt',
  ),
  changed(
    'the salt of the client gives way',
    'upstream/json_scan.rs',
    'self.is_ours = self.is_name()?;',
    'self.is_name()?;',
    'lib::upstream::json_member',
  ),
  changed(
    'a name is compared as it is read',
    'upstream/json_scan.rs',
    'let is_ours = name == self.name.as_bytes();',
    'let is_ours = self.spelled == self.name.as_bytes();',
    'lib::upstream::json_member',
  ),
  changed(
    'a prompt ends with its object',
    'upstream/json_member.rs',
    'if self.scan.is_whole() { Ok(()) } else { Err(refused(NoObject)) }',
    'Ok(())',
    'lib::upstream::json_member',
  ),
  changed(
    'a long prompt ends with its object',
    'channel/request_body.rs',
    'self.rules.take().map_or(Ok(()), |rules| rules.finish())',
    'Ok::<(), Failure>(drop(self.rules.take()))',
    'gateway::prompt_cache::a_prompt_without_a_salt',
  ),
  changed(
    'the digest holds no key of the upstream',
    'config/digest.rs',
    'settings.push((3, 1.into()));',
    'settings.push((3, sha256(upstream.api_key.as_deref().map_or(&[], |key| key.as_bytes())).into()));',
    'lib::config::digest',
  ),
  gone(
    'the digest holds what keeps prompts apart',
    'config/digest.rs',
    '(12, (upstream.prompt_cache as u64).into()),',
    'lib::config::digest',
  ),
]
