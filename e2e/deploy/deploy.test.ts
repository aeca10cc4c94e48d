import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificate, type Certificate } from '../support/proxies/certificate.ts'
import { Child } from '../../services/staging/child.ts'
import { freePorts } from '../../services/staging/ports.ts'
import { toolsFolder } from '../../tools/environment.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const deploy = join(root, 'deploy')
const folder = mkdtempSync(join(tmpdir(), 'blindllama-deploy-'))
const at = (name: string): string => join(folder, name)
const abort = new AbortController()
let certificate: Certificate

beforeAll(async () => {
  certificate = await makeCertificate(folder)
})

afterAll(() => {
  abort.abort()
  rmSync(folder, { recursive: true, force: true })
})

interface Ended {
  readonly code: number
  readonly printed: string
}

/** Runs a program to its end, whatever that is. */
async function ended(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const running = promisify(execFile)(command, args, { env: { ...process.env, ...env }, timeout: 60_000 })
  return running.then(
    ({ stdout, stderr }) => ({ code: 0, printed: `${stdout}${stderr}` }),
    (error: unknown) => {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
      return { code, printed: `${stdout}${stderr}` }
    },
  )
}

async function passes(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, printed } = await ended(command, args, env)
  expect(code, printed).toBe(0)
  return printed
}

/** A configuration of HAProxy with this folder's certificate in place of `/etc/haproxy/tls/tls.pem`. */
function haproxyConfig(name: string, text: string): string {
  writeFileSync(at(name), text.replaceAll('/etc/haproxy/tls/tls.pem', certificate.together))
  return at(name)
}

it('confines the service of systemd', async () => {
  const unit = join(deploy, 'systemd/blindllama-gateway.service')
  const printed = await passes('systemd-analyze', ['security', '--offline=true', '--threshold=20', '--no-pager', unit])
  const [, score = ''] = /Overall exposure level for \S+: ([\d.]+)/.exec(printed) ?? []
  console.log(`systemd-analyze security: ${score}`)
  expect(Number(score)).toBeLessThanOrEqual(1.5)
  const open = readFileSync(unit, 'utf8').replace('NoNewPrivileges=yes', '').replace('CapabilityBoundingSet=\n', '')
  writeFileSync(at('open.service'), open)
  const { code } = await ended('systemd-analyze', ['security', '--offline=true', '--threshold=20', at('open.service')])
  expect(code, 'a service with every capability').not.toBe(0)
})

describe('the OCI image', () => {
  const gateway = join(root, 'target/gateway/blindllama-gateway')
  const build = (layout: string): string =>
    execFileSync('bash', [join(deploy, 'oci/build.sh'), gateway, at(layout)], { encoding: 'utf8' })

  it('is the same twice, runs, and has no shell', () => {
    build('one')
    build('two')
    expect(readFileSync(at('one/index.json'), 'utf8')).toBe(readFileSync(at('two/index.json'), 'utf8'))
    execFileSync('umoci', ['unpack', '--image', `${at('one')}:latest`, at('bundle')], { stdio: 'pipe' })
    const rootfs = at('bundle/rootfs')
    const files = execFileSync('find', [rootfs, '-type', 'f', '-printf', '/%P\n'], { encoding: 'utf8' })
      .trim()
      .split('\n')
    const runnable = files.filter((file) => !/^\/(?:etc\/|usr\/share\/doc\/|lib(?:64)?\/.*\.so)/.test(file))
    expect(runnable).toEqual(['/usr/local/bin/blindllama-gateway'])
    expect(execFileSync('find', [rootfs, '-perm', '/6000'], { encoding: 'utf8' })).toBe('')
    const config = readFileSync(at('bundle/config.json'), 'utf8')
    const { process: started } = JSON.parse(config) as { process: { args: string[]; user: object } }
    expect(started.args[0]).toBe('/usr/local/bin/blindllama-gateway')
    expect(started.user).toMatchObject({ uid: 65_532, gid: 65_532 })
    const version = execFileSync('chroot', [rootfs, '/usr/local/bin/blindllama-gateway', '--version'])
    expect(version.toString()).toMatch(/^blindllama-gateway \d/)
  }, 120_000)

  it('replaces no folder', async () => {
    writeFileSync(at('there'), '')
    const { code, printed } = await ended('bash', [join(deploy, 'oci/build.sh'), gateway, at('there')])
    expect([code, printed]).toEqual([1, expect.stringContaining('exists')])
  })
})

