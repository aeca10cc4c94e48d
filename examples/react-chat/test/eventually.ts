import { vi } from 'vitest'

/** Waits until `check` throws no more. The time bounds a hang, and is more than a busy machine takes. */
export async function eventually(check: () => void): Promise<void> {
  await vi.waitFor(check, { timeout: 30_000 })
}
