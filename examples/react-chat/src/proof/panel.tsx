import type { FailedVerdict, PassedVerdict, Report, SimulatedVerdict } from '@blindllama/web-sdk'
import type { BlindLlamaState } from '@blindllama/web-sdk/react'
import { useEffect, useRef, type MouseEvent, type ReactElement, type ReactNode } from 'react'
import { reasonOf } from '../explain.ts'
import type { Staging } from '../staging.ts'
import { AgainIcon, CrossIcon } from '../ui/icons.tsx'
import { warningsOf } from './banners.tsx'
import { Boot } from './boot.tsx'
import { Countdown, duration } from './countdown.tsx'
import { Fact, Facts, Hex } from './facts.tsx'
import { Measurements } from './measurements.tsx'
import { PathDrawing, type PathStatus } from './path-drawing.tsx'
import { Steps, stepSummary } from './steps.tsx'
import { ASSURANCE_TITLES, suiteTitle, PROMPT_CACHE_TITLES, UPSTREAM_TITLES } from './words.ts'

interface PanelProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly state: BlindLlamaState
  readonly retry: () => void
  readonly staging: Staging | undefined
}

/** The whole verification, for a person who wants to see for themselves. */
export function Panel({ open, onClose, state, retry, staging }: PanelProps): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  // Only a press on the backdrop has the dialog itself for a target: its content fills it.
  const closeOnBackdrop = (event: MouseEvent): void => {
    if (event.target === dialog.current) onClose()
  }

  return (
    <dialog ref={dialog} className="panel" aria-labelledby="panel-title" onClose={onClose} onClick={closeOnBackdrop}>
      {open && (
        <div className="panel-content">
          <header className="panel-header">
            <h2 id="panel-title">Verification</h2>
            <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
              <CrossIcon />
            </button>
          </header>
          <div className="panel-body">
            <Outcome state={state} retry={retry} />
            {state.verification && (
              <Details
                verdict={state.verification}
                expiresAt={state.expiresAt}
                staging={staging}
                stale={state.status === 'attesting'}
              />
            )}
          </div>
        </div>
      )}
    </dialog>
  )
}

function Outcome({ state, retry }: { readonly state: BlindLlamaState; readonly retry: () => void }): ReactElement {
  return (
    <section className="outcome" data-status={state.status} aria-label="Outcome">
      <PathDrawing status={pathStatus(state)} upstream={state.verification?.claims?.upstream} />
      <div role="status">
        <OutcomeText state={state} />
      </div>
      <button
        type="button"
        className="button"
        onClick={retry}
        disabled={state.status === 'ready' ? state.renewing : state.status !== 'error'}
      >
        <AgainIcon />
        Verify again
      </button>
    </section>
  )
}

function pathStatus(state: BlindLlamaState): PathStatus {
  if (state.status === 'ready') return state.verification.simulated ? 'simulated' : 'proven'
  return state.status === 'error' ? 'broken' : 'waiting'
}

function OutcomeText({ state }: { readonly state: BlindLlamaState }): ReactElement {
  switch (state.status) {
    case 'ready': {
      const { anchor } = state.verification
      return (
        <>
          <p className="outcome-title">
            {ASSURANCE_TITLES[state.verification.assurance]}
            {state.verification.release !== undefined && (
              <span className="outcome-release">
                {' '}
                · <bdi>{state.verification.release}</bdi>
              </span>
            )}
          </p>
          <p className="caveat">{anchor?.caveat}</p>
          {state.renewalError && (
            <p className="banner" data-testid="renewal-error">
              Verifying again did not succeed, and what was verified before is still valid:{' '}
              {reasonOf(state.renewalError)}
            </p>
          )}
          {warningsOf(state.verification).map(({ id, sentence }) => (
            <p className="banner" key={id}>
              {sentence}
            </p>
          ))}
        </>
      )
    }
    case 'error':
      return (
        <>
          <p className="outcome-title">Not verified</p>
          <p className="caveat">{reasonOf(state.error)}</p>
          <p className="outcome-code">
            <code data-testid="verification-code">{state.error.code}</code>
          </p>
        </>
      )
    default:
      return <p className="outcome-title">Asking the service for fresh evidence…</p>
  }
}

