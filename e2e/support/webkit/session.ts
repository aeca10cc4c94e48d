/** What a WebDriver command gives (W3C WebDriver §6.3): a value, or an error with a code and a sentence. */
interface Answer {
  readonly value: unknown
}

/** Key of an element reference in JSON, W3C WebDriver §11. */
const elementKey = 'element-6066-11e4-a52e-4f735466cecf'

/** A session of W3C WebDriver ("classic"), with the few commands that the scenarios need. */
export class Session {
  readonly #base: string

  private constructor(base: string) {
    this.#base = base
  }

  /** @param driver base address of the driver @param capabilities to be met all, §7.1 @param patienceMs how long it may take */
  static async create(driver: string, capabilities: object, patienceMs: number): Promise<Session> {
    const parameters = { capabilities: { alwaysMatch: capabilities } }
    const value = await command('POST', `${driver}/session`, parameters, AbortSignal.timeout(patienceMs))
    return new Session(`${driver}/session/${(value as { sessionId: string }).sessionId}`)
  }

  /** §10.1: waits until the page has loaded. */
  async navigate(address: string): Promise<void> {
    await this.#post('url', { url: address })
  }

  /** §10.3. */
  async back(): Promise<void> {
    await this.#post('back', {})
  }

  /** §13.2.1: the body of a function, whose promise is waited for. */
  async execute(script: string, args: readonly unknown[]): Promise<unknown> {
    return this.#post('execute/sync', { script, args })
  }

  /** §12.3.2. @returns the reference of the first match @throws {Error} `no such element` */
  async find(selector: string): Promise<string> {
    const found = (await this.#post('element', { using: 'css selector', value: selector })) as Record<string, string>
    return found[elementKey] ?? ''
  }

  /** §12.5.1, with its checks: visible, enabled, not covered. */
  async click(element: string): Promise<void> {
    await this.#post(`element/${element}/click`, {})
  }

  /** §12.5.3. */
  async sendKeys(element: string, text: string): Promise<void> {
    await this.#post(`element/${element}/value`, { text })
  }

  /** §15.7: one key, by its character or its code of §15.4.2, down and up. */
  async pressKey(value: string): Promise<void> {
    const actions = [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]
    await this.#post('actions', { actions: [{ type: 'key', id: 'keyboard', actions }] })
  }

  /** §8.2: the browser ends with its session. */
  async delete(): Promise<void> {
    await command('DELETE', this.#base)
  }

  async #post(path: string, parameters: object): Promise<unknown> {
    return command('POST', `${this.#base}/${path}`, parameters)
  }
}

async function command(
  method: 'POST' | 'DELETE',
  address: string,
  parameters?: object,
  signal?: AbortSignal,
): Promise<unknown> {
  const body = parameters === undefined ? null : JSON.stringify(parameters)
  const response = await fetch(address, { method, body, ...(signal && { signal }) })
  const { value } = (await response.json()) as Answer
  if (response.ok) return value
  const { error, message } = value as { error: string; message: string }
  throw new Error(`WebDriver: ${error}: ${message}`)
}
