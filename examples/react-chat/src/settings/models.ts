import type OpenAI from 'openai'

/** A model that the service offers. */
export interface OfferedModel {
  readonly id: string
  /** What the service says of it; `undefined` where it says nothing. */
  readonly readsImages: boolean | undefined
}

/** Most models that are shown. */
const MOST = 500

/** Asks the service for its models, through the verified channel. @throws what `openai` throws */
export async function offeredModels(openai: OpenAI, signal: AbortSignal): Promise<readonly OfferedModel[]> {
  return parseModels(await openai.get('/models', { signal }))
}

/** Reads the answer of `GET /v1/models`, with the members that vLLM, llama.cpp, OpenRouter and others add to it. */
export function parseModels(answer: unknown): readonly OfferedModel[] {
  const { data, models } = (answer ?? {}) as Record<string, unknown>
  // llama.cpp says what a model can do in a second list, under the same names.
  const extra = new Map(entriesOf(models).map((entry) => [String(entry['name'] ?? entry['model']), entry]))
  return entriesOf(data)
    .filter(({ id }) => typeof id === 'string' && id !== '')
    .slice(0, MOST)
    .map((entry) => {
      const id = String(entry['id'])
      return { id, readsImages: readsImages(entry) ?? readsImages(extra.get(id) ?? {}) }
    })
}

type Members = Readonly<Record<string, unknown>>

function entriesOf(value: unknown): readonly Members[] {
  return Array.isArray(value) ? value.filter((each): each is Members => typeof each === 'object' && each !== null) : []
}

function readsImages({ architecture, input_modalities: modalities, capabilities }: Members): boolean | undefined {
  const ofArchitecture = (architecture as Members | undefined)?.['input_modalities']
  for (const kinds of [modalities, ofArchitecture, capabilities])
    if (Array.isArray(kinds))
      return kinds.some((kind) => kind === 'image' || kind === 'vision' || kind === 'multimodal')
  return undefined
}
