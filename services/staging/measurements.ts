import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { artifacts } from './artifacts.ts'
import { EV_EFI_ACTION, EV_S_CRTM_VERSION, fileEvent, separator, textEvent, type LogEvent } from './event-log.ts'
import { hashFile, hashFolder, type Measured } from './measure.ts'

/** What stands where a machine's firmware would: said in the log, and in PCR 0, instead of passed over. */
const noFirmware = 'Staging on a software TPM: no firmware and no operating system was measured'

/** What firmware says when it hands over and when the operating system takes over (Firmware Profile §10.4.4): every UEFI boot does. */
const callingApplication = 'Calling EFI Application from Boot Option'
const exitBootServices = 'Exit Boot Services Invocation'

const firmwarePcrs = [0, 1, 2, 3, 4, 5, 6, 7] as const

/** The rule of each quoted PCR: what is measured must be golden, what nothing may be added to untouched. */
export const pcrRules: Readonly<Record<number, 'golden' | 'untouched'>> = {
  ...Object.fromEntries([...firmwarePcrs, 9, 11].map((pcr) => [pcr, 'golden'] as const)),
  12: 'untouched',
  13: 'untouched',
}

/** What the gateway's own program measures (PROTOCOL.md §24.1): its configuration before it starts, and its process. */
export const ownPcrRules = { 14: 'config', 15: 'instance' } as const

export interface MeasureInput {
  /** The gateway's configuration file. */
  readonly config: string
  /** Words of the command that starts the model server; undefined where the model runs elsewhere. */
  readonly modelServer: readonly string[] | undefined
  readonly onProgress: (what: string, share: number) => void
}

/** Measures every file that decides what happens to a prompt. */
export async function measure({ config, modelServer, onProgress }: MeasureInput): Promise<Measured[]> {
  const file = async (name: string, pcr: number, path: string): Promise<Measured> => ({
    name,
    sha256: await hashFile(path, (share) => onProgress(name, share)),
    pcr,
  })
  const list = [await file('gateway', 4, artifacts.gateway)]
  if (modelServer !== undefined) {
    const libraries = join(artifacts.modelServer, 'native')
    list.push(
      await file('node runtime', 9, process.execPath),
      await file('model server', 9, join(artifacts.modelServer, 'server.mjs')),
      { name: 'model server libraries', sha256: await hashFolder(libraries), pcr: 9 },
      { name: 'model server command', sha256: sha256(commandText(modelServer)), pcr: 9 },
      await file('model', 9, artifacts.model),
    )
  }
  list.push(await file('gateway configuration', 11, config))
  return list
}

export function toEvents(measured: readonly Measured[]): LogEvent[] {
  // CRTM versions are UCS-2 with a closing zero: Firmware Profile §10.4.1.
  const firmware = textEvent(0, EV_S_CRTM_VERSION, Buffer.from(`${noFirmware}\0`, 'utf16le'))
  const files = measured.map(({ pcr, name, sha256: digest }) => fileEvent(pcr, name, digest))
  const separators = firmwarePcrs.map(separator)
  return [firmware, action(4, callingApplication), ...separators, ...files, action(5, exitBootServices)]
}

function action(pcr: number, text: string): LogEvent {
  return textEvent(pcr, EV_EFI_ACTION, Buffer.from(text))
}

function commandText(words: readonly string[]): string {
  return words.join('\0')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
