import type { Tab } from './tab.ts'

/** What can be read of the first element that `selector` names inside of a shadow root. */
export interface ShadowElement {
  readonly text: string
  readonly attributes: Readonly<Record<string, string>>
}

/** Elements in the shadow root of `host`, which a document's own selectors do not reach. */
export async function inShadow(tab: Tab, host: string, selector: string): Promise<readonly ShadowElement[]> {
  return tab.evaluate(
    ([outer, inner]) =>
      [...(document.querySelector(outer)?.shadowRoot?.querySelectorAll<HTMLElement>(inner) ?? [])].map((element) => ({
        text: element.textContent,
        attributes: Object.fromEntries(Array.from(element.attributes, ({ name, value }) => [name, value])),
      })),
    [host, selector] as const,
  )
}

/** Clicks an element in the shadow root of `host`, by script: WebDriver's selectors do not reach it. */
export async function clickInShadow(tab: Tab, host: string, selector: string): Promise<void> {
  await tab.evaluate(
    ([outer, inner]) => {
      const element = document.querySelector(outer)?.shadowRoot?.querySelector<HTMLElement>(inner)
      if (!element) throw new Error(`${outer} has no ${inner}`)
      element.click()
    },
    [host, selector] as const,
  )
}
