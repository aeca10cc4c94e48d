import { join } from 'node:path'
import { sectionFiles } from '../../packages/image/build/sections.ts'
import { runTool, unpacked } from '../../packages/image/build/unpacked.ts'

const measured = ['linux', 'osrel', 'cmdline', 'initrd', 'uname', 'sbat'] as const

/** PCR 11 of an image, hexadecimal, as systemd's own program computes it: it shares no code with `blindllama release measure`. */
export async function systemdMeasure(image: string, folder: string): Promise<string> {
  const tools = await unpacked('tools', console.log)
  await sectionFiles(tools, image, folder)
  const inputs = measured.map((section) => `--${section}=${join(folder, section)}`)
  const words = ['calculate', '--bank=sha256', '--phase=:', ...inputs]
  const printed = await runTool(tools, 'lib/systemd/systemd-measure', words, 'systemd-measure failed', { cwd: folder })
  const [, value] = /^11:sha256=([0-9a-f]{64})$/m.exec(printed) ?? []
  if (value === undefined) throw new Error(`systemd-measure printed no PCR 11: ${printed}`)
  return value
}
