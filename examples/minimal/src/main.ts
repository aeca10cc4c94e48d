import { BlindLlamaError, connect } from '@blindllama/web-sdk'
import OpenAI from 'openai'
import { stagingService } from './service.ts'

const element = <Kind extends Element>(selector: string): Kind => document.querySelector(selector) as Kind
const proof = element('#proof')
const answer = element('#answer')
const form = element<HTMLFormElement>('form')
const button = element<HTMLButtonElement>('button')

/** A refusal has a code of docs/ERRORS.md. Nothing was sent then, or the answer ended early. */
function show(place: Element, error: unknown): void {
  const code = BlindLlamaError.find(error)?.code ?? 'other'
  place.setAttribute('data-code', code)
  place.textContent = `${code}: ${error instanceof Error ? error.message : String(error)}`
}

try {
  const { url, policy, model } = await stagingService()

  // Proves which software answers, or throws. The staging's TPM is simulated: leave the last option out for a real one.
  const client = await connect({ url, policy, dangerouslyAllowSimulated: true })
  proof.textContent = `Verified: ${client.verdict.release} (${client.verdict.assurance})`

  // From here on nothing but `fetch` differs: method, path, headers and bodies are encrypted to the proven key.
  const apiKey = 'not-needed'
  const openai = new OpenAI({ baseURL: `${url}v1`, apiKey, dangerouslyAllowBrowser: true, fetch: client.fetch })
  const ask = async (question: string): Promise<void> => {
    answer.textContent = ''
    const messages = [{ role: 'user' as const, content: question }]
    const stream = await openai.chat.completions.create({ model, messages, stream: true })
    for await (const chunk of stream) answer.append(chunk.choices[0]?.delta.content ?? '')
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    button.disabled = true
    void ask(String(new FormData(form).get('question')))
      .catch((error: unknown) => show(answer, error))
      .finally(() => (button.disabled = false))
  })
  button.disabled = false
} catch (error) {
  show(proof, error)
}
