import type { ReactElement, ReactNode } from 'react'

/** All icons are decoration beside words: hidden from assistive technology, drawn in the colour of the text. */
function Icon({ children }: { readonly children: ReactNode }): ReactElement {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  )
}

export const KeepIcon = (): ReactElement => (
  <Icon>
    <path d="M12 4v10.5m-4.2-4 4.2 4.2 4.2-4.2M5 19.5h14" />
  </Icon>
)
export const CheckIcon = (): ReactElement => (
  <Icon>
    <path d="m5 12.5 4.5 4.5L19 7.5" />
  </Icon>
)
export const WarningIcon = (): ReactElement => (
  <Icon>
    <path d="M12 4 2.8 19.5h18.4z" />
    <path d="M12 10v4.5m0 2.4v.1" />
  </Icon>
)
export const CopyIcon = (): ReactElement => (
  <Icon>
    <rect x="9" y="9" width="11" height="11" rx="2.5" />
    <path d="M15 5.5A1.5 1.5 0 0 0 13.5 4h-8A1.5 1.5 0 0 0 4 5.5v8A1.5 1.5 0 0 0 5.5 15" />
  </Icon>
)
export const AttachIcon = (): ReactElement => (
  <Icon>
    <path d="m19 11.5-7.2 7.2a4.5 4.5 0 0 1-6.4-6.4l7.6-7.6a3 3 0 0 1 4.3 4.3l-7.4 7.4a1.5 1.5 0 0 1-2.2-2.2l6.6-6.5" />
  </Icon>
)
export const ListIcon = (): ReactElement => (
  <Icon>
    <path d="M4 6.5h16M4 12h16M4 17.5h10" />
  </Icon>
)
export const SettingsIcon = (): ReactElement => (
  <Icon>
    <path d="M4 7h9m5 0h2M4 17h2m5 0h9" />
    <circle cx="15.5" cy="7" r="2.3" />
    <circle cx="8.5" cy="17" r="2.3" />
  </Icon>
)
export const DeleteIcon = (): ReactElement => (
  <Icon>
    <path d="M5 7h14M9.5 7V4.5h5V7m-8 0 1 12.5h9L17.5 7" />
  </Icon>
)
export const CloseIcon = (): ReactElement => (
  <Icon>
    <path d="m6 6 12 12M18 6 6 18" />
  </Icon>
)
export const SendIcon = (): ReactElement => (
  <Icon>
    <path d="M12 19V5m-6 6 6-6 6 6" />
  </Icon>
)
export const StopIcon = (): ReactElement => (
  <Icon>
    <rect className="filled" x="7" y="7" width="10" height="10" rx="2" />
  </Icon>
)
export const AgainIcon = (): ReactElement => (
  <Icon>
    <path d="M19 12a7 7 0 1 1-2.1-5" />
    <path d="M19.5 3.5v4h-4" />
  </Icon>
)
export const EditIcon = (): ReactElement => (
  <Icon>
    <path d="M4.5 19.5 5.5 15 16 4.5l3.5 3.5L9 18.5zM13.5 7l3.5 3.5" />
  </Icon>
)
export const NewChatIcon = (): ReactElement => (
  <Icon>
    <path d="M12 5v14M5 12h14" />
  </Icon>
)
export const DownIcon = (): ReactElement => (
  <Icon>
    <path d="M12 5v14m-6-6 6 6 6-6" />
  </Icon>
)

/** The mark: a llama with a blindfold. */
export const Llama = (): ReactElement => (
  <svg className="llama" viewBox="0 0 48 48" aria-hidden="true" focusable="false">
    <path
      className="llama-coat"
      d="M14.5 4.5c2.6 1.3 4 4.3 4.1 8.2a9 9 0 0 1 10.8 0c.1-3.9 1.5-6.9 4.1-8.2 1.7 4.1 1.4 8.8-.6 12.4.7 1.6 1.1 3.4 1.1 5.3v7.3c0 1.3-.2 2.5-.6 3.7 4.6 2 7.6 5.9 8.1 11.8h-35c.5-5.9 3.5-9.8 8.1-11.8-.4-1.2-.6-2.4-.6-3.7v-7.3c0-1.9.4-3.7 1.1-5.3-2-3.6-2.3-8.3-.6-12.4Z"
    />
    <path className="llama-muzzle" d="M18 31c0-3.6 2.6-6 6-6s6 2.4 6 6-2.6 6.5-6 6.5-6-2.9-6-6.5Z" />
    <path className="llama-band" d="M12.5 17.6c7.5 1.7 15.5 1.7 23 0v5.6c-7.5 1.7-15.5 1.7-23 0Z" />
    <path className="llama-mouth" d="m22.3 29.5 1.7 1.5 1.7-1.5M24 31v1.8m-2.2 1.2c1.3.8 3.1.8 4.4 0" />
  </svg>
)
