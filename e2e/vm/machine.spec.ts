import { copyFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect } from '@playwright/test'
import { BlindLlamaError, connect } from '@blindllama/web-sdk'
import { bootDisk } from '../../packages/image/build/esp.ts'
import { guestAddress } from '../../packages/image/build/uki.ts'
import { unpacked } from '../../packages/image/build/unpacked.ts'
import { guestConfiguration } from '../../services/machine/guest-configuration.ts'
import { artifacts, chatWorkers, modelId } from '../../services/staging/artifacts.ts'
import { PageServer } from '../../services/staging/page-server.ts'
import { launch } from '../support/browser.ts'
import { Chat } from '../support/chat.ts'
import { packets } from './capture.ts'
import { Machines, type Booted, type Tampering } from './machines.ts'
import { systemdMeasure } from './oracle.ts'

const wasm: URL = new URL('../../packages/web-sdk/dist/blindllama_verifier_bg.wasm', import.meta.url)

interface Fixtures {
  readonly pageServer: PageServer
  readonly machines: Machines
}

const test = base.extend<{ folder: string }, Fixtures>({
  pageServer: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures needed from this pattern.
    async ({}, use) => {
      const server = await PageServer.start(artifacts.page, 0)
      await use(server)
      await server.stop()
    },
    { scope: 'worker' },
  ],
  machines: [
    async ({ pageServer }, use) => use(await Machines.of(pageServer.origin)),
    { scope: 'worker', timeout: 1_800_000 },
  ],
  // oxlint-disable-next-line no-empty-pattern -- as above
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'blindllama-e2e-vm-'))
    await use(folder)
    await rm(folder, { recursive: true })
  },
})

/** `verified`, or the code of the refusal. */
async function verdictOn({ url, policy }: Pick<Booted, 'url' | 'policy'>): Promise<string> {
  try {
    await connect({ url, policy, wasm: readFileSync(wasm), dangerouslyAllowSimulated: true })
    return 'verified'
  } catch (error) {
    return BlindLlamaError.isInstance(error) ? error.code : String(error)
  }
}

async function verdictAfter(machines: Machines, tampering: Tampering): Promise<string> {
  const booted = await machines.boot(tampering)
  try {
    return await verdictOn(booted)
  } finally {
    await booted.stop()
  }
}

/** How many words came from inside. A small model may end after a few: it is asked again, up to four times in all. */
async function wordsSaid(chat: Chat, question: string): Promise<number> {
  let words = 0
  for (let turn = 0; turn < 4 && words < 20; turn++) {
    const now = async (): Promise<readonly [ended: boolean, words: number]> => {
      const answer = await chat.answer(turn)
      const ended = answer !== undefined && answer.state !== 'streaming'
      if (ended) expect(answer.state, answer.code).toBe('complete')
      return [ended, answer?.said.split(/\s+/).filter((word) => word !== '').length ?? 0]
    }
    await chat.ask(question)
    await expect
      .poll(async () => now().then(([ended, said]) => ended || words + said >= 20), { timeout: 120_000 })
      .toBe(true)
    words += (await now())[1]
  }
  return words
}

/** Words for QEMU: a text of SMBIOS type 11, which a host hands to the guest. */
const smbios = (value: string): readonly string[] => ['-smbios', `type=11,value=${value.replaceAll(',', ',,')}`]

