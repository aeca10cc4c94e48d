/** Figures of one run; only ratios of it are judged. */
export interface Figures {
  /** Microseconds. */
  readonly x25519Us: number
  readonly hybridReceiveUs: number
  /** The hybrid open with arithmetic in Rust, which the gateway does not use: it shows what the profile does to crates. */
  readonly portableHybridUs: number
  /** Processor time of the plain proxy over the gateway's, for an answer of 1,000 events, padded. */
  readonly events: number
  /** Speed of sealing 1 MB in the SDK, as a share of bare WebCrypto. */
  readonly seal: number
  /** Milliseconds of a verification by a verifier that runs already. */
  readonly verifyMs: number
  /** Milliseconds of one SHA-256 of 1 MiB. */
  readonly sha256Ms: number
}

/** A ratio, its bar, and whether it is beyond twice the bar's distance. */
export interface Row {
  readonly name: string
  readonly measured: number
  readonly bar: number
  /** `most`: the bar is an upper bound. */
  readonly kind: 'most' | 'least'
  readonly fallen: boolean
}

/**
 * The ratios and their bars. A row has fallen at twice its bar's distance: noise of a busy machine moves a ratio of one run by some tens
 * of percent, and a lost build setting by a factor of ten.
 */
export function rowsOf(figures: Figures): Row[] {
  const { x25519Us, hybridReceiveUs, portableHybridUs, events, seal, verifyMs, sha256Ms } = figures
  return [
    row('hybrid open / X25519 agreement', hybridReceiveUs / x25519Us, 'most', 8),
    row('hybrid open in Rust / X25519 agreement', portableHybridUs / x25519Us, 'most', 20),
    row('proxy / gateway on 1,000 events', events, 'least', 0.5),
    row('seal 1 MB / bare WebCrypto', seal, 'least', 0.5),
    row('verify warm / SHA-256 of 1 MiB', verifyMs / sha256Ms, 'most', 12),
  ]
}

function row(name: string, measured: number, kind: Row['kind'], bar: number): Row {
  // What is not a number has fallen.
  const holds = kind === 'most' ? measured <= bar * 2 : measured >= bar / 2
  return { name, measured, bar, kind, fallen: !holds }
}

/** The row as a line of text. */
export function describe({ name, measured, bar, kind, fallen }: Row): string {
  const limit = kind === 'most' ? `bar ≤ ${bar}, floor ${bar * 2}` : `bar ≥ ${bar}, floor ${bar / 2}`
  return `${fallen ? 'FALLEN' : 'holds '}  ${name.padEnd(40)} ${measured.toFixed(2).padStart(8)}   ${limit}`
}
