import type { ReactElement } from 'react'
import { Llama } from '../ui/icons.tsx'

const SUGGESTIONS = [
  'Explain end-to-end encryption in two sentences.',
  'Write a short thank-you note to a colleague.',
  'What should I ask my doctor before a blood test?',
  'Give me three ideas for dinner with lentils.',
]

interface WelcomeProps {
  readonly ready: boolean
  /** No suggestions where nothing can be asked. */
  readonly refused: boolean
  readonly onAsk: (question: string) => void
}

export function Welcome({ ready, refused, onAsk }: WelcomeProps): ReactElement {
  return (
    <div className="welcome">
      <div className="welcome-column">
        <Llama />
        <h2>Ask in private.</h2>
        <p className="welcome-text">
          Before it sends the first word, this page proves which software will read it, and encrypts to a key that
          exists only inside that software.
        </p>
        {!refused && (
          <ul className="suggestions" aria-label="Suggested questions">
            {SUGGESTIONS.map((question) => (
              <li key={question}>
                <button type="button" className="suggestion" disabled={!ready} onClick={() => onAsk(question)}>
                  {question}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}
