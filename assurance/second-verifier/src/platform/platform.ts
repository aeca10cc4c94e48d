import type { PlatformReport } from '../bundle.ts'
import type { Anchor, Assurance } from '../policy/anchor.ts'
import type { PlatformPolicy } from '../policy/platform.ts'
import { demand, Refusal } from '../refusal.ts'
import type { AkPublic } from '../tpm/public.ts'
import type { ValidationContext } from '../x509/processor.ts'
import { readFirmwareReport } from './hcl.ts'
import { checkRuntimeData } from './runtime-data.ts'
import { checkProcessorReport } from './snp.ts'

/** kind of a platform-report: Azure HCL with an SNP report. */
const azureSnp = 1n

/**
 * Step `platform`, PROTOCOL.md §18: the assurance of the anchor, or `cvm-bound` where a processor vouches for a cloud's TPM.
 *
 * @throws {Refusal} platform.*
 */
export async function checkPlatform(
  policy: PlatformPolicy | undefined,
  { assurance }: Anchor,
  ak: AkPublic,
  reports: readonly PlatformReport[],
  context: ValidationContext,
): Promise<Assurance> {
  if (policy === undefined) return assurance
  const evidence = reports.find(({ kind }) => kind === azureSnp)
  if (evidence === undefined) throw new Refusal('platform.missing', 'no report of a known kind')
  const { processorReport, runtimeData } = readFirmwareReport(evidence.report)
  demand(evidence.certificates !== undefined, 'platform.certificates', 'no certificates')
  await checkProcessorReport(processorReport, evidence.certificates, policy, context)
  await checkRuntimeData(processorReport, runtimeData, ak)
  return assurance === 'cloud-vtpm' ? 'cvm-bound' : assurance
}