test('the page verifies the machine by its own firmware log, and streams an answer from inside', async ({
  machines,
  pageServer,
  folder,
}) => {
  const capture = join(folder, 'packets.pcap')
  const { machine, url, policy, stop } = await machines.boot({ capture })
  const engine = await launch('chromium')
  try {
    expect(await verdictOn({ url, policy }), 'every PCR has its predicted value').toBe('verified')
    const { tab, close } = await engine.newTab({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' })
    const chat = new Chat(tab)
    pageServer.publish(url, { url, policy, measured: [], upstream: 'in-image', model: modelId }, chatWorkers)
    await tab.open(`${pageServer.origin}/`)
    await chat.verified()
    expect(await chat.isThere('[data-testid="banner-simulated"]')).toBe(true)
    expect(
      await wordsSaid(chat, 'Write a very long story about a lighthouse, in many chapters.'),
    ).toBeGreaterThanOrEqual(20)
    await close()

    const seen = packets(await readFile(capture))
    const guest = seen.filter(({ source }) => source === guestAddress)
    expect(guest.length, 'packets of the guest').toBeGreaterThan(20)
    const unasked = guest.filter(
      ({ protocol, sourcePort, opens }) => protocol !== 'tcp' || sourcePort !== 8787 || opens,
    )
    expect(unasked, 'packets outside of connections that were opened from outside').toEqual([])
    const console = await machine.console()
    expect(console, 'nothing of the conversation').not.toContain('lighthouse')
  } finally {
    await engine.close()
    await stop()
  }
})

test('systemd-measure computes the same PCR 11', async ({ machines, folder }) => {
  const { image, values } = machines.release
  expect(await systemdMeasure(image.uki, folder)).toBe(values['11'])
})

test('a line that the host appends to the kernel command line is refused', async ({ machines }) => {
  const extra = smbios('io.systemd.stub.kernel-cmdline-extra=blindllama.more=1')
  expect(await verdictAfter(machines, { extra })).toBe('pcr.touched')
})

test('a credential by SMBIOS changes nothing: no measurement, and nothing in the guest', async ({ machines }) => {
  const extra = smbios('io.systemd.credential:systemd.extra-unit.evil.service=[Service]')
  expect(await verdictAfter(machines, { extra })).toBe('verified')
})

test('a credential by fw_cfg changes nothing either', async ({ machines }) => {
  const extra = ['-fw_cfg', 'name=opt/io.systemd.credentials/evil,string=evil']
  expect(await verdictAfter(machines, { extra })).toBe('verified')
})

test('a credential beside the image on its disk is refused', async ({ machines, folder }) => {
  const credential = join(folder, 'evil.cred')
  await writeFile(credential, 'evil')
  const disk = join(folder, 'boot.img')
  const more = { '/EFI/BOOT/BOOTX64.EFI.extra.d/evil.cred': credential }
  await bootDisk(await unpacked('tools', console.log), disk, machines.release.image.uki, more)
  expect(await verdictAfter(machines, { bootDisk: disk })).toBe('pcr.touched')
})

test('an image with one changed letter of its command line is refused', async ({ machines, folder }) => {
  const image = await readFile(machines.release.image.uki)
  const word = image.indexOf('console=ttyS0 quiet')
  expect(word, 'the command line in the image').toBeGreaterThan(0)
  image.write('console=ttyS0 Quiet', word)
  const changed = join(folder, 'changed.efi')
  await writeFile(changed, image)
  const disk = join(folder, 'boot.img')
  await bootDisk(await unpacked('tools', console.log), disk, changed)
  expect(await verdictAfter(machines, { bootDisk: disk })).toBe('pcr.mismatch')
})

test('another configuration is refused', async ({ machines, pageServer }) => {
  const configuration = guestConfiguration([pageServer.origin], { cors: { origins: ['*'] } })
  expect(await verdictAfter(machines, { configuration })).toBe('claims.config')
})

test('another size of memory is refused', async ({ machines }) => {
  expect(await verdictAfter(machines, { shape: { ...machines.release.shape, memory: 1280 } })).toBe('pcr.mismatch')
})

test('an ACPI table that the host adds is refused', async ({ machines }) => {
  const extra = ['-acpitable', 'sig=OEM1,oem_id=EVIL,oem_table_id=EVIL,data=/dev/null']
  expect(await verdictAfter(machines, { extra })).toBe('pcr.mismatch')
})

test('one flipped byte of the verified disk ends the machine', async ({ machines, folder }) => {
  const modelDisk = join(folder, 'model.img')
  await copyFile(machines.release.image.modelDisk, modelDisk)
  // Within the model's weights: the file system itself stays readable.
  await flip(modelDisk, 40 * 1024 * 1024)
  const { machine, stop } = await machines.start({ modelDisk })
  try {
    await machine.qemu.exited
    expect(await machine.console()).not.toContain('"event":"start"')
  } finally {
    await stop()
  }
})

async function flip(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset)
    buffer[0] = (buffer[0] ?? 0) ^ 1
    await file.write(buffer, 0, 1, offset)
  } finally {
    await file.close()
  }
}
