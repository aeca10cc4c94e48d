/**
 * `pnpm e2e:failover [--json] [--visitors 60] [--only restart|removal|rolling]`: gateways are restarted, removed and restarted one
 * after the other behind the samples for HAProxy and nginx, while visitors ask with the default settings and with `resend: 'never'`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { defectsOf, events, play, type EventName, type Figures } from './failover/scenario.ts'
import { loadSdk } from './support/load-sdk.ts'
import { makeCertificate } from './support/proxies/certificate.ts'
import { haproxy } from './support/proxies/haproxy.ts'
import { nginx } from './support/proxies/nginx.ts'

const { json, visitors, only } = parseArgs({
  options: { json: { type: 'boolean' }, visitors: { type: 'string', default: '60' }, only: { type: 'string' } },
}).values

const folder = await mkdtemp(join(tmpdir(), 'blindllama-failover-'))
const abort = new AbortController()
const rows: ({ proxy: string; event: EventName; resend: string } & Figures)[] = []
const defects: string[] = []
try {
  const stage = { sdk: await loadSdk(), certificate: await makeCertificate(folder), folder, signal: abort.signal }
  for (const kind of [haproxy, nginx])
    for (const event of Object.keys(events) as EventName[])
      for (const resend of ['default', 'never'] as const) {
        if (only !== undefined && only !== event) continue
        const plan = { kind, event, resend, visitors: Number(visitors), withinMs: 6000 }
        const figures = await play(plan, stage)
        rows.push({ proxy: kind.name, event, resend, ...figures })
        const name = `${kind.name}, ${event}, resend ${resend}`
        process.stdout.write(`${name}: ${JSON.stringify(figures)}\n`)
        defects.push(...defectsOf(plan, figures).map((defect) => `${name}: ${defect}`))
      }
} finally {
  abort.abort()
  await rm(folder, { recursive: true, force: true })
}

for (const defect of defects) process.stdout.write(`  ${defect}\n`)
process.stdout.write(
  `${rows.length - new Set(defects.map((defect) => defect.split(': ')[0])).size} passed, ${defects.length} failed\n`,
)
if (json === true)
  process.stdout.write(
    `${JSON.stringify({
      visitors: Number(visitors),
      slowestMs: Math.max(...rows.map(({ slowestMs }) => slowestMs)),
      silentlyTruncated: rows.reduce((sum, row) => sum + row.silentlyTruncated, 0),
      failedUntouched: rows.reduce((sum, row) => sum + (row.resend === 'default' ? row.failedUntouched : 0), 0),
      duplicatesUnderNever: rows.reduce((sum, row) => sum + (row.resend === 'never' ? row.duplicates : 0), 0),
      defects: defects.length,
      rows,
    })}\n`,
  )
process.exitCode = defects.length === 0 && rows.length > 0 ? 0 : 1
