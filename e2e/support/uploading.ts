/* oxlint-disable unicorn/consistent-function-scoping -- What runs inside the page sees nothing of this file. */
import type { SdkGlobals } from './sdk-page.ts'
import type { Received } from './upstream/received.ts'

/** In what the page hands the file to `fetch`. */
export type UploadKind = 'File' | 'Blob' | 'FormData' | 'ReadableStream' | 'Request'

export interface Upload {
  /** Base URL of the service. */
  readonly url: string
  readonly policy: string
  readonly kind: UploadKind
}

/** How the page went on for a while, in milliseconds. */
export interface Turns {
  /** Longest time between two turns of its event loop. */
  readonly longest: number
  /** 99 % of them came sooner. */
  readonly p99: number
}

export interface Uploaded {
  readonly received: Received
  /** The events `upload`, in their order. */
  readonly told: readonly (readonly [sealedBytes: number, totalBytes: number])[]
  /** How many of them timers of the page found told, each number once. */
  readonly seen: readonly number[]
  /** How often the page was about to be painted while the request was sealed. */
  readonly frames: number
  /** Between `fetch` and the last of the events, in milliseconds. */
  readonly sealingMs: number
  /** Between `fetch` and the answer. */
  readonly uploading: Turns
  /** Of the same page for as long, while nothing happened. */
  readonly idle: Turns
}

/** Runs inside the page: uploads the file that stands in its `<input>`, and watches the page meanwhile. */
export async function uploadInPage({ url, policy, kind }: Upload): Promise<Uploaded> {
  const { BlindLlama } = globalThis as unknown as SdkGlobals
  const told: [number, number][] = []
  let sealed: (() => void) | undefined
  const client = await BlindLlama.connect({
    url,
    policy,
    dangerouslyAllowSimulated: true,
    onEvent: (event) => {
      if (event.type !== 'upload') return
      told.push([event.sealedBytes, event.totalBytes])
      if (event.sealedBytes === event.totalBytes) sealed?.()
    },
  })
  const file = document.querySelector('input')?.files?.[0] as File

  const watch = async (until: Promise<unknown>): Promise<Turns> => {
    const { port1, port2 } = new MessageChannel()
    const gaps: number[] = []
    let last = performance.now()
    port1.addEventListener('message', () => {
      const now = performance.now()
      gaps.push(now - last)
      last = now
      port2.postMessage(0)
    })
    port1.start()
    port2.postMessage(0)
    await until
    port1.close()
    gaps.sort((one, other) => one - other)
    return { longest: gaps.at(-1) ?? NaN, p99: gaps[Math.floor(gaps.length * 0.99)] ?? NaN }
  }
  const bodies: Record<UploadKind, () => BodyInit | Request> = {
    File: () => file,
    Blob: () => file.slice(0, file.size),
    FormData: () => {
      const form = new FormData()
      form.append('purpose', 'assistants')
      form.append('file', file)
      return form
    },
    ReadableStream: () => {
      // Where `file.stream()` gives all in one piece, the page stands still without our doing.
      let offset = 0
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          const piece = file.slice(offset, offset + 65_536)
          if (piece.size === 0) return controller.close()
          offset += piece.size
          controller.enqueue(new Uint8Array(await piece.arrayBuffer()))
        },
      })
    },
    Request: () => new Request(`${url}v1/files`, { method: 'POST', body: file }),
  }

  const seen = new Set<number>()
  const timer = setInterval(() => seen.add(told.length), 4)
  let frames = 0
  let painting = true
  const paint = (): void => {
    if (!painting) return
    frames++
    requestAnimationFrame(paint)
  }
  const start = performance.now()
  let sealingMs = 0
  sealed = () => {
    sealingMs = performance.now() - start
    painting = false
  }
  const body = bodies[kind]()
  requestAnimationFrame(paint)
  const answer = body instanceof Request ? client.fetch(body) : client.fetch(`${url}v1/files`, { method: 'POST', body })
  const uploading = await watch(answer)
  const uploadingMs = performance.now() - start
  const received = (await (await answer).json()) as Received
  clearInterval(timer)
  client.close()
  const idle = await watch(new Promise((resolve) => setTimeout(resolve, uploadingMs)))
  return { received, told, seen: [...seen], frames, sealingMs, uploading, idle }
}
