import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Staging } from '../../services/staging/staging.ts'
import { instanceOf } from '../support/instance.ts'
import type { Certificate } from '../support/proxies/certificate.ts'
import { proxyKinds } from '../support/proxies/index.ts'
import { startProxy, type StockProxy } from '../support/proxies/stock-proxy.ts'
import { Recorder } from '../support/recorder.ts'
import type { RestartableUpstream } from '../support/upstream/restartable-upstream.ts'
import { nodeReader, type ChromiumReader, type Reader } from './readers.ts'
import type { Tally } from './tally.ts'
import { eventsOf } from '../support/upstream/answer-plan.ts'

export interface ProxiedSetup {
  /** A private folder of this run. */
  readonly folder: string
  readonly certificate: Certificate
  readonly chromium: ChromiumReader
  readonly upstream: RestartableUpstream
  readonly staging: Staging
  readonly signal: AbortSignal
}

const tokens = 5
/** Behind the head alone, within the answer, and behind `[DONE]`: everything but the end was said then. */
const positions: readonly number[] = [0, 1, 3, tokens + 1]

/**
 * Through each proxy, from Node and Chromium, over HTTP/1.1 and HTTP/2: a whole answer, and answers that break off because
 * the model server was killed, or because the gateway's connections ended the way those of a dying process do.
 */
export async function readThroughProxies(setup: ProxiedSetup, tally: Tally): Promise<void> {
  const instance = await instanceOf(setup.staging)
  const link = await Recorder.start(setup.staging.url)
  const node = await nodeReader()
  const interruptions: readonly Interruption[] = [
    { name: 'the model server is killed', strike: async () => setup.upstream.kill() },
    { name: 'the gateway ends its connections', strike: async () => link.breakOff('FIN') },
    { name: 'the gateway resets its connections', strike: async () => link.breakOff('RST') },
  ]
  try {
    for (const kind of proxyKinds) {
      const folder = join(setup.folder, kind.name)
      await mkdir(folder)
      const target = { instance, gateway: link.address, other: link.address }
      const proxy = await startProxy(kind, { ...setup, folder, target })
      try {
        for (const path of pathsTo(proxy, node, setup.chromium)) await readThrough(path, interruptions, setup, tally)
      } finally {
        await proxy.stop()
      }
    }
  } finally {
    await node.stop()
    await link.stop()
  }
}

interface Interruption {
  readonly name: string
  readonly strike: () => Promise<void>
}

interface ProxiedPath {
  readonly name: string
  readonly reader: Reader
  readonly url: string
  /** Throws where another version of HTTP was spoken than this path is about. */
  readonly check: () => void
}

function pathsTo({ name, urls }: StockProxy, node: Reader, chromium: ChromiumReader): readonly ProxiedPath[] {
  const demand = (protocol: string) => (): void => {
    const spoken = [...chromium.protocols].join()
    if (spoken !== protocol) throw new Error(`${name}: Chromium spoke ${spoken}, not ${protocol}`)
  }
  return [
    { name: `${name}, Node over HTTP/1.1`, reader: node, url: urls.clear, check: () => {} },
    { name: `${name}, Chromium over HTTP/1.1`, reader: chromium, url: urls.clear, check: demand('http/1.1') },
    { name: `${name}, Chromium over HTTP/2`, reader: chromium, url: urls.tls, check: demand('h2') },
  ]
}

async function readThrough(
  path: ProxiedPath,
  interruptions: readonly Interruption[],
  setup: ProxiedSetup,
  tally: Tally,
): Promise<void> {
  const { name, reader, url } = path
  await reader.connect(url, setup.staging.policy)
  const all = eventsOf({ tokens })
  const ask = async (plan: object, reachedAfter: number, reached: () => unknown): ReturnType<Reader['read']> =>
    reader.read({ url, body: JSON.stringify({ tokens, ...plan }), reachedAfter }, reached)

  const ending = await ask({}, Number.MAX_SAFE_INTEGER, () => {})
  tally.undamaged({ name, ending, expected: all.join('') })
  for (const interruption of interruptions)
    for (const hangAfter of positions) {
      await setup.upstream.ensureRunning()
      // Struck only once all that was sent has been read: what is given out afterwards can only be damage.
      let struck: Promise<void> | undefined
      const broken = await ask({ hangAfter }, hangAfter, () => (struck = interruption.strike()))
      await struck
      const expected = all.slice(0, hangAfter).join('')
      tally.damaged({ name: `${name}, ${interruption.name} behind event ${hangAfter}`, ending: broken, expected })
    }
  await setup.upstream.ensureRunning()
  path.check()
}
