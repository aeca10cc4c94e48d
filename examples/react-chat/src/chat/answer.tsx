import type { ReactElement } from 'react'
import { Prose } from '../markdown/prose.tsx'
import { KeepProof } from '../proof/keep-proof.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { AgainIcon, StopIcon, WarningIcon } from '../ui/icons.tsx'
import type { Answer } from '../conversation/turns.ts'
import type { Failure } from '../explain.ts'

interface AnswerViewProps {
  readonly answer: Answer
  /** Only the latest attempt at the last question can be asked once more. */
  readonly latest: boolean
  readonly ready: boolean
  readonly onAgain: () => void
  readonly onVerify: () => void
}

export function AnswerView({ answer, latest, ready, onAgain, onVerify }: AnswerViewProps): ReactElement {
  const { state, text, reasoning, failure, cut, response, tokensPerSecond } = answer
  const ended = state !== 'streaming' && (text !== '' || !failure)
  return (
    <div className="answer" data-testid="answer" data-state={state} aria-busy={state === 'streaming'}>
      <h3 className="visually-hidden">Answer</h3>
      {reasoning !== undefined && <Reasoning text={reasoning} growing={text === '' && state === 'streaming'} />}
      {text === '' && state === 'streaming' ? (
        <p className="thinking">
          <span className="visually-hidden">Waiting for the first word</span>
          <i />
          <i />
          <i />
        </p>
      ) : (
        <div className="answer-text">
          <Prose text={text} ended={state !== 'streaming'} />
        </div>
      )}
      {failure && (
        <FailureNote failure={failure} partial={text !== ''} ready={ready} {...(latest && { onAgain, onVerify })} />
      )}
      {ended && (
        <div className="answer-foot">
          {text !== '' && <CopyButton text={text} label="Copy answer" />}
          {state === 'stopped' && (
            <span className="answer-note">
              <StopIcon /> You stopped this answer
            </span>
          )}
          {cut && <span className="answer-note">Cut at the model’s length limit</span>}
          {tokensPerSecond !== undefined && (
            <span className="answer-note">about {Math.round(tokensPerSecond)} tokens/s</span>
          )}
          {latest && !failure && (
            <button
              type="button"
              className="icon-button"
              aria-label="Ask again"
              title="Ask again"
              onClick={onAgain}
              disabled={!ready}
            >
              <AgainIcon />
            </button>
          )}
          {response && <KeepProof response={response} />}
        </div>
      )}
    </div>
  )
}

/** Folded: people read the answer, and some of them how it came about. */
function Reasoning({ text, growing }: { readonly text: string; readonly growing: boolean }): ReactElement {
  return (
    <details className="reasoning" data-testid="reasoning">
      <summary>{growing ? 'The model is reasoning' : 'Reasoning of the model'}</summary>
      <p className="plain">{text}</p>
    </details>
  )
}

interface FailureNoteProps {
  readonly failure: Failure
  readonly partial: boolean
  readonly ready: boolean
  readonly onAgain?: () => void
  readonly onVerify?: () => void
}

function FailureNote({
  failure: { code, sentence, remedy, said },
  partial,
  ready,
  onAgain,
  onVerify,
}: FailureNoteProps): ReactElement {
  // Once the service is verified anew, what is left to do is to ask.
  const verifyFirst = remedy === 'verify' && !ready
  const onRemedy = verifyFirst ? onVerify : onAgain
  return (
    <div className="failure" data-testid="error" data-code={code} role="alert">
      <WarningIcon />
      <div>
        <p>
          {partial && <strong>Incomplete answer. </strong>}
          {sentence}
        </p>
        {said !== undefined && <p className="failure-said">The server says: “{said}”</p>}
        <div className="failure-foot">
          <code>{code}</code>
          {onRemedy && remedy !== 'none' && (
            <button type="button" className="button" onClick={onRemedy} disabled={!verifyFirst && !ready}>
              <AgainIcon />
              {verifyFirst ? 'Verify again' : 'Ask again'}
            </button>
          )}
        </div>
      </div>
    </div>
  )
}
