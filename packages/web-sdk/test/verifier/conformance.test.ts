import { readFileSync, readdirSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { type BundleVector, verifyInputOf } from '../../../../tools/vectors/bundle.ts'
import { fromHex, utf8 } from '../../src/bytes.js'
import { aeadLengths } from '../../src/ohttp/chunk-cipher.js'
import { judge } from '../../src/receipts/verify.js'
import { loadVerifier } from '../../src/verifier/load.js'
import type { Verifier } from '../../src/verifier/verifier.js'
import { requestKeyOf } from '../support/channel-keys.js'
import { parseKeyConfig } from '../support/key-config.js'
import { wasmFile } from '../support/wasm.js'

const folder = new URL('../../../../spec/vectors/bundles/', import.meta.url)
const vectors = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as BundleVector)

let verifier: Verifier

beforeAll(async () => {
  verifier = await loadVerifier(wasmFile)
})

function verify(vector: BundleVector): ReturnType<Verifier['verify']> {
  if (vector.receipt !== null) return verifyReceipt(vector, vector.receipt)
  return verifier.verify(verifyInputOf(vector))
}

function verifyReceipt(
  vector: BundleVector,
  { exchange, status }: NonNullable<BundleVector['receipt']>,
): ReturnType<Verifier['verify']> {
  const file = {
    audience: vector.audience,
    policy: utf8(vector.policy),
    nonce: fromHex(vector.nonce),
    evidence: fromHex(vector.evidence),
    staticPart: vector.static === null ? undefined : fromHex(vector.static),
    verifiedAtMs: vector.nowMs,
    exchange: exchange
      ? {
          salt: exchange.salt === null ? undefined : fromHex(exchange.salt),
          request: fromHex(exchange.request),
          response: fromHex(exchange.response),
          modelDigest: fromHex(exchange.modelDigest),
          signature: fromHex(exchange.signature),
        }
      : undefined,
  }
  const current = status ? { documents: fromHex(status.documents), nowMs: status.nowMs } : undefined
  return verifier.run(() => judge(file, file.policy, vector.allowSimulated, current))
}

describe('what the verifier refuses', () => {
  const refused = vectors.filter(({ expect: expected }) => expected === 'reject')

  test('is refused for that reason, with the report of a failure and without a key', () => {
    expect(refused.length).toBeGreaterThan(300)
    for (const vector of refused) {
      const verdict = verify(vector)
      expect(verdict, vector.name).toMatchObject({ result: 'fail', code: vector.code, detail: expect.any(String) })
      expect('key' in verdict, vector.name).toBe(false)
      expect(verdict.steps.filter(({ status }) => status === 'fail').length, vector.name).toBe(1)
    }
  })
})

describe('what the verifier accepts', () => {
  test('has a key that the channel takes', async () => {
    const accepted = vectors.filter(({ expect: expected }) => expected === 'accept')
    expect(accepted.length).toBeGreaterThan(20)
    for (const vector of accepted) {
      const verdict = verify(vector)
      if (verdict.result !== 'pass') throw new Error(`${vector.name}: ${verdict.code}`)
      expect(verdict.steps.filter(({ status }) => status === 'warn').map(({ id }) => id)).toEqual(vector.warnings)
      const config = parseKeyConfig(fromHex(verdict.key.keyConfig))
      expect(config).toMatchObject({ keyId: verdict.key.keyId, kemId: verdict.key.kemId })
      expect(config.publicKey).toEqual(fromHex(verdict.key.publicKey))
      if (verdict.key.aeadId in aeadLengths)
        await expect(requestKeyOf(fromHex(verdict.key.keyConfig), verdict.key), vector.name).resolves.toBeDefined()
    }
  })

  test('under a simulated anchor says so', () => {
    const simulated = vectors.filter(({ name }) => name === 'ok-simulated').map(verify)
    expect(simulated).toEqual([expect.objectContaining({ simulated: true, assurance: 'simulated' })])
  })
})
