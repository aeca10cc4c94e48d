import type { Receipt } from '@blindllama/web-sdk/receipts'
import { useContext, useEffect, useId, useState, type ReactElement } from 'react'
import { explain } from '../explain.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { download } from '../ui/download.ts'
import { KeepIcon } from '../ui/icons.tsx'
import { checkOf, fileName, kept, POLICY_FILE, statementOf } from './kept.ts'
import { PolicyOfPage } from './policy-of-page.ts'

/** Offers the proof of an answer as a file, and says what it is before it is kept. */
export function KeepProof({ response }: { readonly response: Response }): ReactElement {
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <>
      <button
        type="button"
        className="icon-button"
        data-testid="keep-proof"
        aria-label="Keep the proof"
        title="Keep the proof"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <KeepIcon />
      </button>
      <div className="keep" id={id} hidden={!open}>
        {open && <Offer response={response} />}
      </div>
    </>
  )
}

/** What may hold a secret elsewhere: the API key of this page is a placeholder, so that there is none to be shown. */
const PLACEHOLDERS: readonly string[] = ['authorization']

function Offer({ response }: { readonly response: Response }): ReactElement {
  const [found, setFound] = useState<{ receipt?: Receipt; problem?: string }>({})
  useEffect(() => {
    kept.of(response).then(
      (receipt) => setFound({ receipt }),
      (error: unknown) => setFound({ problem: explain(error).sentence }),
    )
  }, [response])
  const { receipt, problem } = found
  return (
    <section aria-label="The proof of this answer" data-testid="proof" data-signed={receipt?.signed}>
      <div role="status">
        {problem !== undefined && <p>{problem}</p>}
        {receipt && statementOf(receipt).map((sentence) => <p key={sentence}>{sentence}</p>)}
      </div>
      {receipt && (
        <div className="keep-foot">
          <button
            type="button"
            className="button"
            onClick={() => download(receipt.blob({ withCredentials: PLACEHOLDERS }), fileName(receipt.signed))}
          >
            {receipt.signed ? 'Download, with your question and the answer' : 'Download'}
          </button>
          {receipt.signed && (
            <button
              type="button"
              className="button"
              onClick={() => download(receipt.blob({ digestsOnly: true }), fileName(true))}
            >
              Download without the content
            </button>
          )}
        </div>
      )}
      {receipt && <HowToCheck receipt={receipt} />}
    </section>
  )
}

/** The command that checks the file, and the policy that it needs. */
function HowToCheck({ receipt }: { readonly receipt: Receipt }): ReactElement {
  const policy = useContext(PolicyOfPage)
  const { sentence, command } = checkOf(receipt)
  return (
    <div className="keep-check" data-testid="check">
      <p>{sentence}</p>
      <div className="keep-command">
        <code>{command}</code>
        <CopyButton text={command} label="Copy the command" />
      </div>
      {policy !== undefined && (
        <button
          type="button"
          className="button"
          onClick={() => download(new Blob([policy], { type: 'application/json' }), POLICY_FILE)}
        >
          Download the policy of this page
        </button>
      )}
    </div>
  )
}
