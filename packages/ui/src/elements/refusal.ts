import { h, icon } from '../dom.js'
import { refusalStyles } from '../styles/styles.js'
import { openPanel, ProofElement } from './element.js'
import { refusalOf } from '../words.js'

/**
 * `<blindllama-refusal for="panel">`: why nothing is sent. It is hidden unless the proof is refused; its attribute `data-code` is the code of
 * the refusal.
 */
export class BlindLlamaRefusal extends ProofElement {
  constructor() {
    super(refusalStyles)
  }

  protected draw(): void {
    const { strings, state, proof } = this
    this.hidden = state.status !== 'refused'
    if (this.hidden) {
      delete this.dataset['code']
      this.root.replaceChildren()
      return
    }
    const { code, sentence, lang } = refusalOf(state, strings)
    this.dataset['code'] = code ?? ''
    const sent = state.provenAtMs === undefined ? strings.nothingSent : strings.nothingMoreSent
    const retry = proof?.retry
    this.root.replaceChildren(
      h(
        'div',
        { role: 'alert', part: 'refusal', lang: strings.lang, 'data-tone': 'bad' },
        icon('open'),
        h(
          'section',
          {},
          h('p', {}, h('strong', {}, `${strings.answer.refused}. ${sent}`)),
          h('p', { lang }, sentence),
          code !== undefined && h('code', {}, code),
          h(
            'footer',
            {},
            retry && h('button', { type: 'button', onclick: () => retry() }, strings.retry),
            h('button', { type: 'button', onclick: () => openPanel(this) }, strings.why),
          ),
        ),
      ),
    )
  }
}
