import type { Mutant } from '../../mutant.ts'
import { changed, vectors } from './patch.ts'

/** Reports of the processor (PROTOCOL.md §18). */
export const platform: readonly Mutant[] = [
  changed(vectors, 'platform: the chip of the report', 'platform/mod.rs', 'vcek.chip_id == report.chip_id() && ', ''),
  changed(
    ['platform'],
    'platform: the signature of the processor',
    'platform/mod.rs',
    'ensure(report.is_signed_by(&vcek.key), Code::PLATFORM_SIGNATURE)?;',
    '',
  ),
  changed(
    ['platform'],
    'platform: zeros after r and s',
    'platform/snp.rs',
    'valid && rest.iter().all(|byte| *byte == 0)',
    'valid && rest.iter().all(|byte| *byte < 255)',
  ),
  changed(
    ['platform'],
    'platform: zeros in r and s',
    'platform/snp.rs',
    'beyond.iter().all(|byte| *byte == 0).then_some(scalar)',
    'beyond.iter().all(|byte| *byte < 255).then_some(scalar)',
  ),
  changed(
    ['platform'],
    'platform: the report is bound to the runtime data',
    'platform/mod.rs',
    'ensure(bound == report.report_data(), Code::PLATFORM_BINDING)?;',
    '',
  ),
  changed(
    vectors,
    'platform: firmware asked for the report',
    'platform/mod.rs',
    'ensure(report.vmpl() == 0, Code::PLATFORM_VMPL)?;',
    '',
  ),
  changed(
    vectors,
    'platform: no unknown permission or flag',
    'platform/snp.rs',
    'algorithm == 1 && reserved == 0',
    'algorithm == 1 && reserved & 0x1e == 0',
  ),
  changed(vectors, 'platform: family and image', 'platform/mod.rs', '&& is_pinned(snp::IMAGE_ID, policy.image_id)', ''),
  changed(
    vectors,
    'platform: the version that the signer gave',
    'platform/mod.rs',
    'u64::from(report.guest_svn()) >= policy.min_guest_svn',
    'u64::from(report.guest_svn()) >= policy.min_guest_svn || true',
  ),
  changed(
    vectors,
    'platform: no provisional firmware',
    'platform/mod.rs',
    'ensure(!report.is_provisional(), Code::PLATFORM_PROVISIONAL)?;',
    '',
  ),
  changed(
    ['lib::platform::tests::real'],
    'platform: microcode needs no commit',
    'platform/snp.rs',
    'self.field::<0x38, 7>() != self.field::<0x1e0, 7>()',
    'self.field::<0x38, 8>() != self.field::<0x1e0, 8>()',
  ),
  changed(
    vectors,
    'platform: what the machine was started on, and what was committed',
    'platform/mod.rs',
    'tcbs.iter().all(',
    'tcbs.iter().take(2).all(',
  ),
  changed(
    vectors,
    'platform: a signer only from a version on',
    'policy/platform.rs',
    'None => id_key_digests.is_empty() && !measurements.is_empty()',
    'None => !(id_key_digests.is_empty() && measurements.is_empty())',
  ),
]
