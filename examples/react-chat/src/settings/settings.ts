/** What a person chooses for the requests of this page. */
export interface Settings {
  /** The system message; an empty text sends none. */
  readonly instructions: string
  /** 0 to 2, or the model's own. */
  readonly temperature: number | undefined
  /** Most tokens of an answer, or the model's own. */
  readonly maxTokens: number | undefined
  /** A model of the service, or the one that the page was published for. */
  readonly model: string | undefined
  /** Whether the person says that the model reads images, where the service does not say it. */
  readonly readsImages: boolean
}

export const DEFAULTS: Settings = {
  instructions: 'You are a helpful assistant. Answer clearly and briefly.',
  temperature: undefined,
  maxTokens: undefined,
  model: undefined,
  readsImages: false,
}

/** Longest instructions, in UTF-16 code units. */
export const LONGEST_INSTRUCTIONS = 20_000
const MOST_TOKENS = 1_000_000

/** A number from 0 to 2 as a field has it; empty for the model's own. @returns the sentence of what is wrong with it */
export function readTemperature(text: string): { readonly value: number | undefined; readonly problem?: string } {
  return readNumber(text, (value) => value >= 0 && value <= 2, 'a number from 0 to 2')
}

export function readMaxTokens(text: string): { readonly value: number | undefined; readonly problem?: string } {
  return readNumber(text, isNumberOfTokens, 'a whole number from 1 to 1,000,000')
}

function isNumberOfTokens(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= MOST_TOKENS
}

function readNumber(
  text: string,
  isValid: (value: number) => boolean,
  expected: string,
): { readonly value: number | undefined; readonly problem?: string } {
  const trimmed = text.trim()
  if (trimmed === '') return { value: undefined }
  // `Number` also reads 0x10 and 1e3, which nobody means here.
  const value = /^\d+(?:[.,]\d+)?$/.test(trimmed) ? Number(trimmed.replace(',', '.')) : Number.NaN
  if (isValid(value)) return { value }
  return {
    value: undefined,
    problem: `“${trimmed.slice(0, 40)}” is not valid. Write ${expected}, or nothing for the model’s own.`,
  }
}

/** Settings as stored or imported. A member of another kind becomes the default. */
export function parseSettings(value: unknown): Settings {
  const { instructions, temperature, maxTokens, model, readsImages } = (value ?? {}) as Record<string, unknown>
  const isText = typeof instructions === 'string' && instructions.length <= LONGEST_INSTRUCTIONS
  return {
    instructions: isText ? instructions : DEFAULTS.instructions,
    temperature: readTemperature(String(temperature ?? '')).value,
    maxTokens: readMaxTokens(String(maxTokens ?? '')).value,
    model: typeof model === 'string' && model !== '' ? model : undefined,
    readsImages: readsImages === true,
  }
}
