import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { restartWithOtherConfiguration, startOverForeignTpm } from '../support/attackers.ts'
import { BUNDLE, CLAIMS, NONCE_PROOF, PCRS, QUOTE, STATIC } from '../support/evidence.ts'
import { bytesOf, close, edit, editStatic, flip, member, open, type CborMap } from '../support/evidence.ts'
import { expect, requestsAt, test, type Chat } from '../support/test.ts'
import { toEvents } from '../../services/staging/measurements.ts'
import { replay } from '../../services/staging/replay.ts'
import { startStaging } from '../../services/staging/staging.ts'

/** The page refuses with `code`, shows why, and lets nothing be typed, let alone sent. */
async function refuses(chat: Chat, code: string): Promise<void> {
  const decision = await chat.decided()
  // Where it should have refused and did not, it is taken at its word: what it sends is counted at the gateway.
  if (decision === 'ready') await chat.ask('What is my secret?')
  expect(decision, 'decision of the page').toBe('error')
  expect(await chat.refusal()).toBe(code)
  expect(await chat.canSend()).toBe(false)
}

test.describe('before the channel @verification', () => {
  let before = 0
  test.beforeEach(async ({ staging }) => {
    before = await requestsAt(staging)
  })
  // The gateway counts each arrival before it opens it, so this covers every socket and every proxy in front of it.
  test.afterEach(async ({ staging }) => {
    expect(await requestsAt(staging), 'encapsulated requests that reached the gateway').toBe(before)
  })

  test('measurements of another release are refused', async ({ chat, staging }) => {
    const others = staging.measured.map((file) => (file.pcr === 4 ? { ...file, sha256: 'ab'.repeat(32) } : file))
    const policy = JSON.parse(staging.policy) as { releases: { pcrs: Record<string, string> }[] }
    const golden = replay(toEvents(others))
    for (const release of policy.releases)
      for (const index of Object.keys(release.pcrs)) release.pcrs[index] = golden.get(Number(index)) ?? ''
    const page = await chat({ policy: JSON.stringify(policy) })
    await refuses(page, 'pcr.mismatch')
  })

  test('the genuine gateway over a foreign TPM is refused', async ({ chat, staging, pageServer }) => {
    const attacker = await startOverForeignTpm(staging, [pageServer.origin])
    try {
      const page = await chat({ url: attacker.url })
      await refuses(page, 'ak.untrusted')
      expect(await requestsAt(attacker)).toBe(0)
    } finally {
      await attacker.stop()
    }
  })

  test('a genuine quote from an earlier visit is refused', async ({ chat, between }) => {
    let earlier: Uint8Array | undefined
    const proxy = await between({ evidence: (bundle) => (earlier ??= bundle) })
    const first = await chat({ url: proxy.url })
    await first.verified()
    const second = await chat({ url: proxy.url })
    await refuses(second, 'binding.extra_data')
  })

  test('a key that the quoted claims do not name is refused', async ({ chat, between }) => {
    const { publicKey } = generateKeyPairSync('x25519')
    const proxy = await between({
      evidence: (bundle) =>
        edit(bundle, (map) =>
          changeClaims(map, (claims) => {
            const keys = Uint8Array.from(bytesOf(claims, CLAIMS.ohttpKeys))
            // RFC 9458 §3: length of the entry (2), key id (1), KEM (2), then the key.
            keys.set(rawX25519(publicKey), 5)
            claims.set(CLAIMS.ohttpKeys, keys)
          }),
        ),
    })
    const page = await chat({ url: proxy.url })
    await refuses(page, 'binding.extra_data')
    expect(proxy.posts).toBe(0)
  })

  test('a gateway that runs with another configuration is refused', async ({ chat, pageServer }) => {
    const second = await startStaging({ origins: [pageServer.origin] })
    try {
      const attacker = await restartWithOtherConfiguration(second, [pageServer.origin])
      const page = await chat({ url: attacker.url, policy: second.policy })
      await refuses(page, 'claims.config')
      expect(await requestsAt(attacker)).toBe(0)
      await attacker.stop()
    } finally {
      await second.stop()
    }
  })

  test('a simulated TPM is refused by a page that did not opt in', async ({ chat }) => {
    const page = await chat({ query: '?simulated=refuse' })
    await refuses(page, 'ak.simulated')
  })

  const flips: readonly [part: string, code: string, change: (bundle: CborMap) => void][] = [
    ['TPMS_ATTEST', 'signature.invalid', (bundle) => flip(member(bundle, BUNDLE.quote), QUOTE.attest, -1)],
    ['TPMT_SIGNATURE', 'signature.invalid', (bundle) => flip(member(bundle, BUNDLE.quote), QUOTE.signature, -1)],
    ['the claims', 'binding.extra_data', (bundle) => changeClaims(bundle, (claims) => flip(claims, CLAIMS.epochId, 0))],
    ['the path of the nonce', 'binding.extra_data', addSibling],
    ['a quoted PCR value', 'pcr.digest', (bundle) => flip(member(member(bundle, BUNDLE.pcrs), PCRS.values), 4, 0)],
    // The lowest byte of objectAttributes: type (2), nameAlg (2), then attributes (4).
    ['TPMT_PUBLIC', 'ak.untrusted', (bundle) => editStatic(bundle, (part) => flip(part, STATIC.akPublic, 7))],
    ['the static part', 'bundle.static_mismatch', changeEventLogAlone],
    ['the hash of the static part', 'bundle.static_mismatch', (bundle) => flip(bundle, BUNDLE.staticHash, 0)],
  ]
  for (const [part, code, change] of flips)
    test(`a changed byte in ${part} is refused`, async ({ chat, between }) => {
      const proxy = await between({ evidence: (bundle) => edit(bundle, change) })
      const page = await chat({ url: proxy.url })
      await refuses(page, code)
      expect(proxy.posts).toBe(0)
    })
})

function changeClaims(bundle: CborMap, change: (claims: CborMap) => void): void {
  const claims = open(bytesOf(bundle, BUNDLE.claims))
  change(claims)
  bundle.set(BUNDLE.claims, close(claims))
}

/** One client waited alone, so the path is empty: with a sibling it is the path of another nonce. */
function addSibling(bundle: CborMap): void {
  const proof = member(bundle, BUNDLE.nonceProof)
  proof.set(NONCE_PROOF.path, [...(proof.get(NONCE_PROOF.path) as Uint8Array[]), new Uint8Array(32)])
}

function changeEventLogAlone(bundle: CborMap): void {
  const hash = bundle.get(BUNDLE.staticHash)
  editStatic(bundle, (part) => flip((part.get(STATIC.eventLogs) as CborMap[])[0] ?? new Map(), 1, -1))
  bundle.set(BUNDLE.staticHash, hash)
}

function rawX25519(key: KeyObject): Uint8Array {
  return Uint8Array.from(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'))
}
