import { existsSync } from 'node:fs'

/** Evidence of others, beside the checkout: read in place where it is there. */
export const evidence: URL = new URL('../../../../shared/evidence/', import.meta.url)

export const hasEvidence: boolean = existsSync(evidence)
