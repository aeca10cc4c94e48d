import { expect } from '@playwright/test'
import { clickInShadow, inShadow, type ShadowElement } from './shadow.ts'
import type { Tab } from './tab.ts'

/** How often the page is looked at while something is awaited, in ms. */
const intervals = [50, 100, 200]

/** An answer as it stands in the page. */
export interface Answer {
  readonly state: string
  /** Everything that can be read there, the page's own remarks included. */
  readonly text: string
  /** What the model said. */
  readonly said: string
  /** Code of what went wrong with it. */
  readonly code: string | undefined
}

/** The page's global object, with what {@link Chat.askAndWatch} leaves there. */
type Watched = typeof globalThis & { grown?: Set<number> }

/** The element of the proof. */
const panel = 'blindllama-verification'

const testId = (name: string): string => `[data-testid="${name}"]`

/** The chat, as a person uses and reads it, in whatever browser. */
export class Chat {
  readonly tab: Tab

  constructor(tab: Tab) {
    this.tab = tab
  }

  /** Waits for the page's decision about the service. */
  async decided(): Promise<'ready' | 'error'> {
    const status = async (): Promise<string | undefined> => this.attribute(testId('badge'), 'data-status')
    const decided = /^(?:proven|limited|simulated|refused)$/
    await expect.poll(status, { message: 'status of the badge', intervals }).toMatch(decided)
    return (await status()) === 'refused' ? 'error' : 'ready'
  }

  async verified(): Promise<void> {
    const decision = await this.decided()
    expect(decision, `decision (${(await this.refusal()) ?? 'no code'})`).toBe('ready')
  }

  /** Code of the refusal that stands in the page. */
  async refusal(): Promise<string | undefined> {
    return this.attribute(testId('error'), 'data-code')
  }

  /** Writes a question and sends it. */
  async ask(question: string): Promise<void> {
    const answers = async (): Promise<number> => this.count(testId('answer'))
    const before = await answers()
    await this.tab.type(testId('composer'), question)
    await this.tab.click(testId('send'))
    await expect.poll(answers, { message: 'answers, the new one included', intervals }).toBe(before + 1)
  }

  /** What stands in the field. */
  async draft(): Promise<string> {
    return this.tab.evaluate((at) => document.querySelector<HTMLTextAreaElement>(at)?.value ?? '', testId('composer'))
  }

  /** Puts a text in place of the draft in one step, as the browser does with what is pasted: up to the field's own limit. */
  async paste(text: string): Promise<void> {
    await this.tab.evaluate(
      ([at, pasted]) => {
        const field = document.querySelector<HTMLTextAreaElement>(at)
        field?.focus()
        field?.select()
        document.execCommand('insertText', false, pasted)
      },
      [testId('composer'), text] as const,
    )
  }

  async stop(): Promise<void> {
    await this.tab.click(testId('stop'))
  }

  async openPanel(): Promise<void> {
    await this.tab.click(testId('badge'))
    await expect.poll(() => this.inPanel('dialog[open] .word'), { message: 'the panel', intervals }).toHaveLength(1)
  }

  /** Opens details of the panel by their name. */
  async openSection(name: string): Promise<void> {
    const at = `[data-section=${name}]`
    await clickInShadow(this.tab, panel, `${at}:not([open]) > summary`)
    await expect.poll(() => this.inPanel(`${at} .body > *`), { message: name, intervals }).not.toHaveLength(0)
  }

  /** Elements of the panel. */
  async inPanel(selector: string): Promise<readonly ShadowElement[]> {
    return inShadow(this.tab, panel, selector)
  }

  /** @param index of the answer in the conversation, from 0 */
  async answer(index = 0): Promise<Answer | undefined> {
    const answer = await this.tab.evaluate((at) => {
      const element = document.querySelectorAll<HTMLElement>('[data-testid="answer"]')[at]
      if (element === undefined) return null
      return {
        state: element.dataset['state'] ?? '',
        text: element.textContent,
        said: element.querySelector('.answer-text')?.textContent ?? '',
        code: element.querySelector<HTMLElement>('[data-testid="error"]')?.dataset['code'] ?? null,
      }
    }, index)
    return answer === null ? undefined : { ...answer, code: answer.code ?? undefined }
  }

  /** Waits until an answer has ended, and demands how. */
  async ended(state: 'complete' | 'incomplete' | 'stopped', index = 0): Promise<Answer> {
    const now = async (): Promise<string> => (await this.answer(index))?.state ?? 'not there'
    await expect
      .poll(now, { message: `state of answer ${index + 1}`, intervals, timeout: 60_000 })
      .not.toMatch(/^(?:not there|streaming)$/)
    const answer = await this.answer(index)
    expect(answer?.state, `end of answer ${index + 1} (${answer?.code ?? 'no code'})`).toBe(state)
    return answer as Answer
  }

  /** Waits until the model has said so many characters. */
  async said(length: number, index = 0): Promise<void> {
    const now = async (): Promise<number> => (await this.answer(index))?.said.length ?? 0
    await expect.poll(now, { message: `length of answer ${index + 1}`, intervals }).toBeGreaterThan(length)
  }

  /** Asks the first question of a conversation and watches its answer grow. @returns the lengths of text that it went through */
  async askAndWatch(question: string): Promise<readonly number[]> {
    await this.tab.evaluate(() => {
      const seen = new Set<number>()
      ;(globalThis as Watched).grown = seen
      new MutationObserver(() => {
        const said = document.querySelector('[data-testid="answer"] .answer-text')
        if (said !== null) seen.add(said.textContent.length)
      }).observe(document.body, { characterData: true, childList: true, subtree: true })
    }, null)
    await this.ask(question)
    await this.ended('complete')
    return this.tab.evaluate(() => [...((globalThis as Watched).grown ?? [])], null)
  }

  async attribute(selector: string, name: string): Promise<string | undefined> {
    const value = await this.tab.evaluate(([at, named]) => document.querySelector(at)?.getAttribute(named) ?? null, [
      selector,
      name,
    ] as const)
    return value ?? undefined
  }

  /** Text of the first element that `selector` names; empty where there is none. */
  async text(selector: string): Promise<string> {
    return this.tab.evaluate((at) => document.querySelector(at)?.textContent ?? '', selector)
  }

  async count(selector: string): Promise<number> {
    return this.tab.evaluate((at) => document.querySelectorAll(at).length, selector)
  }

  /** Whether an element is there and can be seen. */
  async isThere(selector: string): Promise<boolean> {
    return this.tab.evaluate((at) => document.querySelector(at)?.checkVisibility() ?? false, selector)
  }

  /** Whether a click on the button would send something. */
  async canSend(): Promise<boolean> {
    return this.tab.evaluate((at) => document.querySelector<HTMLButtonElement>(at)?.disabled === false, testId('send'))
  }
}
