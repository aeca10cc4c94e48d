import type { Upstream } from '@blindllama/web-sdk'
import type { ReactElement, ReactNode } from 'react'

/** `simulated`: proven as far as a software TPM can prove anything. */
export type PathStatus = 'waiting' | 'proven' | 'simulated' | 'broken'

interface PathDrawingProps {
  readonly status: PathStatus
  readonly upstream: Upstream | undefined
}

const FRAME_LABELS: Record<PathStatus, string> = {
  waiting: 'not proven yet',
  proven: 'proven',
  simulated: 'simulated proof',
  broken: 'not proven',
}

/**
 * Where words go: browser, encrypted channel past everybody else, gateway, model. The dashed frame is what the proof covers;
 * a model that runs outside the proof stands outside of it.
 */
export function PathDrawing({ status, upstream }: PathDrawingProps): ReactElement {
  const open = status === 'proven' || status === 'simulated'
  const outside = upstream === 'unattested'
  return (
    <svg
      className="path-drawing"
      data-status={status}
      viewBox="0 0 360 120"
      role="img"
      aria-label={describe(open, status, outside)}
    >
      <rect className="path-proof" x="212" y="4" width={outside ? 72 : 146} height="112" rx="14" />
      <text className="path-proof-label" x={outside ? 248 : 285} y="21">
        {outside && status === 'simulated' ? 'simulated' : FRAME_LABELS[status]}
      </text>

      <rect className="path-tube" x="52" y="48" width="164" height="20" rx="10" />
      <line className="path-flow" x1="82" x2="190" y1="58" y2="58" />
      {status === 'broken' && (
        <g className="path-cut" transform="translate(136 58)">
          <circle r="13" />
          <path d="m-5-5 10 10m0-10-10 10" />
        </g>
      )}
      <text className="path-others" x="136" y="36">
        network · cloud · operator
      </text>
      <text className="path-others" x="136" y="88">
        {open ? 'see ciphertext only' : 'nothing is sent'}
      </text>

      <line className={outside ? 'path-link path-link-open' : 'path-link'} x1="266" x2="304" y1="58" y2="58" />

      <Place x={34} label="This page">
        <rect x="-10" y="-8" width="20" height="14" rx="2.5" />
        <path d="M-10-3.5h20M-4 10h8" />
      </Place>
      <Place x={248} label="Gateway">
        <path d="M0-11 9.5-7v6.5c0 6-4 9.5-9.5 11.5-5.5-2-9.5-5.5-9.5-11.5V-7Z" />
        {open && <path d="m-4 0 3 3.5 5.5-6.5" />}
      </Place>
      <Place x={322} label="Model">
        <path d="M0-10.5C.8-3 3-.8 10.5 0 3 .8.8 3 0 10.5-.8 3-3 .8-10.5 0-3-.8-.8-3 0-10.5Z" />
      </Place>

      <Lock x={66} closed={open} />
      <Lock x={212} closed={open} />
    </svg>
  )
}

interface PlaceProps {
  readonly x: number
  readonly label: string
  readonly children: ReactNode
}

function Place({ x, label, children }: PlaceProps): ReactElement {
  return (
    <g transform={`translate(${x} 58)`}>
      <circle className="path-node" r="19" />
      <g className="path-glyph">{children}</g>
      <text className="path-label" y="45">
        {label}
      </text>
    </g>
  )
}

function Lock({ x, closed }: { readonly x: number; readonly closed: boolean }): ReactElement {
  return (
    <g className="path-lock" transform={`translate(${x} 58)`}>
      <circle r="10" />
      <rect x="-4.5" y="-1.5" width="9" height="6.5" rx="1.5" />
      <path d={closed ? 'M-2.5-1.5v-2a2.5 2.5 0 0 1 5 0v2' : 'M-2.5-1.5v-2.5a2.5 2.5 0 0 1 4.8-1'} />
    </g>
  )
}

function describe(open: boolean, status: PathStatus, outside: boolean): string {
  if (status === 'broken')
    return 'The path from this page to the model is cut: the gateway is not proven, nothing is sent.'
  if (!open) return 'The gateway is being verified. Nothing is sent until it is proven.'
  return [
    'Your words leave this page encrypted, pass network, cloud and operator as ciphertext, and are opened only inside the gateway.',
    outside ? 'The model runs outside the proof.' : 'The proof covers gateway and model.',
    ...(status === 'simulated' ? ['The proof is simulated.'] : []),
  ].join(' ')
}
