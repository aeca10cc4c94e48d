import type { Receipt } from '@blindllama/web-sdk/receipts'
import { useEffect, useId, useState, type ReactElement } from 'react'
import { explain } from '../chat/explain.ts'
import { KeepIcon } from '../ui/icons.tsx'
import { kept, statementOf } from './kept.ts'

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
          {/* The API key of this page is a placeholder: there is none to be shown. */}
          <button
            type="button"
            className="button"
            onClick={() => download(receipt.blob({ withCredentials: true }), receipt.signed)}
          >
            {receipt.signed ? 'Download, with your words and the answer' : 'Download'}
          </button>
          {receipt.signed && (
            <button
              type="button"
              className="button"
              onClick={() => download(receipt.blob({ digestsOnly: true }), true)}
            >
              Download without the words
            </button>
          )}
        </div>
      )}
    </section>
  )
}

function download(file: Blob, signed: boolean): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = signed ? 'blindllama-receipt.json' : 'blindllama-verification-record.json'
  link.click()
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
