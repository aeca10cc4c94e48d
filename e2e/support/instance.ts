import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEvent } from '../../services/staging/log-line.ts'
import type { Staging } from '../../services/staging/staging.ts'

/** The `instance` of the gateway that runs: by it proxies route (docs/PROTOCOL.md §2). */
export async function instanceOf({ folder }: Pick<Staging, 'folder'>): Promise<string> {
  const log = await readFile(join(folder, 'gateway.log'), 'utf8')
  const starts = log.split('\n').map((line) => parseEvent(line, 'start'))
  return String(starts.findLast((fields) => fields !== undefined)?.['instance'])
}
