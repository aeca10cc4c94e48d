import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { guestAddress } from '../../packages/image/build/uki.ts'
import { guestConfigDigest, machinePolicy } from '../../services/machine/golden.ts'
import { guestConfiguration } from '../../services/machine/guest-configuration.ts'
import { artifacts } from '../../services/staging/artifacts.ts'
import { packets, type Packet } from './capture.ts'
import { expect, test } from './fixtures.ts'
import { takenOver } from './taken-over.ts'

/** This host, as QEMU's user network shows it to the guest. */
const host = '10.0.2.2'

const answer = ['The ', 'lighthouse ', 'answers.']

/** A model server on this host that says the same to everybody. */
async function modelServer(): Promise<{ server: Server; address: string; asked: () => number }> {
  let asked = 0
  const server = createServer((request, response) => {
    request.resume()
    asked++
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const content of answer) {
      const chunk = {
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta: { content }, finish_reason: null }],
      }
      response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    }
    const last = { object: 'chat.completion.chunk', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
    response.end(`data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, address: `${host}:${(server.address() as AddressInfo).port}`, asked: () => asked }
}

/** A configuration of the profile `router`. */
const router = (origin: string, egress: readonly string[], upstream: string): string =>
  guestConfiguration([origin], { upstream: { url: `http://${upstream}` }, machine: { egress } })

/** What the guest sent outside of connections that were opened from outside. */
const unasked = (seen: readonly Packet[]): Packet[] =>
  seen.filter(({ source, protocol, sourcePort, opens }) => {
    return source === guestAddress && (protocol !== 'tcp' || sourcePort !== 8787 || opens)
  })

test('a router streams an answer from the one address of its configuration, and sends nothing to any other', async ({
  pageServer,
  machines,
  visitor,
  folder,
}) => {
  const { server, address, asked } = await modelServer()
  const capture = join(folder, 'packets.pcap')
  const configuration = router(pageServer.origin, [address], address)
  const { akName, url, stop } = await machines.boot({ configuration, capture, outward: true })
  try {
    const configDigest = await guestConfigDigest(artifacts.gateway, configuration, 'router')
    const { platform, values } = machines.release
    const pinned = { akName, platform, image: values, configDigest, upstream: 'unattested' as const }
    const { chat, close } = await visitor.open({ url, policy: machinePolicy(pinned) })
    await chat.verified()
    await chat.ask('Who answers?')
    await expect.poll(async () => (await chat.answer(0))?.state, { timeout: 60_000 }).toBe('complete')
    expect((await chat.answer(0))?.said).toContain(answer.join('').trim())
    await close()
    expect(asked()).toBeGreaterThan(0)
    // A page that wants the model in the image refuses the same machine.
    expect(await visitor.verdict({ url, policy: machinePolicy({ ...pinned, upstream: 'in-image' }) })).toBe(
      'claims.upstream',
    )

    const sent = unasked(packets(await readFile(capture)))
    expect(
      sent.some(({ opens }) => opens),
      'it connects',
    ).toBe(true)
    const port = Number(address.split(':')[1])
    const elsewhere = sent.filter(
      (packet) => packet.protocol !== 'tcp' || packet.target !== host || packet.targetPort !== port,
    )
    expect(elsewhere, 'packets to any other address or port').toEqual([])
  } finally {
    await stop()
    server.close()
  }
})

test('the connector of a router connects to listed addresses alone, whoever asks', async ({
  pageServer,
  machines,
  folder,
}) => {
  const { server, address } = await modelServer()
  const capture = join(folder, 'packets.pcap')
  const configuration = router(pageServer.origin, [address], address)
  const bootDisk = await takenOver(machines.release.image.uki, folder)
  const { machine, stop } = await machines.start({ configuration, bootDisk, capture, outward: true })
  try {
    await machine.qemu.exited
    const console = await machine.console()
    expect(console).toContain('taken over: place 0: reached 0')
    // EACCES
    expect(console).toContain('taken over: place 1: reached 13')
    expect(console).toContain('taken over: 10.0.2.2:8443: Permission denied')
    expect(console).toContain('taken over: UDP to 10.0.2.3:53: Network is unreachable')
    expect(console).toContain('taken over: turned to 10.0.2.2:8443: Permission denied')
    expect(console).toContain('init: the gateway ended: signal 31. The machine powers off.')
    const port = Number(address.split(':')[1])
    const opened = unasked(packets(await readFile(capture))).filter(({ opens }) => opens)
    expect(opened.map(({ target, targetPort }) => `${target}:${targetPort}`)).toEqual([`${host}:${port}`])
  } finally {
    await stop()
    server.close()
  }
})

for (const [what, egress, upstream, reason] of [
  ['an upstream in the profile closed', [], `${host}:8443`, 'upstream.url: without machine.egress'],
  ['an upstream that its list does not name', [`${host}:8443`], `${host}:8444`, 'machine.egress does not list'],
  ['an address that no route leads to', ['192.0.2.1:8443'], '192.0.2.1:8443', 'it is not on the network'],
] as const)
  test(`a machine does not start with ${what}`, async ({ pageServer, machines }) => {
    const configuration = router(pageServer.origin, egress, upstream)
    const { machine, stop } = await machines.start({ configuration })
    try {
      await machine.qemu.exited
      const console = await machine.console()
      expect(console).toContain(reason)
      expect(console, 'no gateway').not.toContain('"event":"start"')
    } finally {
      await stop()
    }
  })
