import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { guestConfiguration } from '../../services/machine/guest-configuration.ts'
import { addon, diskWith } from './images.ts'
import { expect, test } from './fixtures.ts'
import { hasVariable, withVariable } from './variables.ts'

/** Words for QEMU: a text of SMBIOS type 11, which a host hands to the guest. */
const smbios = (value: string): readonly string[] => ['-smbios', `type=11,value=${value.replaceAll(',', ',,')}`]

test('a line that the host appends to the kernel command line is refused', async ({ verdictAfter }) => {
  const extra = smbios('io.systemd.stub.kernel-cmdline-extra=blindllama.more=1')
  expect(await verdictAfter({ extra })).toBe('pcr.touched')
})

test('a credential by SMBIOS changes nothing: no measurement, and nothing in the guest', async ({ verdictAfter }) => {
  const extra = smbios('io.systemd.credential:systemd.extra-unit.evil.service=[Service]')
  expect(await verdictAfter({ extra })).toBe('verified')
})

test('a credential by fw_cfg changes nothing either', async ({ verdictAfter }) => {
  const extra = ['-fw_cfg', 'name=opt/io.systemd.credentials/evil,string=evil']
  expect(await verdictAfter({ extra })).toBe('verified')
})

test('an EFI variable that systemd obeys changes nothing', async ({ machines, visitor, folder }) => {
  const variables = join(folder, 'variables.fd')
  const name = 'SystemdOptions'
  const store = await readFile(machines.release.firmware.variables)
  const words = Buffer.from('systemd.debug_shell=1\0', 'utf16le')
  await writeFile(variables, withVariable(store, '8cf2644b-4b0b-428f-9387-6d876050dc67', name, words))
  const own = join(folder, 'machine')
  await mkdir(own)
  const firmware = { ...machines.release.firmware, variables }
  const { stop, ...booted } = await machines.boot({ folder: own, firmware })
  try {
    expect(await visitor.verdict(booted)).toBe('verified')
    expect(await hasVariable(join(own, 'variables.fd'), name), 'the firmware kept the variable').toBe(true)
  } finally {
    await stop()
  }
})

test('a credential beside the image on its disk is refused', async ({ machines, folder, verdictAfter }) => {
  const credential = join(folder, 'evil.cred')
  await writeFile(credential, 'evil')
  const more = { '/EFI/BOOT/BOOTX64.EFI.extra.d/evil.cred': credential }
  expect(await verdictAfter({ bootDisk: await diskWith(machines.release.image.uki, folder, more) })).toBe('pcr.touched')
})

test('an addon of the stub beside the image is refused', async ({ machines, folder, verdictAfter }) => {
  const more = { '/EFI/BOOT/BOOTX64.EFI.extra.d/evil.addon.efi': await addon('blindllama.more=1', folder) }
  expect(await verdictAfter({ bootDisk: await diskWith(machines.release.image.uki, folder, more) })).toBe('pcr.touched')
})

test('a system extension beside the image is refused', async ({ machines, folder, verdictAfter }) => {
  const extension = join(folder, 'evil.raw')
  await writeFile(extension, Buffer.alloc(4096, 1))
  const more = { '/EFI/BOOT/BOOTX64.EFI.extra.d/evil.sysext.raw': extension }
  expect(await verdictAfter({ bootDisk: await diskWith(machines.release.image.uki, folder, more) })).toBe('pcr.touched')
})

test('an ACPI table that the host adds is refused', async ({ verdictAfter }) => {
  const extra = ['-acpitable', 'sig=OEM1,oem_id=EVIL,oem_table_id=EVIL,data=/dev/null']
  expect(await verdictAfter({ extra })).toBe('pcr.mismatch')
})

test('another configuration is refused', async ({ pageServer, verdictAfter }) => {
  const configuration = guestConfiguration([pageServer.origin], { cors: { origins: ['*'] } })
  expect(await verdictAfter({ configuration })).toBe('claims.config')
})

test('a disk with data of cloud-init is not opened, and a release does not name it', async ({
  folder,
  verdictAfter,
}) => {
  const disk = join(folder, 'cidata.img')
  await writeFile(disk, Buffer.alloc(1 << 20, '#cloud-config\n'))
  const drive = `if=none,id=cidata,format=raw,readonly=on,file=${disk}`
  const extra = ['-drive', drive, '-device', 'virtio-blk-pci,drive=cidata,serial=cidata']
  expect(await verdictAfter({ extra })).toBe('pcr.mismatch')
})

test('a clock that the host sets back changes no verdict: keys count on the clock of the boot', async ({
  verdictAfter,
}) => {
  expect(await verdictAfter({ extra: ['-rtc', 'base=2001-09-09T00:00:00'] })).toBe('verified')
})
