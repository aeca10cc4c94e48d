import { existsSync } from 'node:fs'

/** Evidence of others, beside the checkout: read in place where it is there. */
const folder: URL = new URL('../../../../../shared/evidence/', import.meta.url)

/** What is not there, so that its cases cannot be asked: told at the end as skipped. */
export const missingEvidence: Set<string> = new Set()

/**
 * Where a file or folder of the evidence lies; undefined where it does not lie beside the checkout.
 *
 * @throws {Error} where it is missing and REQUIRE_EVIDENCE is 1: nothing may be skipped there.
 */
export function evidenceAt(path: string): URL | undefined {
  const place = new URL(path, folder)
  if (existsSync(place)) return place
  if (process.env['REQUIRE_EVIDENCE'] === '1')
    throw new Error(`${place.pathname} is missing, and REQUIRE_EVIDENCE is 1: put the evidence beside the checkout`)
  missingEvidence.add(path)
  return undefined
}
