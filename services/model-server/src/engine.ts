import {
  getLlama,
  JinjaTemplateChatWrapper,
  LlamaLogLevel,
  type ChatHistoryItem,
  type Llama,
  type LlamaContextSequence,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp'
import type { ChatMessage, ChatRequest } from './chat-request.ts'
import { ApiError } from './errors.ts'
import { Slots } from './slots.ts'
import { StopSequences } from './stop-sequences.ts'

export interface EngineOptions {
  readonly modelPath: string
  /** What requests name the model by. */
  readonly modelId: string
  /** Threads that compute one batch. More than the idle cores makes it slower: they spin while they wait for each other. */
  readonly threads: number
  /** Requests that are answered at once; the others wait. */
  readonly parallel: number
  /** Tokens of prompt and answer together, per request. */
  readonly contextSize: number
}

/** One step of an answer. The last one has a `finish`. */
export interface Step {
  readonly text: string
  readonly promptTokens: number
  readonly completionTokens: number
  readonly finish?: 'stop' | 'length'
}

/** Prompts are read in pieces of this many tokens, so that an abort is noticed between them. */
const promptPiece = 128
/** What the model's authors recommend where a request says nothing. */
const sampling = { temperature: 0.2, topP: 0.9, topK: 40, repeatPenalty: 1.1, repeatWindow: 64 } as const

/** The model in memory, with a fixed number of sequences of which each serves one request at a time. */
export class Engine {
  readonly modelId: string
  readonly contextSize: number
  readonly #llama: Llama
  readonly #model: LlamaModel
  readonly #chat: JinjaTemplateChatWrapper
  readonly #sequences: readonly LlamaContextSequence[]
  readonly #slots: Slots<LlamaContextSequence>

  private constructor(options: EngineOptions, llama: Llama, model: LlamaModel, sequences: LlamaContextSequence[]) {
    this.modelId = options.modelId
    this.contextSize = options.contextSize
    this.#llama = llama
    this.#model = model
    this.#sequences = sequences
    this.#slots = new Slots(sequences)
    const template = model.fileInfo.metadata.tokenizer.chat_template
    if (template === undefined) throw new Error('the model has no chat template')
    this.#chat = new JinjaTemplateChatWrapper({ template })
  }

  static async load(options: EngineOptions): Promise<Engine> {
    const llama = await getLlama({
      gpu: false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.error,
    })
    const model = await llama.loadModel({ modelPath: options.modelPath })
    const context = await model.createContext({
      sequences: options.parallel,
      contextSize: options.contextSize,
      threads: options.threads,
    })
    const sequences = Array.from({ length: options.parallel }, () => context.getSequence())
    return new Engine(options, llama, model, sequences)
  }

  /** Requests being answered and requests that wait for their turn. */
  get load(): { running: number; waiting: number } {
    return { running: this.#sequences.length - this.#slots.free, waiting: this.#slots.waiting }
  }

  /** Tokens that the model has before it, of all requests together: none where none is being answered. */
  get tokensHeld(): number {
    return this.#sequences.reduce((sum, sequence) => sum + sequence.nextTokenIndex, 0)
  }

  /**
   * Answers a conversation, one step a token.
   *
   * A sequence is emptied before it is used and after: nothing of one request, not even the time that a cached prompt
   * saves, can be noticed in another.
   *
   * @throws {ApiError} when the conversation is longer than the context
   */
  async *answer(request: ChatRequest, signal: AbortSignal): AsyncGenerator<Step, void, void> {
    const prompt = this.#tokenize(request.messages)
    const room = this.contextSize - prompt.length
    if (room < 1) {
      const message = `The messages have ${prompt.length} tokens; the model's context holds ${this.contextSize} with the answer.`
      throw new ApiError(400, 'context_length_exceeded', message, 'messages')
    }
    const sequence = await this.#slots.take(signal)
    try {
      await sequence.clearHistory()
      yield* this.#generate(sequence, prompt, Math.min(room, request.maxTokens ?? room), request, signal)
    } finally {
      await sequence.clearHistory()
      this.#slots.giveBack(sequence)
    }
  }

  async dispose(): Promise<void> {
    await this.#llama.dispose()
  }

  async *#generate(
    sequence: LlamaContextSequence,
    prompt: Token[],
    most: number,
    request: ChatRequest,
    signal: AbortSignal,
  ): AsyncGenerator<Step, void, void> {
    const last = prompt.length - 1
    for (let start = 0; start < last; start += promptPiece) {
      await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(start, Math.min(start + promptPiece, last)))
      signal.throwIfAborted()
    }
    const promptTokens = prompt.length
    const generated: Token[] = []
    const stops = new StopSequences(request.stop)
    let pending: Token[] = []
    let spoken: Token[] = []
    const temperature = request.temperature ?? sampling.temperature
    const tokens = sequence.evaluate(prompt.slice(last), {
      temperature,
      topP: request.topP ?? sampling.topP,
      topK: sampling.topK,
      seed: request.seed === undefined ? randomSeed() : Math.abs(request.seed) % 2 ** 32,
      repeatPenalty: { penalty: sampling.repeatPenalty, punishTokens: () => generated.slice(-sampling.repeatWindow) },
    })
    let finish: 'stop' | 'length' = 'stop'
    for await (const token of tokens) {
      signal.throwIfAborted()
      generated.push(token)
      pending.push(token)
      const text = this.#model.detokenize(pending, false, spoken)
      const ended = generated.length >= most
      // A character of several bytes can take several tokens: it is shown once it is whole, and never half.
      const whole = !text.endsWith('\uFFFD')
      const shown = whole ? stops.push(text) : ''
      if (whole) {
        spoken = pending
        pending = []
      }
      if (stops.stopped) {
        yield { text: shown, promptTokens, completionTokens: generated.length }
        break
      }
      yield { text: shown, promptTokens, completionTokens: generated.length }
      if (ended) {
        finish = 'length'
        break
      }
    }
    yield { text: stops.finish(), promptTokens, completionTokens: generated.length, finish }
  }

  #tokenize(messages: readonly ChatMessage[]): Token[] {
    const history = messages.map(toHistoryItem)
    const { contextText } = this.#chat.generateContextState({
      chatHistory: [...history, { type: 'model', response: [] }],
    })
    return contextText.tokenize(this.#model.tokenizer)
  }
}

function toHistoryItem({ role, content }: ChatMessage): ChatHistoryItem {
  if (role === 'assistant') return { type: 'model', response: [content] }
  return { type: role, text: content }
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
}
