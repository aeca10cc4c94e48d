import { join } from 'node:path'
import { runTool, unpacked } from '../../packages/image/build/unpacked.ts'

const sections = ['linux', 'osrel', 'cmdline', 'initrd', 'uname', 'sbat'] as const

/** PCR 11 of an image, hexadecimal, as systemd's own program computes it: it shares no code with `blindllama release measure`. */
export async function systemdMeasure(image: string, folder: string): Promise<string> {
  const tools = await unpacked('tools', console.log)
  const file = (section: string): string => join(folder, section)
  const dumps = sections.flatMap((section) => ['--dump-section', `.${section}=${file(section)}`])
  await runTool(tools, 'bin/objcopy', [...dumps, image, file('copy')], 'The sections could not be read', {
    cwd: folder,
  })
  const inputs = sections.map((section) => `--${section}=${file(section)}`)
  const words = ['calculate', '--bank=sha256', '--phase=:', ...inputs]
  const printed = await runTool(tools, 'lib/systemd/systemd-measure', words, 'systemd-measure failed', { cwd: folder })
  const [, value] = /^11:sha256=([0-9a-f]{64})$/m.exec(printed) ?? []
  if (value === undefined) throw new Error(`systemd-measure printed no PCR 11: ${printed}`)
  return value
}
