import { access, constants } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import '../../tools/environment.ts'

/** A probe that has not run its program by then does not count as working. */
const probeMs = 10_000

/** The BIOS of this machine: it writes one letter to the debug port and ends QEMU. 16-bit code at the reset vector. */
const program: readonly number[] = [
  // mov dx, 0x402; mov al, 'K'; out dx, al
  0xba, 0x02, 0x04, 0xb0, 0x4b, 0xee,
  // mov dx, 0x501; mov al, 0x10; out dx, al: isa-debug-exit ends with status 2 * 0x10 + 1
  0xba, 0x01, 0x05, 0xb0, 0x10, 0xee,
  // hlt; jmp back
  0xf4, 0xeb, 0xfd,
]
const doneStatus = 33

/** A 64 KiB firmware that jumps from the reset vector (16 bytes before its end) to {@link program} at its beginning. */
export function probeFirmware(): Buffer {
  const image = Buffer.alloc(0x1_0000, 0xf4)
  Buffer.from(program).copy(image, 0)
  // jmp far f000:0000
  Buffer.from([0xea, 0x00, 0x00, 0x00, 0xf0]).copy(image, 0xfff0)
  return image
}

/**
 * Whether KVM runs a program here: `/dev/kvm` may exist and fail, so that a machine that runs sixteen instructions is asked.
 *
 * @param firmware path of a file with {@link probeFirmware}
 */
export async function kvmWorks(firmware: string): Promise<boolean> {
  const usable = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  )
  if (!usable) return false
  const args = ['-no-user-config', '-nodefaults', '-display', 'none', '-machine', 'pc', '-accel', 'kvm', '-cpu', 'host']
  const more = ['-m', '16', '-bios', firmware, '-device', 'isa-debug-exit,iobase=0x501,iosize=0x04']
  try {
    await promisify(execFile)('qemu-system-x86_64', [...args, ...more], { timeout: probeMs, killSignal: 'SIGKILL' })
    return false
  } catch (error) {
    return (error as { code?: unknown }).code === doneStatus
  }
}
