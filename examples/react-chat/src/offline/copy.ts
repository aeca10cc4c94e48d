import { workerAddress } from '../workers.ts'

/** Beginning of the name of each cache of `worker.ts`. */
const CACHES = 'blindllama-chat-'

/**
 * Keeps a copy of this page's files on the device, so that stored conversations can be read without a network.
 *
 * @throws {Error} where the browser refuses service workers
 */
export async function keepCopy(): Promise<void> {
  await navigator.serviceWorker.register(workerAddress('offline'), { scope: '/' })
}

/** Removes the copy and the worker that serves it. */
export async function dropCopy(): Promise<void> {
  const registrations = await navigator.serviceWorker.getRegistrations()
  await Promise.all(registrations.map((each) => each.unregister()))
  const names = await caches.keys()
  await Promise.all(names.filter((name) => name.startsWith(CACHES)).map((name) => caches.delete(name)))
}
