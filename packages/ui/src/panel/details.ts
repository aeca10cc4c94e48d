import { h, type Child } from '../dom.js'

/** Which details a person has opened, by their names: they stay open when the panel is drawn again. */
export class OpenDetails {
  readonly #open = new Set<string>()

  /** @param contents is called when the details are opened */
  details(name: string, title: string, note: string, contents: () => readonly Child[]): HTMLDetailsElement {
    const body = h('div', { class: 'body' })
    const element = h(
      'details',
      { 'data-section': name },
      h('summary', { 'data-focus': name }, h('span', {}, title), note !== '' && h('small', {}, note)),
      body,
    )
    const fill = (): void => {
      if (element.open && body.childNodes.length === 0)
        body.append(...contents().filter((child): child is Node | string => child !== false && child != null))
    }
    if (this.#open.has(name)) element.open = true
    fill()
    element.addEventListener('toggle', () => {
      if (element.open) this.#open.add(name)
      else this.#open.delete(name)
      fill()
    })
    return element
  }

  open(name: string): void {
    this.#open.add(name)
  }
}
