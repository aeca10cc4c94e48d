import { sha256 } from '../../../../second-verifier/src/crypto.ts'
import type { Case } from '../../case.ts'
import type { ChainQuestion } from '../../contract.ts'
import { accepted } from './accepted.ts'
import * as maker from './certificate-maker.ts'
import { authorityExtensions, type Difference, leafPurpose, leafUsage } from './entry.ts'
import { leftOpen } from './open.ts'
import { brokenExtensions } from './refused-extensions.ts'
import { brokenFields } from './refused-fields.ts'
import { brokenPaths } from './refused-path.ts'

const kinds = [
  [accepted, 'accept'],
  [brokenPaths, 'reject'],
  [brokenFields, 'reject'],
  [brokenExtensions, 'reject'],
  [leftOpen, 'agree'],
] as const

/** Chains made now, under a root made now: every rule of PROTOCOL.md §17 once, and what it leaves open. */
export async function madeChainCases(): Promise<Case[]> {
  const make = await chainMaker()
  const cases: Case[] = []
  for (const [entries, expect] of kinds)
    for (const [name, ids, why, difference] of entries)
      cases.push({
        name: `made/${name}`,
        why,
        group: 'certificate chains made for a rule each',
        ids: ids.split(' ').filter((id) => id !== ''),
        expect,
        layers: ['chain'],
        twin: expect === 'reject' ? 'made/ok' : undefined,
        question: await make(difference),
      })
  return cases
}

async function chainMaker(): Promise<(difference: Difference) => Promise<ChainQuestion>> {
  const [rootKey, authorityKey, leafKey] = await Promise.all([
    maker.makeSigner('P-256'),
    maker.makeSigner('P-256'),
    maker.makeSigner('P-256'),
  ])
  const names = { root: maker.name('Root'), authority: maker.name('Authority'), leaf: maker.name('TPM') }
  return async ({ leaf, authority, root, chain, nowMs = Date.UTC(2030, 0, 1) }) => {
    const certificates = [
      await maker.makeCertificate({
        issuer: names.authority,
        subject: names.leaf,
        spki: leafKey.spki,
        signer: authorityKey,
        extensions: [leafUsage, leafPurpose],
        ...leaf,
      }),
      await maker.makeCertificate({
        issuer: names.root,
        subject: names.authority,
        spki: authorityKey.spki,
        signer: rootKey,
        extensions: authorityExtensions,
        ...authority,
      }),
      await maker.makeCertificate({
        issuer: names.root,
        subject: names.root,
        spki: rootKey.spki,
        signer: rootKey,
        extensions: authorityExtensions,
        ...root,
      }),
    ]
    const sent = chain?.(certificates) ?? certificates
    return {
      ask: 'chain',
      chain: sent.map((bytes) => Buffer.from(bytes).toString('base64')),
      rootSha256: Buffer.from(await sha256(sent.at(-1) as Uint8Array)).toString('hex'),
      nowMs,
    }
  }
}
