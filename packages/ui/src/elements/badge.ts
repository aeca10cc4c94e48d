import { h, icon } from '../dom.js'
import { badgeStyles } from '../styles/styles.js'
import { openPanel, ProofElement } from './element.js'
import { iconOf, timeText, toneOf } from '../words.js'

/**
 * `<blindllama-badge for="panel">`: the answer in at most three words, as a button that opens the panel. While a renewal runs it stays as it
 * was, with the time of the last proof. Its attribute `data-status` is the status of the proof.
 */
export class BlindLlamaBadge extends ProofElement {
  #said = ''

  constructor() {
    super(badgeStyles, true)
  }

  protected draw(): void {
    const { strings, state } = this
    const { status, renewing, provenAtMs } = state
    const word = strings.answer[status]
    const text = status === 'simulated' ? `${word} · ${strings.simulatedBadge}` : word
    this.dataset['status'] = status
    this.dataset['renewing'] = String(renewing)
    const hadFocus = this.root.activeElement !== null
    const button = h(
      'button',
      {
        type: 'button',
        part: 'badge',
        lang: strings.lang,
        'data-tone': toneOf(status),
        'aria-haspopup': 'dialog',
        onclick: () => openPanel(this),
      },
      icon(iconOf(status)),
      h(
        'span',
        {},
        text,
        provenAtMs !== undefined && h('small', {}, strings.provenAt.replace('{0}', timeText(provenAtMs, strings.lang))),
      ),
    )
    // Changes inside a button are not announced. The element that announces stays the same.
    const live = this.root.querySelector('[role=status]') ?? h('span', { class: 'hidden', role: 'status' })
    this.root.replaceChildren(button, live)
    if (hadFocus) button.focus()
    if (this.#said !== text) live.textContent = this.#said = text
  }
}
