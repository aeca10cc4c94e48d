import { createContext, useContext, useEffect, useRef, useState, type ReactElement, type ReactNode } from 'react'
import { CopyButton } from '../ui/copy-button.tsx'

/** Asks whether an address may be opened. */
const Ask: React.Context<(address: string) => void> = createContext<(address: string) => void>(() => {})

/**
 * A link that a model wrote. It is a button, since a browser may look up or fetch the address of a link before anybody follows it.
 */
export function OutwardLink({
  address,
  children,
}: {
  readonly address: string
  readonly children: ReactNode
}): ReactElement {
  const ask = useContext(Ask)
  return (
    <button type="button" className="outward-link" role="link" title={address} onClick={() => ask(address)}>
      {children}
    </button>
  )
}

/** Shows the whole address before anything of it leaves the page. */
export function AskBeforeLeaving({ children }: { readonly children: ReactNode }): ReactElement {
  const [address, setAddress] = useState<string>()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (address !== undefined) dialog.current?.showModal()
  }, [address])
  const close = (): void => dialog.current?.close()
  const open = (): void => {
    close()
    // Without an opener and without a referrer: the other page learns nothing but its own address.
    window.open(address, '_blank', 'noopener,noreferrer')
  }
  return (
    <Ask.Provider value={setAddress}>
      {children}
      <dialog
        ref={dialog}
        className="dialog"
        aria-labelledby="leaving"
        data-testid="leaving"
        onClose={() => setAddress(undefined)}
      >
        <h2 id="leaving">Open this address?</h2>
        <p>
          The model wrote it. It leads out of this page, and out of what was verified. The whole address goes to the
          other server, with anything of your conversation that the model put into it.
        </p>
        <p className="dialog-address">
          <code>{address}</code>
        </p>
        <div className="dialog-foot">
          {address !== undefined && <CopyButton text={address} label="Copy the address" />}
          <button type="button" className="button" onClick={close}>
            Stay here
          </button>
          <button type="button" className="button" data-testid="leave" onClick={open}>
            Open in a new tab
          </button>
        </div>
      </dialog>
    </Ask.Provider>
  )
}