describe('the Helm chart', () => {
  const chart = join(deploy, 'helm/blindllama')
  const digest = `sha256:${'0a'.repeat(32)}`
  const values = {
    gateway: { image: `registry.example/gateway@${digest}`, config: 'audiences = ["https://chat.example"]\n' },
    router: { image: `registry.example/haproxy@${digest}`, tlsSecret: 'chat' },
    vllm: { enabled: true, image: `registry.example/vllm@${digest}`, modelClaim: 'model' },
  }
  const helm = async (verb: readonly string[], given: object): Promise<Ended> => {
    writeFileSync(at('values.json'), JSON.stringify(given))
    const env = { HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder }
    return ended(
      join(toolsFolder, 'bin/helm'),
      [...verb, chart, '--values', at('values.json'), '--kube-version', '1.34.0'],
      env,
    )
  }

  it('renders what Kubernetes accepts, with every safeguard', async () => {
    const lint = await helm(['lint', '--strict'], values)
    expect(lint.code, lint.printed).toBe(0)
    const { code, printed } = await helm(['template', 'chat'], values)
    expect(code, printed).toBe(0)
    writeFileSync(at('rendered.yaml'), printed)
    const validate = ['-m', 'kubernetes_validate', '--strict', '-k', '1.34', at('rendered.yaml')]
    await passes('python3', validate, { PYTHONPATH: join(toolsFolder, 'kubernetes-validate') })
    const stateful = printed.split('---\n').find((part) => part.includes('kind: StatefulSet'))
    for (const line of [
      'enableServiceLinks: false',
      'automountServiceAccountToken: false',
      'terminationGracePeriodSeconds: 315',
      'preStop: { sleep: { seconds: 5 } }',
      "{ name: BLINDLLAMA_INSTANCE, value: 'g$(POD_INDEX)' }",
      'squat.ai/tpm: 1',
      'readOnlyRootFilesystem: true',
      'path: /blindllama/v1/health/live',
    ])
      expect(stateful, line).toContain(line)
    writeFileSync(at('wrong.yaml'), printed.replace('serviceName:', 'serviceNames:'))
    const wrong = await ended('python3', [...validate.slice(0, -1), at('wrong.yaml')], {
      PYTHONPATH: join(toolsFolder, 'kubernetes-validate'),
    })
    expect(wrong.code, 'a member that no StatefulSet has').not.toBe(0)
  })

  it('routes each instance to its own pod, in a configuration that HAProxy reads', async () => {
    const { printed } = await helm(['template', 'chat'], values)
    const [, indented = ''] = /^ {2}haproxy\.cfg: \|\n((?: {4}.*\n|\n)+)/m.exec(printed) ?? []
    const config = indented.replaceAll(/^ {4}/gm, '')
    for (const index of [0, 1, 2]) {
      expect(config).toContain(`use_backend g${index} if { path /blindllama/v1/o/g${index} }\n`)
      expect(config).toMatch(
        new RegExp(
          `^backend g${index}\\n(?: .*\\n)*? +retries 0\\n(?: .*\\n)*? +server g${index} chat-gateway-${index}\\.`,
          'm',
        ),
      )
    }
    await passes('/usr/sbin/haproxy', ['-c', '-f', haproxyConfig('chart.cfg', config)])
  })

  it.each([
    ['an image without a digest', { ...values, gateway: { ...values.gateway, image: 'registry.example/gateway:1' } }],
    ['no configuration', { ...values, gateway: { image: values.gateway.image } }],
    ['a model server without a model', { ...values, vllm: { enabled: true, image: values.vllm.image } }],
  ])('refuses %s', async (_, given) => {
    const { code, printed } = await helm(['template', 'chat'], given)
    expect(code, printed).not.toBe(0)
  })
})

