// @vitest-environment jsdom
import type { PassedVerdict } from '@blindllama/web-sdk'
import { cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { warningsOf } from '../src/proof/banners.tsx'
import { useExplanation } from '../src/proof/explanation.ts'
import { Recomputed } from '../src/proof/measurements.tsx'
import { Signer } from '../src/proof/panel.tsx'

afterEach(cleanup)

describe('the key that signed', () => {
  it('has a Name where the verdict proves one', () => {
    render(<Signer ak={{ algorithm: 'ecdsa', name: '000b11' }} clock={undefined} />)
    expect(screen.getByText('000b11')).toBeTruthy()
    expect(screen.getByLabelText('Copy key name')).toBeTruthy()
  })

  it('is said to have none that is proven where a chain vouches for the key alone', () => {
    const { container } = render(<Signer ak={{ algorithm: 'ecdsa' }} clock={undefined} />)
    expect(container.textContent).toContain('not proven')
    expect(container.textContent).not.toContain('undefined')
    expect(screen.queryByLabelText('Copy key name')).toBeNull()
  })
})

describe('what the publisher of the page says went into a value', () => {
  it('is a claim where the digests do not give the value', () => {
    const { container } = render(<Recomputed explanation={undefined} count={2} />)
    expect(container.textContent).toMatch(/^Claimed by the publisher/)
    expect(container.textContent).not.toContain('Recomputed')
  })

  it('stays a claim in its names where they do', () => {
    const { container } = render(<Recomputed explanation="alone" count={1} />)
    expect(container.textContent).toContain('this measurement alone gives the value')
    expect(container.textContent).toContain('Claimed by the publisher of this page: the names.')
  })

  it('explains no other value than the one that it was recomputed for', async () => {
    const digest = createHash('sha256').update('a').digest()
    const value = createHash('sha256').update(Buffer.alloc(32)).update(digest).digest('hex')
    const measured = [{ name: 'file', sha256: digest.toString('hex'), pcr: 9 }]
    const seen: unknown[] = []
    const { rerender } = renderHook(
      ({ of }) => {
        const explanation = useExplanation(measured, of)
        seen.push([of, explanation])
        return explanation
      },
      { initialProps: { of: value } },
    )
    await waitFor(() => expect(seen).toContainEqual([value, 'alone']))
    rerender({ of: '00'.repeat(32) })
    expect(seen).not.toContainEqual(['00'.repeat(32), 'alone'])
  })
})

const verdict = (simulated: boolean, upstream: string): PassedVerdict =>
  ({ simulated, claims: { upstream } }) as unknown as PassedVerdict

/** Of the warnings that cannot be dismissed. */
const ids = (simulated: boolean, upstream: string): string[] =>
  warningsOf(verdict(simulated, upstream)).map(({ id }) => id)

describe('what must not be overlooked', () => {
  it('is a simulated TPM, and a model outside the proof', () => {
    expect(ids(false, 'in-image')).toEqual([])
    expect(ids(true, 'in-image')).toEqual(['simulated'])
    expect(ids(false, 'unattested')).toEqual(['unattested'])
    expect(ids(true, 'unattested')).toEqual(['simulated', 'unattested'])
  })
})
