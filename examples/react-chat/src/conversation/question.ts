/**
 * How long a question may be, in UTF-16 code units, which is what a field counts. Far below the 65 MiB that a gateway takes by
 * default for a question with all that came before it; what the model can read is the model's to say (`http.400`).
 */
export const LONGEST_QUESTION = 200_000

/** From here on the length is shown. */
const NEARLY = 0.8 * LONGEST_QUESTION

const number = new Intl.NumberFormat('en')

export interface Length {
  /** The question cannot be sent. It stays whole in the field. */
  readonly tooLong: boolean
  /** What the person is told before anything is sent; `undefined` where there is nothing to say. */
  readonly sentence: string | undefined
}

export function lengthOf(question: string): Length {
  const { length } = question
  const tooLong = length > LONGEST_QUESTION
  const counted = `${number.format(length)} of at most ${number.format(LONGEST_QUESTION)} characters`
  if (tooLong) {
    const over = number.format(length - LONGEST_QUESTION)
    return { tooLong, sentence: `${counted}: shorten it by ${over}, or send it in parts. Nothing was cut or sent.` }
  }
  return { tooLong, sentence: length >= NEARLY ? `${counted}.` : undefined }
}

/** Whether there is something to send. White space at the beginning of pasted text belongs to it, and is sent. */
export function isEmpty(question: string): boolean {
  return question.trim() === ''
}
