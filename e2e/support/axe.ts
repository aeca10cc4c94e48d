import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import type { Tab } from './tab.ts'

const source: string = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** The driver carries it into the page: the page's own CSP lets no foreign script in. */
// oxlint-disable-next-line no-implied-eval -- It is never called here, only its text is sent.
const defineAxe = new Function(source) as () => void

/** Complaints of axe about the page as it stands, each with where and why; it looks into open shadow roots. */
export async function complaints(tab: Tab): Promise<readonly string[]> {
  await tab.evaluate(defineAxe, null)
  return tab.evaluate(async () => {
    // Colours in the middle of a transition belong to no design.
    const passing = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
    await Promise.allSettled(passing.map((animation) => animation.finished))
    const { run } = (globalThis as unknown as { axe: typeof axe }).axe
    const { violations, passes } = await run(document, { resultTypes: ['violations'] })
    if (passes.length < 10) return ['axe looked at next to nothing']
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`),
    )
  }, null)
}