it('composes containers without privileges', async () => {
  const compose = join(deploy, 'compose/compose.yaml')
  const dclint = fileURLToPath(new URL('../node_modules/.bin/dclint', import.meta.url))
  await passes(dclint, [compose, '--config', join(deploy, 'compose/.dclintrc.json'), '--max-warnings', '0'])
  const text = readFileSync(compose, 'utf8')
  const services = text.split(/^ {2}(?=gateway:|proxy:|vllm:)/m).slice(1)
  expect(services).toHaveLength(3)
  for (const service of services) {
    expect(service).toContain('no-new-privileges:true')
    expect(service).toMatch(/cap_drop:\n +- ALL/)
    expect(service).not.toMatch(/privileged: true|network_mode: host|docker\.sock/)
    expect(service).toContain('stop_grace_period: 310s')
  }
  writeFileSync(at('wrong.yaml'), text.replace('stop_grace_period', 'stop_grace'))
  expect((await ended(dclint, [at('wrong.yaml')])).code, 'a member that Compose does not have').not.toBe(0)
})

describe('alerts and dashboards', () => {
  const prometheus = join(deploy, 'prometheus')
  const dashboard = readFileSync(join(deploy, 'dashboards/fleet.json'), 'utf8')
  const alerts = readFileSync(join(prometheus, 'alerts.yaml'), 'utf8')

  it('fire as their tests say', async () => {
    await passes('promtool', ['check', 'rules', join(prometheus, 'alerts.yaml')])
    await passes('promtool', ['test', 'rules', join(prometheus, 'alerts.test.yaml')])
  })

  it('ask for metrics and labels that HAProxy has', async () => {
    const [front = 0, metrics = 0, gateway = 0] = await freePorts(3)
    const sample = readFileSync(join(deploy, 'compose/haproxy.cfg'), 'utf8')
    const config = sample
      .replace('bind :8443', `bind 127.0.0.1:${front}`)
      .replace('bind :8404', `bind 127.0.0.1:${metrics}`)
      .replaceAll('gateway:8787', `127.0.0.1:${gateway}`)
    const args = ['-db', '-f', haproxyConfig('exporter.cfg', config)]
    const child = new Child({
      name: 'HAProxy',
      command: '/usr/sbin/haproxy',
      args,
      log: at('haproxy.log'),
      signal: abort.signal,
    })
    const scrape = async (): Promise<Response> => fetch(`http://127.0.0.1:${metrics}/metrics`)
    try {
      await child.until(async () => (await scrape()).ok, 10_000)
      const page = await (await scrape()).text()
      const known = new Set([...page.matchAll(/^(haproxy_\w+)/gm)].map(([, name]) => name))
      const asked = [...`${dashboard}${alerts}`.matchAll(/haproxy_\w+/g)].map(([name]) => name)
      expect(asked.length).toBeGreaterThan(10)
      expect(asked.filter((name) => !known.has(name))).toEqual([])
      expect(page).toContain('haproxy_server_status{proxy="any",server="a1",state="UP"}')
      expect(page).toContain('haproxy_backend_http_responses_total{proxy="nowhere",code="4xx"}')
    } finally {
      await child.stop()
    }
  })

  it('show each metric with its source and a description', () => {
    const { panels } = JSON.parse(dashboard) as { panels: { description: string; targets: { expr: string }[] }[] }
    expect(panels.length).toBeGreaterThan(5)
    for (const { description, targets } of panels) {
      expect(description).not.toBe('')
      for (const { expr } of targets) execFileSync('promtool', ['check', 'rules', ruleOf(expr)], { stdio: 'pipe' })
    }
  })
})

/** A rule with this expression: promtool parses no bare one. */
function ruleOf(expr: string): string {
  const groups = [{ name: 'panel', rules: [{ record: 'panel', expr }] }]
  writeFileSync(at('panel.yaml'), JSON.stringify({ groups }))
  return at('panel.yaml')
}
