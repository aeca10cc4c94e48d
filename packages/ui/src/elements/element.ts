import { NO_PROOF, type ProofSource, type ProofState } from '../proof/source.js'
import { en } from '../strings/en.js'
import type { Strings } from '../strings/strings.js'
import { adopt } from '../styles/styles.js'

/** Servers have no elements: the class is defined there and never made. */
const Base: typeof HTMLElement = globalThis.HTMLElement ?? Object

/** An element that shows a proof, in a shadow root whose styles need no permission of the page. */
export abstract class ProofElement extends Base {
  #proof: ProofSource | undefined
  #strings: Strings = en
  #stop: (() => void) | undefined
  readonly #styles: string
  protected readonly root: ShadowRoot

  /** @param delegatesFocus where a press anywhere on the element is meant for the one control in it */
  constructor(styles: string, delegatesFocus = false) {
    super()
    this.#styles = styles
    this.root = this.attachShadow({ mode: 'open', delegatesFocus })
  }

  /** The proof that is shown. Without one the element says that nothing is verified. */
  get proof(): ProofSource | undefined {
    return this.#proof
  }

  set proof(proof: ProofSource | undefined) {
    this.#proof = proof
    if (this.isConnected) this.#follow()
  }

  /** Default: English. `@blindllama/ui/de` has German; a page can replace single texts: `{ ...en, title: '…' }`. */
  get strings(): Strings {
    return this.#strings
  }

  set strings(strings: Strings) {
    this.#strings = strings
    if (this.isConnected) this.draw()
  }

  connectedCallback(): void {
    // A page may have set them before the element was defined.
    for (const name of ['proof', 'strings'] as const) {
      if (!Object.hasOwn(this, name)) continue
      const value = this[name]
      delete (this as Record<string, unknown>)[name]
      Object.assign(this, { [name]: value })
    }
    if (this.root.adoptedStyleSheets.length === 0) adopt(this.root, this.#styles)
    this.#follow()
  }

  disconnectedCallback(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  protected get state(): ProofState {
    return this.#proof?.state ?? NO_PROOF
  }

  /** Writes what `state` says into `root`. */
  protected abstract draw(): void

  #follow(): void {
    this.#stop?.()
    this.#stop = this.#proof?.subscribe(() => this.draw())
    this.draw()
  }
}

/** Opens the panel whose id is the attribute `for`, and tells the page, which may open its own. */
export function openPanel(from: HTMLElement): void {
  if (!from.dispatchEvent(new CustomEvent('blindllama-open', { bubbles: true, composed: true, cancelable: true })))
    return
  const id = from.getAttribute('for')
  const panel = id === null ? undefined : (from.getRootNode() as Document | ShadowRoot).getElementById(id)
  if (panel && 'show' in panel && typeof panel.show === 'function') panel.show()
}
