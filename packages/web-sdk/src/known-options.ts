import { BlindLlamaError } from './errors.js'

/** What the caller wrote, without what somebody put on `Object.prototype`: an option that is left out has its default. */
export function ownOptions<T extends object>(options: T): T {
  return Object.setPrototypeOf({ ...options }, null) as T
}

/**
 * Refuses a misspelt option, which would otherwise leave its default in force without a word.
 *
 * @param names of all options, separated by spaces
 * @throws {BlindLlamaError} `client.options`
 */
export function assertKnown(options: object | null | undefined, names: string): void {
  for (const name of Object.keys(options ?? {}))
    if (!names.split(' ').includes(name))
      throw new BlindLlamaError('client.options', `\`${name}\` is none of the options: ${names}`)
}
