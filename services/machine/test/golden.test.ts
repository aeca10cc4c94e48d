import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { forced, forcedInClosed, machinePolicy, signedMachinePolicy } from '../golden.ts'
import { guestConfiguration } from '../guest-configuration.ts'
import { probeFirmware } from '../acceleration.ts'
import { defaultShape, qemuArguments } from '../qemu.ts'

const role: URL = new URL('../../../packages/image/init/src/worker/role.rs', import.meta.url)

describe('settings that the image forces', () => {
  it('are those that the golden value of the configuration is computed with', () => {
    const text = readFileSync(role, 'utf8')
    const found = (name: string): unknown => {
      const list = new RegExp(`const ${name}:[^=]*= &\\[([^\\]]*)\\]`).exec(text)?.[1] ?? ''
      const pairs = [...list.matchAll(/\("([A-Z_]+)", "([^"]*)"\)/g)]
      return Object.fromEntries(pairs.map(([, setting, value]) => [setting, value]))
    }
    expect(found('SETTINGS')).toEqual(forced)
    expect(found('CLOSED_SETTINGS')).toEqual(forcedInClosed)
  })
})

describe('the policy of a machine', () => {
  it('has a rule for every PCR that the image has quoted, and leaves none open', () => {
    const value = 'ab'.repeat(32)
    const values = (...indices: number[]): Record<string, string> =>
      Object.fromEntries(indices.map((index) => [String(index), value]))
    const policy = JSON.parse(
      machinePolicy({
        akName: '000b',
        platform: values(0, 1, 2, 3, 6, 7),
        image: values(4, 5, 9, 11),
        configDigest: value,
      }),
    ) as { pcrs: { rules: Record<string, string> } }
    const quoted = forced['ATTESTATION_PCRS']?.split(',')
    expect(Object.keys(policy.pcrs.rules).toSorted((a, b) => Number(a) - Number(b))).toEqual(quoted)
    expect(Object.values(policy.pcrs.rules)).not.toContain('unchecked')
    const trust = { releaseKeys: {}, status: {}, log: {} }
    const signed = JSON.parse(signedMachinePolicy('000b', value, trust)) as Record<string, unknown>
    expect(signed).toMatchObject({ pcrs: policy.pcrs, ...trust, configDigests: [value] })
    expect(signed, 'no values of the page itself').not.toHaveProperty('releases')
  })
})

describe('the configuration of a guest', () => {
  it('is TOML with the origins of the page', () => {
    const text = guestConfiguration(['http://127.0.0.1:1'], { limits: { streams: 2 } })
    expect(text).toContain('[cors]\norigins = ["http://127.0.0.1:1"]\n')
    expect(text).toContain('[limits]\nstreams = 2\n')
    expect(text.indexOf('audiences')).toBeLessThan(text.indexOf('['))
  })
})

describe('the words for QEMU', () => {
  const input = {
    shape: defaultShape,
    accelerator: 'tcg' as const,
    firmware: { code: '/f,w/code.fd', variables: '/f/vars.fd' },
    variables: '/v',
    tpm: '/t',
    disks: { boot: '/b', model: '/m', configuration: '/c', documents: '/d' },
  }

  it('give the machine no input, screen, monitor or way out', () => {
    const text = qemuArguments(input).join(' ')
    expect(text).toContain('-monitor none')
    expect(text).toContain('-nodefaults')
    expect(text).toContain('restrict=on')
    expect(text).not.toMatch(/usb|vnc|virtio-serial|9p|guest-agent|hostfwd|balloon|qmp/)
    expect(text.match(/readonly=on/g)).toHaveLength(5)
  })

  it('give a way in only where a test names one', () => {
    expect(qemuArguments({ ...input, port: 1234 }).join(' ')).toContain('hostfwd=tcp:127.0.0.1:1234-10.0.2.15:8787')
    const wired = qemuArguments({ ...input, wire: 'udp=127.0.0.1:1', control: '/c,ontrol' }).join(' ')
    expect(wired).toContain('socket,id=net,udp=127.0.0.1:1')
    expect(wired).not.toContain('user,id=net')
    expect(qemuArguments({ ...input, outward: true }).join(' ')).toContain('restrict=off')
    expect(wired).toContain('-qmp unix:/c,,ontrol,server=on,wait=off')
  })

  it('put a further peer on the wire only where a test names one', () => {
    expect(qemuArguments(input).join(' ')).not.toContain('hub')
    const text = qemuArguments({ ...input, port: 1, network: 'net=10.0.0.0/16', beside: 'udp=127.0.0.1:2' }).join(' ')
    expect(text).toContain('user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:1-10.0.2.15:8787,net=10.0.0.0/16')
    expect(text).toContain('socket,id=beside,udp=127.0.0.1:2')
    for (const place of ['net-place,hubid=0,netdev=net', 'beside-place,hubid=0,netdev=beside', 'card-place,hubid=0'])
      expect(text).toContain(`-netdev hubport,id=${place}`)
    expect(text.match(/virtio-net-pci,netdev=card-place/g)).toHaveLength(1)
  })

  it('give system management mode to firmware with Secure Boot alone', () => {
    expect(qemuArguments(input).join(' ')).toContain('q35,smm=off')
    const secure = qemuArguments({ ...input, firmware: { ...input.firmware, secureBoot: true } }).join(' ')
    expect(secure).toContain('q35,smm=on -global driver=cfi.pflash01,property=secure,value=on')
  })

  it('take a comma in a path for no separator', () => {
    expect(qemuArguments(input).join(' ')).toContain('file=/f,,w/code.fd')
  })
})

describe('the probe for KVM', () => {
  it('starts at the reset vector', () => {
    const image = probeFirmware()
    expect(image).toHaveLength(0x1_0000)
    expect([...image.subarray(0xfff0, 0xfff5)]).toEqual([0xea, 0, 0, 0, 0xf0])
  })
})
