import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defectsOf, play, type Plan } from '../failover/scenario.ts'
import { loadSdk } from '../support/load-sdk.ts'
import { makeCertificate } from '../support/proxies/certificate.ts'
import { haproxy } from '../support/proxies/haproxy.ts'
import { nginx } from '../support/proxies/nginx.ts'
import { expect, test } from '../support/test.ts'

/*
 * A short form of `pnpm e2e:failover`: fewer visitors, one event of each kind, and five times the time, since other tests need the
 * processor too.
 */
const common = { visitors: 12, withinMs: 30_000 } as const

const plans: readonly Plan[] = [
  { kind: haproxy, event: 'restart', resend: 'default', ...common },
  { kind: nginx, event: 'removal', resend: 'default', ...common },
  { kind: nginx, event: 'restart', resend: 'never', ...common },
]

for (const plan of plans)
  test(`visitors behind ${plan.kind.name} get over the ${plan.event} of a gateway, resend ${plan.resend}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'blindllama-failover-'))
    const abort = new AbortController()
    try {
      const stage = { sdk: await loadSdk(), certificate: await makeCertificate(folder), folder, signal: abort.signal }
      const figures = await play(plan, stage)
      expect(defectsOf(plan, figures), JSON.stringify(figures)).toEqual([])
      expect(figures.requests).toBeGreaterThan(plan.visitors)
    } finally {
      abort.abort()
      await rm(folder, { recursive: true, force: true })
    }
  })
