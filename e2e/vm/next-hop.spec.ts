import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { guestAddress } from '../../packages/image/build/uki.ts'
import { guestConfigDigest, machinePolicy } from '../../services/machine/golden.ts'
import { artifacts } from '../../services/staging/artifacts.ts'
import { audience } from '../../services/staging/policy.ts'
import { freePorts } from '../../services/staging/ports.ts'
import { neighbours, packets } from './capture.ts'
import { expect, test } from './fixtures.ts'
import { answer, farAway, host, modelServer, router, unasked } from './outside.ts'
import { Peer } from './peer.ts'
import { packetsTo, Wire } from './wire.ts'

/** On another network than the guest, behind its router. */
const far = [10, 0, 9, 7] as const

/** A neighbour of the guest that is no router of its configuration. */
const stranger = [10, 0, 2, 99] as const

test('a router reaches an attested gateway behind its next hop, obeys no redirect, and sends nothing to a gateway of another configuration', async ({
  pageServer,
  machines,
  visitor,
  folder,
}) => {
  const undo: (() => unknown)[] = []
  try {
    const model = await modelServer(true)
    undo.push(() => model.server.close(), model.release)
    const peer = await Peer.start(join(folder, 'peer'), model.port)
    undo.push(async () => peer.stop())
    const [wirePort = 0] = await freePorts(1)
    const wire = await Wire.open(wirePort)
    undo.push(() => wire.close())
    const address = `${far.join('.')}:8787`
    const configuration = router(
      pageServer.origin,
      { egress: [address], next_hop: host },
      { url: `http://${address}`, kind: 'attested', policy: peer.policy, audience },
    )
    const capture = join(folder, 'packets.pcap')
    const network = { network: farAway(address, peer.port), beside: wire.words, capture }
    const { akName, url, machine, stop } = await machines.boot({ configuration, ...network })
    undo.push(stop)
    const configDigest = await guestConfigDigest(artifacts.gateway, configuration, 'router')
    const { platform, values } = machines.release
    const pinned = { akName, platform, image: values, configDigest }
    const { chat, close } = await visitor.open({ url, policy: machinePolicy({ ...pinned, upstream: 'attested' }) })

    await test.step('the page has the claim proven, and an answer from behind both gateways', async () => {
      await chat.verified()
      await chat.ask('Who answers?')
      await chat.said(2)
      expect(await machine.console()).toContain('"event":"upstream.proven"')
    })
    await test.step('a redirect of the router moves no packet', async () => {
      const before = packetsTo(wire.frames, far)
      expect(before.length).toBeGreaterThan(0)
      for (const packet of before.slice(-4)) wire.sendRedirect(packet, stranger)
      model.release()
      await chat.ended('complete')
      expect((await chat.answer(0))?.said).toContain(answer.join('').trim())
      expect(packetsTo(wire.frames, far).length, 'the connection goes on').toBeGreaterThan(before.length)
    })
    await test.step('a page that wants the model in the image refuses the same machine', async () => {
      expect(await visitor.verdict({ url, policy: machinePolicy(pinned) })).toBe('claims.upstream')
    })
    await test.step('the same gateway with another configuration gets no request', async () => {
      const asked = model.asked()
      await peer.restart({ limits: { streams: 7 } })
      // The first one was sealed for the gateway that ended. From then on nothing is sealed.
      await chat.ask('Who answers now?')
      await chat.ended('incomplete', 1)
      await chat.ask('And now?')
      expect((await chat.ended('incomplete', 2)).code).toBe('request.upstream_unproven')
      expect(await machine.console()).toMatch(/"event":"upstream\.unproven"[^\n]*claims\.config/)
      expect(model.asked(), 'requests that reached the model').toBe(asked)
    })
    await test.step('and gets them again with its own', async () => {
      await peer.restart({})
      // A failed proof answers every request of the second after it (PROTOCOL.md §25).
      await sleep(1500)
      await chat.ask('Who is back?')
      await chat.ended('complete', 3)
    })
    await close()

    const seen = await readFile(capture)
    const sent = unasked(packets(seen))
    expect(new Set(sent.map(({ protocol, target, targetPort }) => `${protocol} ${target}:${targetPort}`))).toEqual(
      new Set([`tcp ${address}`]),
    )
    expect(new Set(sent.map(({ station }) => station)), 'all through the router').toEqual(new Set(['52550a000202']))
    // Neither the listed address nor the one of the redirect is looked for on the own network; the router may have shown itself before.
    expect(neighbours(seen, guestAddress).filter((neighbour) => neighbour !== host)).toEqual([])
  } finally {
    for (const step of undo.toReversed()) await step()
  }
})
