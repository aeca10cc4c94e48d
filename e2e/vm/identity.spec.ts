import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BUNDLE, bytesOf, edit, editStatic, open, STATIC } from '../support/evidence.ts'
import { ServiceProxy } from '../support/service-proxy.ts'
import { Authority } from './certificates.ts'
import { expect, test } from './fixtures.ts'
import { SwitchedTpm } from './tpm-switch.ts'

/** An operator's list with one key. */
const list = (name: string): object => ({ kind: 'ak-name', name, assurance: 'operator-ca', hierarchy: 'endorsement' })

test('quotes from before a restart of the machine are refused after it, and its new ones pass', async ({
  machines,
  visitor,
  folder,
}) => {
  const own = join(folder, 'machine')
  await mkdir(own)
  const first = await machines.boot({ folder: own })
  let earlier: Uint8Array | undefined
  const recorder = await ServiceProxy.start(first.url, { evidence: (bundle) => (earlier = bundle) })
  expect(await visitor.verdict({ url: recorder.url, policy: first.policy })).toBe('verified')
  await recorder.stop()
  await first.stop()

  const second = await machines.boot({ folder: own })
  const replaying = await ServiceProxy.start(second.url, { evidence: () => earlier! })
  try {
    expect(second.akName, 'the same TPM').toBe(first.akName)
    expect(await visitor.verdict({ url: second.url, policy: first.policy })).toBe('verified')
    expect(await visitor.verdict({ url: replaying.url, policy: first.policy })).toBe('binding.extra_data')
  } finally {
    await replaying.stop()
    await second.stop()
  }
})

test('a TPM that the host exchanges for another one proves nothing: evidence is refused from then on', async ({
  machines,
  visitor,
}) => {
  const tpm = new SwitchedTpm()
  const { stop, machine, ...booted } = await machines.boot({ startTpm: tpm.start })
  try {
    expect(await visitor.verdict(booted)).toBe('verified')
    await tpm.exchange()
    expect(await visitor.verdict(booted)).toBe('evidence.status')
    // The gateway has looked at the other TPM, and found that it holds another key.
    await expect.poll(async () => machine.console(), { timeout: 30_000 }).toContain('"code":"tpm.key"')
    expect(await visitor.verdict(booted), 'it does not come back').toBe('evidence.status')
  } finally {
    await stop()
  }
})

test("a stranger's genuine machine is refused where the policy demands the operator's list as well", async ({
  machines,
  visitor,
  folder,
}) => {
  const authority = await Authority.make(folder)
  const stranger = await machines.boot()
  // The cloud certifies the key of every machine in it, and hosts pass the certificate on.
  const proxy = await ServiceProxy.start(stranger.url, {
    evidence: async (bundle) => {
      const chain = await authority.certify(bytesOf(open(bytesOf(open(bundle), BUNDLE.static)), STATIC.akPublic))
      return edit(bundle, (map) => editStatic(map, (part) => part.set(STATIC.akChain, chain)))
    },
  })
  const cloud = { kind: 'custom-ca', rootSha256: await authority.rootSha256() }
  const under = (...anchors: readonly object[]): string => {
    const policy = JSON.parse(stranger.policy) as object
    return JSON.stringify({ ...policy, anchors, acceptAssurance: ['operator-ca'] })
  }
  const others = `000b${'ab'.repeat(32)}`
  try {
    const verdict = async (policy: string): Promise<string> => visitor.verdict({ url: proxy.url, policy })
    expect(await verdict(under(cloud)), 'under the anchor of the cloud alone').toBe('verified')
    expect(await verdict(under({ allOf: [cloud, list(stranger.akName)] })), 'a machine of the list').toBe('verified')
    expect(await verdict(under({ allOf: [cloud, list(others)] }))).toBe('ak.all_of')
  } finally {
    await proxy.stop()
    await stranger.stop()
  }
})
