import type OpenAI from 'openai'
import type { Attachment } from '../attachments/attachment.ts'
import type { Turn } from './turns.ts'

type Message = OpenAI.Chat.Completions.ChatCompletionMessageParam
type UserContent = OpenAI.Chat.Completions.ChatCompletionUserMessageParam['content']

/** Earlier turns that have an answer worth repeating, then the question. A broken answer is not handed to the model as its own words. */
export function messagesFor(turns: readonly Turn[], turnId: string, instructions: string): Message[] {
  const messages: Message[] = instructions.trim() === '' ? [] : [{ role: 'system', content: instructions }]
  for (const turn of turns) {
    if (turn.id === turnId) {
      messages.push({ role: 'user', content: contentOf(turn) })
      break
    }
    const answer = turn.answers.findLast(({ state, text }) => state !== 'incomplete' && text !== '')
    if (answer === undefined) continue
    messages.push({ role: 'user', content: contentOf(turn) }, { role: 'assistant', content: answer.text })
  }
  return messages
}

/** One text where there is no image: servers without images accept nothing else. */
function contentOf({ question, attachments = [] }: Turn): UserContent {
  const texts = attachments.flatMap((each) => (each.kind === 'text' ? [asText(each)] : []))
  const text = [...texts, question].filter((part) => part !== '').join('\n\n')
  const images = attachments.flatMap((each) => (each.kind === 'image' ? [each.dataUrl] : []))
  if (images.length === 0) return text
  return [
    ...(text === '' ? [] : [{ type: 'text' as const, text }]),
    ...images.map((url) => ({ type: 'image_url' as const, image_url: { url } })),
  ]
}

function asText({ name, text }: Extract<Attachment, { kind: 'text' }>): string {
  return `<document name=${JSON.stringify(name)}>\n${text}\n</document>`
}
