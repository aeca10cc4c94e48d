export type Child = Node | string | false | null | undefined

/** Values of attributes; a function listens to the event of its name, without `on`. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value))
  }
  element.append(...children.filter((child): child is Node | string => child !== false && child != null))
  return element
}

/** Makes an element. Nothing is parsed, so that no Trusted Type is needed and no text becomes markup. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes,
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children)
}

const paths = {
  lock: 'M5 11h14v9H5zM8 11V8a4 4 0 0 1 8 0v3',
  open: 'M5 11h14v9H5zM8 11V8a4 4 0 0 1 7.5-2',
  pass: 'm5 12.5 4.5 4.5L19 7.5',
  warn: 'M12 4 2.8 19.5h18.4zM12 10v4.5m0 2.4v.1',
  fail: 'm6.5 6.5 11 11m0-11-11 11',
  skipped: 'M7 12h10',
  wait: 'M12 3a9 9 0 1 1-9 9',
} as const
export type IconName = keyof typeof paths

/** Decoration beside words, in the colour of the text. */
export function icon(name: IconName): SVGElement {
  const svg = 'http://www.w3.org/2000/svg'
  const path = fill(document.createElementNS(svg, 'path'), { d: paths[name] }, [])
  const attributes = { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: 'icon', 'data-icon': name }
  return fill(document.createElementNS(svg, 'svg'), attributes, [path])
}

/** A long hexadecimal value, broken between groups of eight; what is selected and copied has no gaps. */
export function hex(value: string): HTMLElement {
  const groups = value.match(/.{1,8}/g) ?? []
  return h('code', { class: 'hex', dir: 'ltr' }, ...groups.flatMap((group) => [group, h('wbr', {})]))
}

/** Offers `content` as a file. */
export function download(content: BlobPart, type: string, name: string): void {
  const link = h('a', { href: URL.createObjectURL(new Blob([content], { type })), download: name })
  link.click()
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