interface DetailsProps {
  readonly verdict: PassedVerdict | SimulatedVerdict | FailedVerdict
  readonly expiresAt: number | undefined
  readonly staging: Staging | undefined
  readonly stale: boolean
}

function Details({ verdict, expiresAt, staging, stale }: DetailsProps): ReactElement {
  const { ak, claims, clock, eventLog, pcrs, steps } = verdict
  const checks = (
    <Section title="Every check" note={stepSummary(steps)}>
      <Steps steps={steps} />
    </Section>
  )
  return (
    <div className="details" data-stale={stale}>
      {verdict.result === 'fail' && checks}
      {verdict.result === 'pass' && (
        <Section title="Channel">
          <Facts>
            <Fact name="Encryption">{suiteTitle(verdict.key)}</Fact>
            <Fact name="Valid for">
              {expiresAt === undefined ? duration(verdict.key.validForMs) : <Countdown expiresAt={expiresAt} />}
            </Fact>
            <Fact name="Public key" copy={verdict.key.publicKey}>
              <Hex value={verdict.key.publicKey} />
            </Fact>
          </Facts>
        </Section>
      )}
      {pcrs && (
        <Section title="What was measured">
          <Measurements pcrs={pcrs} measured={staging?.measured ?? []} />
        </Section>
      )}
      {eventLog && (
        <Section title="What booted" note="as the machine’s log tells it">
          <Boot log={eventLog} />
        </Section>
      )}
      {claims && (
        <Section title="What the service claims">
          <Facts>
            <Fact name="Model">{UPSTREAM_TITLES[claims.upstream]}</Fact>
            <Fact name="Prompt cache">{PROMPT_CACHE_TITLES[claims.promptCache]}</Fact>
            {staging && <Fact name="Name of the model">{staging.model}, as this page calls it</Fact>}
            <Fact name="Audience">
              <bdi>{claims.audiences.join(', ')}</bdi>
            </Fact>
            <Fact name="Instance" copy={claims.instance}>
              <code>
                <bdi>{claims.instance}</bdi>
              </code>
            </Fact>
            <Fact name="Key epoch" copy={claims.epochId}>
              <Hex value={claims.epochId} />
            </Fact>
            <Fact name="Configuration" copy={claims.configDigest}>
              <Hex value={claims.configDigest} />
            </Fact>
            <Fact name="Lifetime">{duration(claims.lifetimeMs)} from the quote</Fact>
            <Fact name="Quoted at">{new Date(claims.serverTimeMs).toLocaleString()}, by the service’s clock</Fact>
          </Facts>
        </Section>
      )}
      {ak && (
        <Section title="Who signed">
          <Signer ak={ak} clock={clock} />
        </Section>
      )}
      {verdict.result === 'pass' && checks}
    </div>
  )
}

interface SignerProps {
  /** Without a Name where a chain vouches for the key and for nothing else of its public area. */
  readonly ak: { readonly algorithm: string; readonly name?: string }
  readonly clock: Report['clock']
}

export function Signer({ ak: { algorithm, name }, clock }: SignerProps): ReactElement {
  return (
    <Facts>
      {name === undefined ? (
        <Fact name="Key name">not proven: the certificate vouches for the key alone</Fact>
      ) : (
        <Fact name="Key name" copy={name}>
          <Hex value={name} />
        </Fact>
      )}
      <Fact name="Algorithm">{algorithm}</Fact>
      {clock && (
        <Fact name="TPM">
          firmware {clock.firmwareVersion} · {clock.resetCount} resets · {clock.restartCount} restarts
        </Fact>
      )}
    </Facts>
  )
}

interface SectionProps {
  readonly title: string
  readonly note?: string
  readonly children: ReactNode
}

function Section({ title, note, children }: SectionProps): ReactElement {
  return (
    <section className="section">
      <h3>
        {title}
        {note !== undefined && <span className="section-note">{note}</span>}
      </h3>
      {children}
    </section>
  )
}
