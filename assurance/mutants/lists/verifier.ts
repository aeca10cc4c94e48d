import type { Mutant } from '../mutant.ts'
import { parts } from './verifier-parts.ts'

const policy = 'verify.rs'
const coverage = 'policy/coverage.rs'

/** Some vector must end otherwise. */
const vectors: readonly string[] = ['conformance::every_vector_ends_as_it_says']

/** A step that only decides, passed without a look. */
function passed(step: string, check: string): Mutant {
  const [find, replace] = [`run.check(StepId::${step}, ${check})?;`, `run.pass(StepId::${step});`]
  return { name: step, file: policy, find, replace, tests: vectors }
}

function changed(name: string, file: string, find: string, replace: string): Mutant {
  return { name, file, find, replace, tests: vectors }
}

const ok = 'Ok::<(), Rejection>(())'

/** In the order of `verify.rs`. */
const steps: readonly Mutant[] = [
  changed(
    'bundle: version asked for',
    policy,
    'ensure(input.versions.contains(&bundle.version), Code::BUNDLE_VERSION)?;',
    '',
  ),
  changed('bundle: no extension in static', 'evidence/bundle/static_part.rs', 'decoder.close();', ''),
  changed('bundle: hash of what is delivered', policy, 'ensure(named(delivered), Code::BUNDLE_STATIC_MISMATCH)?;', ''),
  changed('bundle: hash of what is held', policy, '.filter(|held| named(held))', ''),
  changed('ak.public: to the last byte', 'tpm/public.rs', 'reader.end(Self { bytes,', 'Ok(Self { bytes,'),
  changed('ak.trust: the Name', 'policy/anchor.rs', 'names.contains(&evidence.ak_name) =>', 'true =>'),
  changed('ak.trust: revocation', policy, 'status.revokes(certificate)', 'status.revokes(certificate) && false'),
  changed(
    'platform',
    'platform/mod.rs',
    'is_held(policy, reports, key, at_ms, is_revoked))',
    `is_held(policy, reports, key, at_ms, is_revoked).or(${ok}))`,
  ),
  passed('AkAssurance', 'policy.accepts(assurance, input.allow_simulated)'),
  passed('AkAttributes', 'quote::attributes(&ak)'),
  changed('attest: magic', 'tpm/attest.rs', 'reader.u32() != TPM_GENERATED_VALUE', 'reader.u32() == 0'),
  changed('attest: type', 'tpm/attest.rs', 'reader.u16() != TPM_ST_ATTEST_QUOTE', 'reader.u16() == 0'),
  changed('attest: to the last byte', 'tpm/attest.rs', 'reader.end(attest)', 'Ok(attest)'),
  changed(
    'AkQualifiedName',
    'quote.rs',
    'ensure(attest.qualified_signer == ak.endorsement_qualified_name(), Code::AK_QUALIFIED_NAME)?;',
    '',
  ),
  passed('Signature', 'quote::signature(&ak.key, &bundle.quote)'),
  changed('AttestFirmware', policy, '|least| quote::firmware(&attest, least)', `|_| ${ok}`),
  changed('Clock', policy, '.map(Into::into), policy.require_safe_clock', '.map(Into::into), false'),
  changed(
    'binding.nonce: a root follows',
    'quote.rs',
    'proof.index, &proof.path).ok_or(',
    'proof.index, &proof.path).or(Some([0; 32])).ok_or(',
  ),
  changed(
    'binding.nonce: a tree of two leaves at least',
    'evidence/nonce_tree.rs',
    '!(1..=MAX_DEPTH).contains(&path.len())',
    'path.len() > MAX_DEPTH',
  ),
  passed('BindingExtraData', 'quote::extra_data(&attest, &binding::extra_data(&root, bundle.claims))'),
  changed(
    'claims: signed by the process that they name',
    'channel_key.rs',
    'ensure(is_proven, Code::CLAIMS_INSTANCE_KEY)?;',
    'let _ = is_proven;',
  ),
  changed(
    'claims: a key without a proof',
    'channel_key.rs',
    '(key, proof) => key.is_none() && proof.is_none(),',
    '(_, proof) => proof.is_none(),',
  ),
  changed(
    'claims: a proof without a key',
    'channel_key.rs',
    '(key, proof) => key.is_none() && proof.is_none(),',
    '(key, _) => key.is_none(),',
  ),
  changed(
    'claims: the highest version that both speak',
    'channel_key.rs',
    'ensure(common == Some(&read.claims.version), Code::CLAIMS_VERSION)?;',
    'let _ = common;',
  ),
  changed('claims: versions ascend', 'evidence/claims.rs', 'decoder.ensure(version > last);', ''),
  changed(
    'claims: a shared prompt cache warns',
    policy,
    'claims.prompt_cache == PromptCache::Shared',
    'claims.prompt_cache == PromptCache::Shared && false',
  ),
  passed('ClaimsAudience', 'policy.serves(claims, input.audience)'),
  passed('ClaimsUpstream', 'policy.accepts_upstream(claims.upstream)'),
  passed('PcrSelection', 'quote::selection(&attest, policy.bank, policy.selection())'),
  changed('PcrDigest', 'quote.rs', 'digest(attest, hash, &values)?;', ''),
  changed('release: withdrawn, expired, below the floor', policy, 'known: state,', 'known: &State::default(),'),
  changed(
    'ReleaseLog',
    policy,
    'policy.release_policy.logged(release_evidence)',
    `policy.release_policy.logged(release_evidence).map(|_| ${ok})`,
  ),
  changed('PcrCoverage', policy, 'policy.uncovered(), !policy.allow_partial_coverage', 'None, true'),
  changed(
    'pcr.coverage: permission',
    policy,
    'policy.uncovered(), !policy.allow_partial_coverage',
    'policy.uncovered(), false',
  ),
  changed(
    'pcr.coverage: firmware is extended always',
    coverage,
    'bit & (COMMANDS | OUTSIDE),',
    'bit & (BOOT | COMMANDS | OUTSIDE),',
  ),
  changed(
    'pcr.coverage: an image measures its files',
    coverage,
    'bit & (COMMANDS | OUTSIDE),',
    'bit & (LOADED | COMMANDS | OUTSIDE),',
  ),
  changed('pcr.coverage: a report names the firmware alone', coverage, 'bit & FIRMWARE,', 'bit,'),
  changed(
    'pcr.coverage: a report is demanded',
    coverage,
    'Rule::Unchecked if self.platform.is_some()',
    'Rule::Unchecked if true',
  ),
  changed(
    'pcr.coverage: a unified image stands for itself',
    coverage,
    'Rule::Golden if bit == UNIFIED',
    'Rule::Golden if bit == LOADED',
  ),
  changed('pcr.coverage: files of the image', coverage, 'COMMANDS | LOADED | OUTSIDE;', 'COMMANDS | OUTSIDE;'),
  changed('pcr.coverage: commands of the image', coverage, 'BOOT | COMMANDS | LOADED', 'BOOT | LOADED'),
  changed('pcr.coverage: what comes from outside', coverage, ' | LOADED | OUTSIDE;', ' | LOADED;'),
  changed(
    'pcr.rules: derived values',
    'policy/derived.rs',
    'expected.as_deref() == Some(actual)',
    'expected.is_some()',
  ),
  changed(
    'pcr.rules: derived from a member that is missing',
    'policy/derived.rs',
    'expected.as_deref() == Some(actual)',
    'expected.as_deref().is_none_or(|expected| expected == actual)',
  ),
  changed(
    'policy: derived rules by index',
    'policy/decode.rs',
    'Rule::Derived(derived) => derived.index() == index,',
    'Rule::Derived(_) => true,',
  ),
  changed(
    'policy: $schema is a text',
    'policy/decode.rs',
    'schema.ensure(schema.is_text(), Flaw::Syntax);',
    'let _ = schema;',
  ),
  changed(
    'policy: no log explains what is derived',
    'policy/decode.rs',
    'if !matches!(rule, Rule::Derived(_)) {',
    'if true {',
  ),
  {
    name: 'eventlog: what is derived is not unexplained',
    file: 'policy/mod.rs',
    find: 'if !matches!(rule, Rule::Derived(_)) {',
    replace: 'if true {',
    tests: ['conformance::what_follows_from_the_claims_needs_no_log'],
  },
  changed(
    'pcr.rules: a bank that firmware extends',
    'policy/mod.rs',
    '*index == 0 && is_start_value(value)',
    '*index == 0 && is_reset_value(0, value)',
  ),
  changed(
    'pcr.rules: golden values',
    'policy/mod.rs',
    'Some((0, candidate)) => Ok(candidate),',
    'Some((_, candidate)) => Ok(candidate),',
  ),
  changed(
    'pcr.rules: untouched values',
    'policy/mod.rs',
    '*rule == Rule::Untouched && !is_reset_value(*index, value)',
    '*rule == Rule::Untouched && false && !is_reset_value(*index, value)',
  ),
  passed('ClaimsConfig', 'policy.accepts_config(&release, claims.config_digest)'),
  changed('EventLog', 'policy/mod.rs', 'if replayed.is_empty() { None }', 'if true { None }'),
  changed(
    'state: what cannot be read',
    policy,
    'fault.or(state.is_full.then_some(Code::STATE_FULL))',
    'state.is_full.then_some(Code::STATE_FULL)',
  ),
  changed('state: none kept', policy, 'None if is_strict =>', 'None if is_strict && false =>'),
  changed('state: no room', policy, 'fault.or(state.is_full.then_some(Code::STATE_FULL))', 'fault'),
  changed(
    'state: a failed verdict learned',
    policy,
    'next_state.filter(|next| *next != before)',
    'next_state.filter(|_| false)',
  ),
  changed(
    'state: a failed verdict remembers no key',
    policy,
    '    let is_strict = policy.require_monotonic_state;',
    '    let is_strict = policy.require_monotonic_state;\n    seen.clone().into_iter().for_each(|seen| state.remember(seen));',
  ),
  changed(
    'release.log: the floor of a manifest is remembered',
    policy,
    'policy.release_policy.raise_floor(state, manifest.min_version);',
    '',
  ),
  changed(
    'release.keys: a policy without status is told',
    policy,
    'run.remark(policy.release_policy.lacks_status(), Code::RELEASE_STATUS_UNASKED);',
    '',
  ),
  changed(
    'state: a machine that went back',
    policy,
    'state.regression(seen).map(Into::into), is_strict',
    'state.regression(seen).map(Into::into), false',
  ),
  changed('Receipt', policy, 'exchange.verify(claims, model)', `exchange.verify(claims, model).or(${ok})`),
  changed('receipt: the model of the manifest', 'receipt.rs', 'ensure(!differs, Code::RECEIPT_MODEL)', 'Ok(())'),
  changed(
    'receipt: the time of its holder',
    policy,
    'Code::CLAIMS_SERVER_TIME.into()), input.receipt.is_some()',
    'Code::CLAIMS_SERVER_TIME.into()), false',
  ),
  changed(
    'receipt: nobody looked for withdrawals',
    policy,
    'input.receipt.is_some() && later.is_none()',
    'false && later.is_none()',
  ),
  changed(
    'receipt: withdrawn since',
    policy,
    'run.remark(statuses.last().is_some_and(is_withdrawn)',
    'run.remark(statuses.last().is_some_and(is_withdrawn) && false',
  ),
  changed(
    'receipt: the current status is read',
    'release/policy.rs',
    'statuses.push(status);\n            }\n            Ok(statuses)',
    '}\n            Ok(statuses)',
  ),
  changed(
    'receipt: a floor that was raised since',
    'release/policy.rs',
    '.filter(|_| self.status.is_some());',
    '.or(context.statuses.last());',
  ),
  changed(
    'receipt: successors of those who signed the status',
    'release/policy.rs',
    'self.last_of(keys, successors, &keys.id(), documents)?',
    'self.last_of(keys, &[], &keys.id(), documents)?',
  ),
  changed('key: suites of the engine', 'channel_key.rs', 'engine.contains(&suite) && ', ''),
  changed('key: suites of the policy', 'channel_key.rs', ' && policy.accepts_suite(suite)', ''),
]

export const mutants: readonly Mutant[] = [...steps, ...parts]
