import { h, icon } from '../dom.js'
import { answerCard, openQuestions } from '../panel/answer.js'
import { timeline } from '../panel/boot.js'
import { certificatesSection } from '../panel/certificates.js'
import { chain } from '../panel/chain.js'
import { OpenDetails } from '../panel/details.js'
import { facts } from '../panel/facts.js'
import { type Measured, measurements } from '../panel/measurements.js'
import { rawSection } from '../panel/raw.js'
import { receiptSection } from '../panel/receipt.js'
import { stepList, stepSummary } from '../panel/steps.js'
import { tamperSection } from '../panel/tamper.js'
import { panelStyles } from '../styles/styles.js'
import { ProofElement } from './element.js'

/** How often the time for which the key is valid is written again, in ms. */
const tickMs = 1000

/**
 * `<blindllama-verification>`: the whole proof, in its place. With the attribute `dialog` it is a dialog, which `show()` opens.
 *
 * Everything that is shown as proven comes from this package's own verification of the raw evidence.
 */
export class BlindLlamaVerification extends ProofElement {
  readonly #details = new OpenDetails()
  #measured: readonly Measured[] = []
  #dialog: HTMLDialogElement | undefined
  #tick: ReturnType<typeof setInterval> | undefined
  #drawn: unknown

  constructor() {
    super(panelStyles)
  }

  /** What the publisher of the page says went into the PCRs: shown as claims, and recomputed. */
  get measured(): readonly Measured[] {
    return this.#measured
  }

  set measured(measured: readonly Measured[]) {
    this.#measured = measured
    this.#drawn = undefined
    if (this.isConnected) this.draw()
  }

  /** Opens the dialog, or scrolls to the panel where it is none. */
  show(): void {
    if (!this.hasAttribute('dialog')) {
      this.scrollIntoView()
      return
    }
    const dialog = this.#dialog
    if (!dialog || dialog.open) return
    dialog.showModal()
    this.#drawn = undefined
    this.draw()
  }

  close(): void {
    this.#dialog?.close()
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#tick = setInterval(() => this.#drawTimes(), tickMs)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#tick)
  }

  protected draw(): void {
    if (!this.hasAttribute('dialog')) this.#drawInto(this.root)
    else {
      this.#dialog ??= this.#makeDialog()
      if (!this.#dialog.isConnected) this.root.replaceChildren(this.#dialog)
      // What nobody sees is drawn when it is opened.
      if (this.#dialog.open) this.#drawInto(this.#dialog)
    }
  }

  #makeDialog(): HTMLDialogElement {
    const dialog: HTMLDialogElement = h('dialog', {
      'aria-label': this.strings.title,
      // Only a press on the backdrop has the dialog itself for a target: its content fills it.
      onclick: ({ target }) => target === dialog && dialog.close(),
      onclose: () => dialog.replaceChildren(),
    })
    return dialog
  }

  /** The answer is drawn alone where only it can have changed: what a person has opened below stays as it is. */
  #drawInto(place: ShadowRoot | HTMLElement): void {
    const { state, strings, proof } = this
    const card = answerCard(state, strings, proof?.retry)
    const drawn = [state.verdict, state.status, state.problem, strings, proof]
    const isSame =
      Array.isArray(this.#drawn) && drawn.every((value, index) => value === (this.#drawn as unknown[])[index])
    const focus = this.root.activeElement?.getAttribute('data-focus')
    const old = place.querySelector('.answer')
    if (isSame && old) old.replaceWith(card)
    else place.replaceChildren(...(place === this.#dialog ? [this.#header()] : []), this.#main(card))
    this.#drawn = drawn
    if (focus) this.root.querySelector<HTMLElement>(`[data-focus="${focus}"]`)?.focus()
  }

  #header(): HTMLElement {
    return h(
      'div',
      { class: 'header', lang: this.strings.lang },
      h('h2', {}, this.strings.title),
      h(
        'button',
        { type: 'button', 'aria-label': this.strings.close, 'data-focus': 'close', onclick: () => this.close() },
        icon('fail'),
      ),
    )
  }

  #main(card: HTMLElement): HTMLElement {
    const { state, strings, proof } = this
    const { verdict, evidence } = state
    const details = this.#details
    if (verdict?.result === 'fail') details.open('steps')
    const { eventLog, pcrs } = verdict ?? {}
    return h(
      'div',
      { class: 'panel', lang: strings.lang, part: 'panel' },
      h('div', { role: 'status' }, card),
      ...openQuestions(state, strings),
      h('h3', {}, strings.chainTitle),
      chain(state, proof?.live ?? true, strings),
      verdict &&
        details.details('steps', strings.stepsTitle, stepSummary(verdict.steps, strings), () => [
          stepList(verdict.steps, strings),
        ]),
      eventLog && details.details('boot', strings.bootTitle, '', () => timeline(eventLog, strings)),
      pcrs && details.details('pcrs', strings.pcrsTitle, '', () => measurements(pcrs, this.#measured, strings)),
      verdict?.claims && details.details('facts', strings.claimsTitle, '', () => [facts(verdict, strings)]),
      evidence &&
        details.details('certificates', strings.certificatesTitle, '', () => certificatesSection(evidence, strings)),
      evidence && details.details('raw', strings.rawTitle, '', () => rawSection(evidence, strings)),
      evidence &&
        proof &&
        verdict &&
        details.details('tamper', strings.tamperTitle, '', () => tamperSection(proof, evidence, verdict, strings)),
      proof && details.details('receipt', strings.receiptTitle, '', () => receiptSection(proof, strings)),
    )
  }

  #drawTimes(): void {
    const times = this.root.querySelector('.times')
    // An expired proof changes with the reading of its state.
    const { status, expiresAtMs } = this.state
    if (!times || status === 'idle' || expiresAtMs === undefined) return
    const fresh = answerCard(this.state, this.strings, undefined).querySelector('.times')
    times.textContent = fresh?.textContent ?? ''
  }
}
