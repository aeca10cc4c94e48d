import { verificationRecord } from '@blindllama/web-sdk/receipts'
import { requestEvidence } from '@blindllama/web-sdk/verify'
import { defineElements } from '../elements/define.js'
import { h } from '../dom.js'
import { said } from '../panel/receipt.js'
import { en } from '../strings/en.js'
import { FileProof } from './file-proof.js'

/** The verifier's WebAssembly, which the build puts into the page. */
declare const WASM_BASE64: string

/** A verifier of one's own: a page that works from disk, and shares nothing with the page that is judged. */
const wasm: Uint8Array<ArrayBuffer> = Uint8Array.from(atob(WASM_BASE64), (character) => character.charCodeAt(0))

defineElements()

function element<E extends HTMLElement>(id: string): E {
  const found = document.getElementById(id)
  if (!found) throw new Error(`The page has no #${id}`)
  return found as E
}

const policy: HTMLTextAreaElement = element('policy')
const policyFile: HTMLInputElement = element('policy-file')
const address: HTMLInputElement = element('address')
const file: HTMLInputElement = element('file')
const simulated: HTMLInputElement = element('simulated')
const outcome: HTMLElement = element('outcome')
const panel: HTMLElementTagNameMap['blindllama-verification'] = element('proof')
const button: HTMLButtonElement = element('verify')

policyFile.addEventListener('change', () => {
  void policyFile.files?.[0]?.text().then((text) => (policy.value = text))
})
button.addEventListener('click', () => void run())

async function run(): Promise<void> {
  button.disabled = true
  outcome.replaceChildren(h('p', {}, en.answer.checking))
  panel.hidden = true
  panel.proof = undefined
  try {
    const text = await subject()
    const options = { policy: policy.value, allowSimulated: simulated.checked, wasm }
    const proof = await FileProof.of(text, options)
    panel.proof = proof
    panel.hidden = false
    outcome.replaceChildren(said(proof.read, en))
  } catch (error) {
    outcome.replaceChildren(h('p', { 'data-error': '' }, `${en.answer.refused}: ${(error as Error).message}`))
  } finally {
    button.disabled = false
  }
}

/** The text of a receipt or a record: the file that was chosen, or a record of what answers at the address. */
async function subject(): Promise<string> {
  if (policy.value.trim() === '') throw new Error('Give the policy that the service must meet. It decides everything.')
  const [chosen] = file.files ?? []
  if (chosen) return chosen.text()
  if (address.value.trim() === '') throw new Error('Give an address, or choose a receipt or a verification record.')
  const { evidence, nonce, audience, receivedAtMs } = await requestEvidence(address.value.trim())
  const bytes = new TextEncoder().encode(policy.value)
  return verificationRecord({ evidence, nonce, audience, policy: bytes, nowMs: receivedAtMs })
}
