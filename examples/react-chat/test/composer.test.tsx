// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/preact'
import { useState, type ReactElement } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Composer } from '../src/chat/composer.tsx'
import type { Question } from '../src/conversation/conversation.ts'
import { LONGEST_QUESTION, lengthOf } from '../src/conversation/question.ts'

const sent = vi.fn<(question: string) => void>()

beforeEach(() => {
  sent.mockClear()
  vi.stubGlobal('matchMedia', () => ({ matches: true }))
})
afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
})

/** As the app uses it: stopping ends the answer at once, within the same click. */
function Chat({ busy: first = false, blocked }: { busy?: boolean; blocked?: string }): ReactElement {
  const [busy, setBusy] = useState(first)
  const ask = ({ text }: Question): void => {
    sent(text)
    setBusy(true)
  }
  return (
    <>
      <Composer busy={busy} blocked={blocked} writable onSend={ask} onStop={() => setBusy(false)} />
      <button type="button" onClick={() => setBusy(false)}>
        the answer ends
      </button>
    </>
  )
}

const field = (): HTMLTextAreaElement => screen.getByRole('textbox')
const send = (): HTMLButtonElement => screen.getByRole('button', { name: 'Send' })
const stop = (): HTMLElement => screen.getByRole('button', { name: 'Stop the answer' })
const write = (text: string): void => void fireEvent.change(field(), { target: { value: text } })
const reason = (): string =>
  document.getElementById(field().getAttribute('aria-describedby') ?? '')?.textContent ?? 'no reason'

describe('Stop', () => {
  it('stops, and never sends the draft that is being written', () => {
    render(<Chat busy />)
    write('half a sen')
    fireEvent.click(stop())
    expect(screen.queryByTestId('stop')).toBeNull()
    expect(sent).not.toHaveBeenCalled()
    expect(field().value).toBe('half a sen')
  })

  it('is Escape too, from anywhere in the page, and keeps the draft', () => {
    render(<Chat busy />)
    write('half a sen')
    fireEvent.keyDown(document.body, { key: 'Escape', isComposing: true })
    expect(stop()).toBeTruthy()
    fireEvent.keyDown(document.body, { key: 'Escape' })
    expect(screen.queryByTestId('stop')).toBeNull()
    expect(sent).not.toHaveBeenCalled()
    expect(field().value).toBe('half a sen')
  })

  it('is not the Escape that closes a dialog', () => {
    render(<Chat busy />)
    const dialog = document.body.appendChild(document.createElement('dialog'))
    dialog.open = true
    fireEvent.keyDown(dialog, { key: 'Escape' })
    expect(stop()).toBeTruthy()
    dialog.remove()
  })

  it('is a button in a place of its own: Send stays the same element beside it, and is off for as long', () => {
    render(<Chat busy />)
    write('half a sen')
    const before = send()
    expect(before.disabled).toBe(true)
    expect(stop()).not.toBe(before)
    // What a second click in the place of Stop would hit is no button that sends.
    expect(stop().nextElementSibling).toBe(before)
    fireEvent.click(screen.getByText('the answer ends'))
    expect(send()).toBe(before)
    expect(sent).not.toHaveBeenCalled()
  })

  it('submits no form, because there is none', () => {
    render(<Chat busy />)
    expect(document.querySelector('form, [type="submit"]')).toBeNull()
  })

  it('pressed by a key that is held down sends nothing when the field gets the focus', () => {
    render(<Chat busy />)
    write('half a sen')
    fireEvent.click(stop())
    expect(document.activeElement).toBe(field())
    const notPrevented = fireEvent.keyDown(field(), { key: 'Enter', repeat: true })
    expect(notPrevented, 'no line is added either').toBe(false)
    expect(sent).not.toHaveBeenCalled()
  })
})

describe('Send', () => {
  it('sends with a click or Enter, and empties the field', () => {
    render(<Chat />)
    write('one')
    fireEvent.click(send())
    fireEvent.click(stop())
    write('two')
    fireEvent.keyDown(field(), { key: 'Enter' })
    expect(sent.mock.calls).toEqual([['one'], ['two']])
    expect(field().value).toBe('')
  })

  it('sends nothing with Enter while an answer is under way, with Shift, or while an input method composes', () => {
    render(<Chat />)
    write('one')
    fireEvent.keyDown(field(), { key: 'Enter', shiftKey: true })
    fireEvent.keyDown(field(), { key: 'Enter', isComposing: true })
    fireEvent.keyDown(field(), { key: 'Enter', keyCode: 229 })
    expect(sent).not.toHaveBeenCalled()
    fireEvent.keyDown(field(), { key: 'Enter' })
    write('two')
    fireEvent.keyDown(field(), { key: 'Enter' })
    expect(sent.mock.calls).toEqual([['one']])
    expect(field().value).toBe('two')
  })

  it('sends nothing where the service is not verified, and keeps what was written', () => {
    render(<Chat blocked="Not verified." />)
    write('one')
    expect(send().disabled).toBe(true)
    fireEvent.keyDown(field(), { key: 'Enter' })
    expect(sent).not.toHaveBeenCalled()
    expect(field().value).toBe('one')
    expect(reason()).toBe('Not verified.')
  })

  it('sends no white space alone, and white space before text as it was pasted', () => {
    render(<Chat />)
    write(' \n ')
    expect(send().disabled).toBe(true)
    write('    indented()\n')
    fireEvent.click(send())
    expect(sent.mock.calls).toEqual([['    indented()\n']])
  })
})

describe('a text that is longer than what is sent at once', () => {
  const long = `${'x'.repeat(LONGEST_QUESTION)}the end`

  it('stays whole in the field, and is not sent until it is shortened', () => {
    render(<Chat />)
    expect(field().maxLength, 'a browser cuts what is pasted at this').toBeLessThanOrEqual(0)
    write(long)
    expect(field().value).toBe(long)
    expect(send().disabled).toBe(true)
    fireEvent.keyDown(field(), { key: 'Enter' })
    fireEvent.click(send())
    expect(sent).not.toHaveBeenCalled()
    expect(field().value).toBe(long)

    const most = long.slice(0, LONGEST_QUESTION)
    write(most)
    fireEvent.click(send())
    expect(sent.mock.calls).toEqual([[most]])
  })

  it('is counted beside the field, with the limit and what to do', () => {
    render(<Chat />)
    write(long)
    expect(reason()).toBe(
      '200,007 of at most 200,000 characters: shorten it by 7, or send it in parts. Nothing was cut or sent.',
    )
    expect(screen.getByTestId('length').textContent).toBe(reason())
    expect(field().getAttribute('aria-invalid')).toBe('true')
  })

  it('is announced before the limit is reached', () => {
    expect(lengthOf('x'.repeat(100_000))).toEqual({ tooLong: false, sentence: undefined })
    expect(lengthOf('x'.repeat(160_000))).toEqual({
      tooLong: false,
      sentence: '160,000 of at most 200,000 characters.',
    })
    expect(lengthOf('x'.repeat(200_000)).tooLong).toBe(false)
  })
})
