import { BlindLlamaError, type FailedVerdict, type Verdict } from '@blindllama/web-sdk'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { PARTS, tamper } from '../src/proof/tamper.js'
import { attest, evidenceEvent, proofOf, settled, vector, vectors, verdictOf } from './vectors.ts'

afterEach(() => vi.useRealTimers())

async function passed(name: string): Promise<Exclude<Verdict, FailedVerdict>> {
  const verdict = await verdictOf(vector(name))
  if (verdict.result === 'fail') throw new Error(`${name}: ${verdict.code}`)
  return verdict
}

function originOf(audience: string): string | undefined {
  return URL.canParse(audience) ? new URL(audience).origin : undefined
}

describe('a proof', () => {
  test('passes where its own verification of the evidence passes', async () => {
    const proof = proofOf(vector('ok-enrolment'))
    expect(proof.state.status).toBe('idle')
    await attest(proof, vector('ok-enrolment'))
    expect(proof.state).toMatchObject({ status: 'proven', renewing: false, provenAtMs: vector('ok-enrolment').nowMs })
    expect(proof.state.verdict?.steps.length).toBeGreaterThan(20)
  })

  test('is refused for every vector that the verifier refuses, whatever verdict the client posts', async () => {
    const posted = await verdictOf(vector('ok-enrolment'))
    // A page names its service by a URL, whose origin is always well-formed; and every engine of this SDK has a suite.
    const refused = vectors.filter(
      ({ expect: end, code, audience }) =>
        end === 'reject' && code !== 'claims.suite' && originOf(audience) === audience,
    )
    expect(refused.length).toBeGreaterThan(250)
    for (const each of refused) {
      const proof = proofOf(each)
      await attest(proof, each, posted)
      expect(proof.state.status, each.name).toBe('refused')
    }
  })

  test('is refused where the client took another key than the proven one', async () => {
    const proof = proofOf(vector('ok-enrolment'))
    const verdict = await passed('ok-enrolment')
    await attest(proof, vector('ok-enrolment'), { ...verdict, key: { ...verdict.key, publicKey: 'ab'.repeat(32) } })
    expect(proof.state).toMatchObject({ status: 'refused', problem: 'other-key' })
  })

  test('is refused where the client is ready without evidence', async () => {
    const proof = proofOf(vector('ok-enrolment'))
    proof.onEvent({ type: 'attesting', reason: 'connect' })
    proof.onEvent({ type: 'verdict', verdict: await passed('ok-enrolment') })
    proof.onEvent({ type: 'ready', expiresInMs: 60_000 })
    expect((await settled(proof)).status).toBe('refused')
    expect(proof.state.problem).toBe('unverified')
  })

  test('verifies with the policy of the page, and not with another', async () => {
    const { policy } = vector('ok-chain-azure')
    const proof = proofOf({ ...vector('ok-enrolment'), policy })
    await attest(proof, vector('ok-enrolment'), await passed('ok-enrolment'))
    expect(proof.state.status).toBe('refused')
  })

  test('does not accept a simulated TPM that the page did not allow', async () => {
    const proof = proofOf({ ...vector('ok-simulated'), allowSimulated: false })
    await attest(proof, vector('ok-simulated'), await passed('ok-simulated'))
    expect(proof.state.status).toBe('refused')
    expect(proof.state.verdict).toMatchObject({ result: 'fail' })
  })

  test('stays as it was while a renewal runs, and after one that says nothing of the service', async () => {
    const proof = proofOf(vector('ok-enrolment'))
    await attest(proof, vector('ok-enrolment'))
    const { provenAtMs } = proof.state
    proof.onEvent({ type: 'attesting', reason: 'renew' })
    expect(proof.state).toMatchObject({ status: 'proven', renewing: true, provenAtMs })
    const error = new BlindLlamaError('evidence.unreachable', 'No way there')
    proof.onEvent({ type: 'failed', reason: 'renew', error })
    const problem = { code: 'evidence.unreachable', reason: 'No way there' }
    expect(await settled(proof)).toMatchObject({ status: 'proven', renewing: false, problem, provenAtMs })
  })

  test('ends where the client gave up its key and got no other', async () => {
    const error = new BlindLlamaError('evidence.unreachable', 'No way there')
    for (const reason of ['gone', 'key-unknown'] as const) {
      const proof = proofOf(vector('ok-enrolment'))
      await attest(proof, vector('ok-enrolment'))
      const { provenAtMs } = proof.state
      proof.onEvent({ type: 'attesting', reason })
      proof.onEvent({ type: 'failed', reason, error })
      const problem = { code: 'evidence.unreachable', reason: 'No way there' }
      expect(await settled(proof), reason).toMatchObject({ status: 'refused', verdict: undefined, problem, provenAtMs })
    }
  })

  test.each(['expiring', 'silent'] as const)(
    'shows the key that is held after a renewal that nobody asked for (%s)',
    async (reason) => {
      const proof = proofOf(vector('ok-enrolment'))
      await attest(proof, vector('ok-enrolment'))
      proof.onEvent({ type: 'attesting', reason })
      const verdict = {
        ...(await verdictOf(vector('ok-enrolment'))),
        result: 'fail',
        code: 'binding.nonce',
        detail: '',
      }
      const error = new BlindLlamaError('binding.nonce', 'Refused', { verdict: verdict as unknown as FailedVerdict })
      proof.onEvent({ type: 'failed', reason, error })
      expect(await settled(proof)).toMatchObject({ status: 'proven', renewing: false, problem: undefined })
    },
  )

  test('ends with a renewal that the verifier refused', async () => {
    const proof = proofOf(vector('ok-enrolment'))
    await attest(proof, vector('ok-enrolment'))
    proof.onEvent({ type: 'attesting', reason: 'renew' })
    const from = evidenceEvent(vector('ok-enrolment'))
    const evidence = tamper({ ...from, policy: new Uint8Array(), audience: '' }, 'nonce', await passed('ok-enrolment'))
    if (!evidence) throw new Error('nothing was flipped')
    proof.onEvent({ ...from, nonce: evidence.nonce })
    const verdict = { ...(await verdictOf(vector('ok-enrolment'))), result: 'fail', code: 'binding.nonce', detail: '' }
    const error = new BlindLlamaError('binding.nonce', 'Refused', { verdict: verdict as unknown as FailedVerdict })
    proof.onEvent({ type: 'failed', reason: 'renew', error })
    expect(await settled(proof)).toMatchObject({ status: 'refused', problem: { code: 'binding.nonce' } })
  })

  test('expires with its key, and during a renewal too', async () => {
    const proof = proofOf(vector('ok-enrolment'))
    const changes: string[] = []
    proof.subscribe(() => changes.push(proof.state.status))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    await attest(proof, vector('ok-enrolment'), undefined, 40)
    expect(proof.state.status).toBe('proven')
    await vi.advanceTimersByTimeAsync(80)
    expect(changes.at(-1)).toBe('expired')
    expect(proof.state).toMatchObject({
      status: 'expired',
      verdict: undefined,
      provenAtMs: vector('ok-enrolment').nowMs,
    })
    await attest(proof, vector('ok-enrolment'), undefined, 40)
    proof.onEvent({ type: 'attesting', reason: 'renew' })
    await vi.advanceTimersByTimeAsync(80)
    expect(proof.state.status).toBe('checking')
  })

  test('expires without a timer, as after the sleep of a machine', async () => {
    const proof = proofOf(vector('ok-enrolment'))
    await attest(proof, vector('ok-enrolment'))
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ['Date'] })
    const heard: string[] = []
    proof.subscribe(() => heard.push(proof.state.status))
    expect(proof.state.status).toBe('expired')
    expect(heard, 'while it is read').toEqual([])
    await Promise.resolve()
    expect(heard).toEqual(['expired'])
  })

  test('is forgotten with its client', async () => {
    const proof = proofOf(vector('ok-enrolment'))
    await attest(proof, vector('ok-enrolment'))
    proof.onEvent({ type: 'closed' })
    expect(proof.state).toMatchObject({ status: 'idle', verdict: undefined, evidence: undefined })
  })
})

describe('one flipped bit', () => {
  test.each(PARTS)('%s: is refused by the verifier', async (part) => {
    const proof = proofOf(vector('ok-enrolment'))
    await attest(proof, vector('ok-enrolment'))
    const { evidence, verdict } = proof.state
    const altered = evidence && verdict && tamper(evidence, part, verdict)
    if (!altered) throw new Error(`no ${part} in the evidence`)
    expect(altered).not.toEqual(evidence)
    expect(await proof.verify(altered)).toMatchObject({ result: 'fail' })
  })

  test('is in a copy', async () => {
    const proof = proofOf(vector('ok-enrolment'))
    await attest(proof, vector('ok-enrolment'))
    const { evidence, verdict } = proof.state
    if (!evidence || !verdict) throw new Error('no proof')
    const before = structuredClone(evidence)
    for (const part of PARTS) tamper(evidence, part, verdict)
    expect(evidence).toEqual(before)
  })
})
