// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/preact'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { QuestionView } from '../src/chat/question-view.tsx'
import { LONGEST_QUESTION } from '../src/conversation/question.ts'

const onEdit = vi.fn<(question: string) => void>()
const onShow = vi.fn<(branch: number) => void>()
beforeEach(() => {
  onEdit.mockClear()
  onShow.mockClear()
})
afterEach(cleanup)

const button = (name: string): HTMLButtonElement => screen.getByRole('button', { name })
const shown = (change: { ready?: boolean; at?: number; count?: number } = {}): void => {
  const { ready = true, at = 0, count = 1 } = change
  render(<QuestionView question="One?" ready={ready} branches={{ at, count }} onEdit={onEdit} onShow={onShow} />)
}

it('is edited in its place, and asked when the person says so', () => {
  shown()
  fireEvent.click(button('Edit the question'))
  const field = screen.getByRole<HTMLTextAreaElement>('textbox')
  expect(field.value).toBe('One?')
  expect(document.activeElement).toBe(field)
  fireEvent.change(field, { target: { value: 'Another?' } })
  fireEvent.keyDown(field, { key: 'Enter' })
  expect(onEdit).not.toHaveBeenCalled()
  fireEvent.click(button('Ask this'))
  expect(onEdit).toHaveBeenCalledWith('Another?')
})

it('is left as it was by Escape', () => {
  shown()
  fireEvent.click(button('Edit the question'))
  fireEvent.change(screen.getByRole('textbox'), { target: { value: 'Another?' } })
  fireEvent.keyDown(screen.getByRole('textbox'), { key: 'Escape' })
  expect(screen.getByText('One?')).toBeTruthy()
  expect(onEdit).not.toHaveBeenCalled()
})

it('is not asked while it is empty or too long, nor edited before the service is verified', () => {
  shown()
  fireEvent.click(button('Edit the question'))
  for (const value of ['  ', 'x'.repeat(LONGEST_QUESTION + 1)]) {
    fireEvent.change(screen.getByRole('textbox'), { target: { value } })
    expect(button('Ask this').disabled).toBe(true)
  }
  cleanup()
  shown({ ready: false })
  expect(button('Edit the question').disabled).toBe(true)
})

it('goes from branch to branch, where there are several', () => {
  shown()
  expect(screen.queryByRole('group', { name: 'Branches of this question' })).toBeNull()
  cleanup()
  shown({ at: 1, count: 3 })
  expect(screen.getByText('2 of 3')).toBeTruthy()
  fireEvent.click(button('Previous branch'))
  fireEvent.click(button('Next branch'))
  expect(onShow.mock.calls).toEqual([[0], [2]])
  cleanup()
  shown({ at: 2, count: 3 })
  expect(button('Next branch').disabled).toBe(true)
})
