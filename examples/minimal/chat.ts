import { connect } from '@blindllama/web-sdk'
import OpenAI from 'openai'

// What `npm start` publishes beside its page. A product compiles address and policy in: the policy is the root of all trust.
const staging = await fetch(new URL('staging.json', process.argv[2] ?? 'http://127.0.0.1:4180/'))
const { url, policy, model } = (await staging.json()) as { url: string; policy: string; model: string }

// Proves which software answers, or throws. The staging's TPM is simulated: leave the last option out for a real one.
const client = await connect({ url, policy, dangerouslyAllowSimulated: true })
console.error(`Verified: ${client.verdict.release} (${client.verdict.assurance})`)

// From here on nothing but `fetch` differs: method, path, headers and bodies are encrypted to the proven key.
const openai = new OpenAI({ baseURL: `${url}v1`, apiKey: 'not-needed', fetch: client.fetch })
const messages = [{ role: 'user' as const, content: process.argv[3] ?? 'What is a llama? Answer in one sentence.' }]
const stream = await openai.chat.completions.create({ model, messages, stream: true })
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')

client.close()
