// oxlint-disable-next-line import/default -- Vite gives the address of the file.
import pdfWorker from 'pdfjs-dist/legacy/build/pdf.worker.min.mjs?url'

/** Scripts of this page's own that run as workers, with their addresses. */
const ADDRESSES: Readonly<Record<WorkerName, string>> = { pdf: pdfWorker, offline: '/offline.js' }

export type WorkerName = 'pdf' | 'offline'

/** Trusted Types, as far as this page uses them; TypeScript's library lacks them. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (name: string) => string },
  ): { createScriptURL(name: string): string }
}

/** Made once: the Content-Security-Policy names it, and lets no second one be made. */
const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('chat-workers', {
  createScriptURL: (name) => {
    if (!Object.hasOwn(ADDRESSES, name)) throw new TypeError('no worker of this page')
    return ADDRESSES[name as WorkerName]
  },
})

/** The address of a worker, as browsers demand it under `require-trusted-types-for 'script'`. No other address becomes a worker. */
export function workerAddress(name: WorkerName): string {
  return policy ? policy.createScriptURL(name) : ADDRESSES[name]
}
