import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import type { StateStore } from '../../src/attestation/state-store.js'
import { signedPolicy } from '../../src/dropin/signed-policy.js'

const nowMs = 1_790_000_000_000
const dayMs = 86_400_000
const policy = '{"version":1,"audience":"größe"}'
const document = { date: nowMs - dayMs, notAfter: nowMs + dayMs, policy }
const type = 'application/vnd.blindllama.policy.v1+json'
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const code = (value: string): object => expect.objectContaining({ code: value }) as object

interface Signer {
  readonly key: string
  readonly sign: (payload: Buffer, payloadType?: string) => { keyid: string; sig: string }
}

function signer(): Signer {
  const { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('ed25519')
  const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
  return {
    key,
    sign: (payload, payloadType = type) => {
      const pae = Buffer.concat([
        Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `),
        payload,
      ])
      return { keyid: key, sig: sign(null, pae, privateKey).toString('base64') }
    },
  }
}

const [developer, auditor, stranger] = [signer(), signer(), signer()]

function envelope(content: object | string | Buffer, signers: readonly Signer[], payloadType = type): object {
  const payload = Buffer.isBuffer(content)
    ? content
    : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
  const signatures = signers.map((each) => each.sign(payload, payloadType))
  return { payloadType, payload: payload.toString('base64'), signatures }
}

function memory(kept?: string): StateStore & { kept: () => string | undefined } {
  let state = kept === undefined ? undefined : bytes(kept)
  return {
    load: async () => state,
    store: async (next) => {
      state = new Uint8Array(next)
      return true
    },
    kept: () => state && new TextDecoder().decode(state),
  }
}

function read(file: object | string, keys: readonly Signer[], kept: StateStore = memory()): Promise<Uint8Array> {
  const text = typeof file === 'string' ? file : JSON.stringify(file)
  return signedPolicy(
    bytes(text),
    keys.map(({ key }) => key),
    { nowMs, memory: kept },
  )
}

test('a policy that every key signed is the policy, byte for byte, and its date is kept', async () => {
  const kept = memory()
  expect(await read(envelope(document, [developer, auditor]), [auditor, developer], kept)).toEqual(bytes(policy))
  expect(kept.kept()).toBe(String(document.date))
})

test('signatures of keys that the page does not name are passed over, also wrong ones', async () => {
  const file = envelope(document, [developer, stranger]) as { signatures: { keyid: string; sig: string }[] }
  file.signatures[1] = { keyid: stranger.key, sig: 'AAAA' }
  expect(await read(file, [developer])).toEqual(bytes(policy))
})

test('each key must have signed', async () => {
  await expect(read(envelope(document, [developer]), [developer, auditor])).rejects.toThrow(code('policy.signature'))
  await expect(read(envelope(document, [stranger]), [developer])).rejects.toThrow(code('policy.signature'))
  await expect(read(envelope(document, []), [developer])).rejects.toThrow(code('policy.signature'))
})

test('a signature beside a wrong one by the same key does not count', async () => {
  const file = envelope(document, [developer, developer]) as { signatures: { keyid: string; sig: string }[] }
  file.signatures[1] = { keyid: developer.key, sig: stranger.sign(Buffer.from('x')).sig }
  await expect(read(file, [developer])).rejects.toThrow(code('policy.signature'))
  file.signatures.reverse()
  await expect(read(file, [developer])).rejects.toThrow(code('policy.signature'))
})

test('no byte of the document can be changed', async () => {
  const file = envelope(document, [developer]) as { payload: string }
  const payload = Buffer.from(file.payload, 'base64')
  for (let at = 0; at < payload.length; at += 1) {
    const changed = Buffer.from(payload)
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
    const end = read({ ...file, payload: changed.toString('base64') }, [developer])
    await expect(end, `byte ${at}`).rejects.toThrow(code('policy.signature'))
  }
})

test('a signature over a document of another kind is none over a policy', async () => {
  const status = envelope(document, [developer], 'application/vnd.blindllama.status.v1+json')
  await expect(read(status, [developer])).rejects.toThrow(code('policy.envelope'))
  await expect(read({ ...status, payloadType: type }, [developer])).rejects.toThrow(code('policy.signature'))
})

test('a key that is no point has signed nothing', async () => {
  const file = envelope(document, [developer]) as { signatures: { keyid: string }[] }
  // y = 2 is on no point of the curve.
  const key = `02${'00'.repeat(31)}`
  Object.assign(file.signatures[0] ?? {}, { keyid: key })
  await expect(read(file, [{ ...developer, key }])).rejects.toThrow(code('policy.signature'))
})

test('an engine without Ed25519 refuses, and says what to do', async () => {
  const importKey = vi
    .spyOn(crypto.subtle, 'importKey')
    .mockRejectedValue(new DOMException('Unrecognized name', 'NotSupportedError'))
  try {
    const end = read(envelope(document, [developer]), [developer])
    await expect(end).rejects.toThrow(code('client.environment'))
    await expect(end).rejects.toThrow('data-policy-integrity')
  } finally {
    importKey.mockRestore()
  }
})

test.each<readonly [string, object | string]>([
  ['no JSON', 'private words'],
  ['a bare policy', policy],
  ['null', 'null'],
  ['no signatures', { payloadType: type, payload: 'e30=' }],
  ['a key in capitals', { payloadType: type, payload: 'e30=', signatures: [{ keyid: 'AA'.repeat(32), sig: '' }] }],
  ['a payload that is no base64', { ...envelope(document, [developer]), payload: 'a' }],
  [
    '17 signatures',
    envelope(
      document,
      Array.from({ length: 17 }, () => developer),
    ),
  ],
  ['a payload beyond 256 KiB', envelope({ ...document, policy: ' '.repeat(262_144) }, [developer])],
])('%s is policy.envelope, and no word of it is told', async (_, file) => {
  const end = read(file, [developer])
  await expect(end).rejects.toThrow(code('policy.envelope'))
  await expect(end).rejects.not.toThrow('private words')
})

test.each<readonly [string, object | string | Buffer]>([
  ['a member more', { ...document, more: 1 }],
  ['a member twice', JSON.stringify(document).replace('{', '{"date":1,')],
  ['no end', { date: document.date, policy }],
  ['a policy that is an object', { ...document, policy: { version: 1 } }],
  ['a date that is a text', { ...document, date: '1' }],
  ['an end before its date', { ...document, notAfter: document.date }],
  ['more than 366 days', { ...document, notAfter: document.date + 366 * dayMs + 1 }],
  ['a list', '[]'],
  ['a lone surrogate', JSON.stringify({ ...document, policy: 'x' }).replace('"x"', '"\\ud800"')],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
])('a signed document with %s is policy.envelope', async (_, content) => {
  await expect(read(envelope(content, [developer]), [developer])).rejects.toThrow(code('policy.envelope'))
})

test('a policy is in force from its date, within five minutes, until before its end', async () => {
  const dated = (date: number, notAfter: number): Promise<Uint8Array> =>
    read(envelope({ date, notAfter, policy }, [developer]), [developer])
  expect(await dated(nowMs + 300_000, nowMs + dayMs)).toEqual(bytes(policy))
  await expect(dated(nowMs + 300_001, nowMs + dayMs)).rejects.toThrow(code('policy.future'))
  expect(await dated(nowMs - dayMs, nowMs + 1)).toEqual(bytes(policy))
  await expect(dated(nowMs - dayMs, nowMs)).rejects.toThrow(code('policy.expired'))
})

test('an older policy than one that was seen is policy.back, and what is kept stays', async () => {
  const kept = memory(String(document.date + 1))
  await expect(read(envelope(document, [developer]), [developer], kept)).rejects.toThrow(code('policy.back'))
  expect(kept.kept()).toBe(String(document.date + 1))
  expect(await read(envelope(document, [developer]), [developer], memory(String(document.date)))).toBeDefined()
  const newer = envelope({ ...document, date: document.date + 2 }, [developer])
  expect(await read(newer, [developer], kept)).toEqual(bytes(policy))
  expect(kept.kept()).toBe(String(document.date + 2))
})

test('nothing is kept of a policy that is refused', async () => {
  const kept = memory()
  const expired = { ...document, notAfter: nowMs }
  await expect(read(envelope(expired, [developer]), [developer], kept)).rejects.toThrow(code('policy.expired'))
  await expect(read(envelope(document, [stranger]), [developer], kept)).rejects.toThrow(code('policy.signature'))
  expect(kept.kept()).toBeUndefined()
})

test('where another tab was faster, its date counts', async () => {
  const kept = memory()
  let rounds = 0
  const contended: StateStore = {
    load: kept.load,
    store: async (state, previous) => {
      rounds += 1
      if (rounds > 1) return kept.store(state, previous)
      await kept.store(bytes(String(document.date + 1)), previous)
      return false
    },
  }
  await expect(read(envelope(document, [developer]), [developer], contended)).rejects.toThrow(code('policy.back'))
  const never: StateStore = { load: async () => undefined, store: async () => false }
  await expect(read(envelope(document, [developer]), [developer], never)).rejects.toThrow(code('client.state'))
})

test('a memory that cannot be read refuses', async () => {
  const broken = memory('x')
  await expect(read(envelope(document, [developer]), [developer], broken)).rejects.toThrow(code('client.state'))
})

test('the example of PROTOCOL.md §19.9 is a signed policy', async () => {
  const section = readFileSync(new URL('../../../../spec/protocol/19-releases.md', import.meta.url), 'utf8')
  const [, text = ''] = /Worked example of a signed policy.*?```json\n(.*?)```/s.exec(section) ?? []
  const key = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
  expect(section).toContain(`data-policy-keys="${key}"`)
  const at = { nowMs: 1_790_000_000_000, memory: memory() }
  expect(await signedPolicy(bytes(text), [key], at)).toEqual(bytes('{"version":1}'))
})
