import type { PassedVerdict } from '@blindllama/web-sdk'
import { describe, expect, it } from 'vitest'
import { warningsOf } from '../src/proof/banners.tsx'
import { releaseFacts } from '../src/proof/release.tsx'

const verdict = (simulated: boolean, upstream: string): PassedVerdict =>
  ({
    simulated,
    assurance: simulated ? 'simulated' : 'hardware-tpm',
    claims: { upstream },
    steps: [],
  }) as unknown as PassedVerdict

describe('what must not be overlooked', () => {
  it('is a simulated TPM, and a model outside the proof', () => {
    expect(warningsOf(verdict(false, 'in-image'))).toEqual([])
    expect(warningsOf(verdict(true, 'in-image'))).toEqual(['simulated'])
    expect(warningsOf(verdict(false, 'unattested'))).toEqual(['unattested'])
    expect(warningsOf(verdict(true, 'unattested'))).toEqual(['simulated', 'unattested'])
  })
})

const manifest = {
  sha256: 'aa',
  version: 3,
  minVersion: 1,
  sourceCommit: 'c0ffee',
  imageDigest: 'bb',
  machine: 'q35',
  notBefore: 0,
  notAfter: 1,
  parts: [],
}
const trust = { releaseKeys: { threshold: { developer: 1, auditor: 2 } } }
const log = { origin: 'log.example/chat', threshold: 2, witnesses: [{}, {}, {}] }

/** What is shown of a signed release, where the step of the log ended like this. */
function shown(policy: object, status: string): Record<string, string> {
  const steps = [{ id: 'release.log', status }]
  const signed = { ...verdict(false, 'in-image'), release: 'image', manifest, steps } as unknown as PassedVerdict
  return Object.fromEntries(releaseFacts(signed, JSON.stringify(policy)) ?? [])
}

describe('the release that is shown', () => {
  it('says who signed it, and where it is logged', () => {
    expect(shown({ ...trust, log }, 'pass')).toMatchObject({
      Release: 'image (version 3)',
      'Signed by': 'developer and auditor (2 keys)',
      'Logged in': 'log.example/chat',
      'Seen by': 'at least 2 of 3 witnesses of the log',
      Source: 'commit c0ffee',
    })
  })

  it('names no log where none was demanded, or the step did not run', () => {
    expect(shown({ ...trust, log }, 'skipped')).not.toHaveProperty('Logged in')
    expect(shown(trust, 'pass')).not.toHaveProperty('Logged in')
  })

  it('is none where the page pins the values itself', () => {
    const pinned = { ...verdict(false, 'in-image'), release: 'pinned' } as unknown as PassedVerdict
    expect(releaseFacts(pinned, '{}')).toBeUndefined()
  })
})
