import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseEvent } from '../../services/staging/log-line.ts'
import { freePorts } from '../../services/staging/ports.ts'
import { guestAddress } from '../../packages/image/build/uki.ts'
import { packets } from './capture.ts'
import { Control, talk } from './control.ts'
import { expect, test } from './fixtures.ts'
import { kindOf, scan, Wire } from './wire.ts'

/** A device with a socket of the host behind it. */
const behind = (id: string, path: string, ...device: readonly string[]): readonly string[] => [
  '-chardev',
  `socket,id=${id},path=${path},server=on,wait=off`,
  ...device,
]

const serving = async (url: string): Promise<boolean> =>
  fetch(`${url}blindllama/v1/health`, { signal: AbortSignal.timeout(30_000) }).then(
    ({ ok }) => ok,
    () => false,
  )

test('no device, key, signal or button of the host gets in, and nothing leaves that was not asked for', async ({
  machines,
  folder,
}) => {
  test.setTimeout(600_000)
  const at = (name: string): string => join(folder, name)
  const capture = at('packets.pcap')
  const { machine, url, stop } = await machines.boot({
    capture,
    control: at('control'),
    extra: [
      ...behind('second', at('second'), '-serial', 'chardev:second'),
      '-device',
      'virtio-serial-pci',
      ...behind('agent', at('agent'), '-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0'),
      ...behind('terminal', at('terminal'), '-device', 'virtconsole,chardev=terminal'),
      '-device',
      'virtio-keyboard-pci',
      '-device',
      'virtio-balloon-pci,id=balloon',
    ],
  })
  const control = await Control.open(at('control'))
  try {
    const printed = async (): Promise<string> => machine.console()
    const before = await printed()
    const unmoved = async (what: string): Promise<void> => {
      await sleep(1500)
      expect(machine.qemu.running, `${what}: the machine runs on`).toBe(true)
      expect(await serving(url), `${what}: the gateway answers`).toBe(true)
      expect((await control.execute<{ status: string }>('query-status')).status, what).toBe('running')
    }

    await test.step('serial console: text, a break with a key of SysRq', async () => {
      machine.qemu.write('\nroot\n\nid\n')
      await unmoved('text')
      await control.execute('chardev-send-break', { id: 'console' })
      machine.qemu.write('b')
      await unmoved('SysRq by a break')
    })
    await test.step('a second serial line, a virtio console, the guest agent: no answer', async () => {
      expect(await talk(at('second'), '\nroot\n', 2000)).toBe('')
      expect(await talk(at('terminal'), '\nroot\n', 2000)).toBe('')
      expect(await talk(at('agent'), '{"execute":"guest-ping"}\n', 2000)).toBe('')
      await unmoved('serial devices')
    })
    await test.step('keys: Ctrl-Alt-Del, SysRq, another terminal', async () => {
      await control.press('ctrl', 'alt', 'delete')
      await unmoved('Ctrl-Alt-Del')
      for (const key of ['b', 'c', 'o', 'e', 'i']) await control.press('alt', 'sysrq', key)
      await control.press('alt', 'f2')
      await unmoved('SysRq')
    })
    await test.step('an interrupt that cannot be masked', async () => {
      await control.execute('inject-nmi')
      await unmoved('NMI')
    })
    await test.step('the balloon takes no memory', async () => {
      await control.execute('balloon', { value: 256 << 20 })
      await unmoved('balloon')
      const left = await control.execute<{ actual: number }>('query-balloon').catch(() => undefined)
      expect(left?.actual ?? 1 << 30).toBe(1 << 30)
    })
    await test.step('the power button at most ends the machine', async () => {
      await control.execute('system_powerdown')
      await unmoved('power button')
    })
    // The gateway's own log goes on. Besides it, the line sends back what was typed, and the kernel remarks on the NMI; nothing answers.
    const said = (await printed()).slice(before.length).split(/[\r\n]+/)
    const expected = /^$|^\{|^(?:root|id)$|^b?\[ *[\d.]+\] (?:Uhhuh\. NMI received|Dazed and confused)/
    expect(said.filter((line) => !expected.test(line.trim()))).toEqual([])

    const guest = packets(await readFile(capture)).filter(({ source }) => source === guestAddress)
    expect(guest.length).toBeGreaterThan(0)
    const unasked = guest.filter(
      ({ protocol, sourcePort, opens }) => protocol !== 'tcp' || sourcePort !== 8787 || opens,
    )
    expect(unasked, 'packets outside of connections that were opened from outside').toEqual([])
  } finally {
    control.close()
    await stop()
  }
})

test('of 65,535 ports one answers, and the machine sends nothing but answers', async ({ machines }) => {
  test.setTimeout(600_000)
  const [port = 0] = await freePorts(1)
  const wire = await Wire.open(port)
  const { machine, stop } = await machines.start({ wire: wire.words })
  try {
    await machine.qemu.line((line) => parseEvent(line, 'start'), 180_000)
    await sleep(3000)
    expect(wire.frames.map(kindOf), 'before anybody asked').toEqual([])

    wire.sendArp()
    await expect.poll(() => wire.frames.map(kindOf)).toContain('ARP')
    const { open, closed } = await scan(wire)
    expect(open).toEqual([8787])
    expect(closed).toBe(65_534)
    expect(new Set(wire.frames.map(kindOf)), 'besides answers to TCP').toEqual(new Set(['ARP', 'TCP']))

    // Until nothing comes any more: what is sent again to a port that was open comes late.
    let answered: number
    do {
      answered = wire.frames.length
      await sleep(3000)
    } while (wire.frames.length > answered)
    wire.sendPing()
    // Neighbour solicitation by IPv6, to everybody: the kernel has no IPv6.
    wire.send(0x86dd, Buffer.alloc(64, 0x60), Buffer.from('333300000001', 'hex'))
    await sleep(2000)
    expect(
      wire.frames
        .slice(answered)
        .map(kindOf)
        .filter((kind) => kind !== 'ARP'),
    ).toEqual([])
    for (let udp = 1; udp <= 65_535; udp++) {
      wire.sendUdp(udp)
      if (udp % 128 === 0) await sleep(10)
    }
    await sleep(2000)
    const kinds = new Set(wire.frames.slice(answered).map(kindOf))
    // "Port unreachable": no program listens there.
    for (const kind of kinds) expect(['ARP', 'ICMP type 3']).toContain(kind)
  } finally {
    await stop()
    wire.close()
  }
})
