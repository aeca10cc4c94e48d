import type { Report } from '@blindllama/web-sdk'
import { h, hex } from '../dom.js'
import type { Strings } from '../strings/strings.js'

/** What the publisher of a page says went into a PCR. Its name is a claim. */
export interface Measured {
  readonly name: string
  /** In lower-case hex. */
  readonly sha256: string
  readonly pcr: number
}

/** The registers that the TPM signed, with what the publisher of the page says went into them. */
export function measurements(
  { bank, values }: NonNullable<Report['pcrs']>,
  measured: readonly Measured[],
  strings: Strings,
): readonly HTMLElement[] {
  return values.map(({ index, value, rule }) => {
    const inside = measured.filter(({ pcr }) => pcr === index)
    const note = h('small', {}, strings.notRecomputed)
    if (inside.length > 0 && bank === 'sha256')
      // A digest that cannot be computed leaves the note as it is.
      isExplained(inside, value).then(
        (explained) => explained && note.replaceChildren(strings.recomputed),
        () => {},
      )
    return h(
      'div',
      { class: 'pcr', 'data-pcr': index },
      h('strong', {}, `PCR ${index}`),
      h('small', {}, ` ${strings.rules[rule] ?? rule}`),
      h('div', {}, hex(value)),
      ...inside.map(({ name, sha256 }) => h('div', { class: 'claimed' }, h('bdi', {}, `${name}: `), hex(sha256))),
      inside.length > 0 && note,
    )
  })
}

/** What EV_SEPARATOR measures where all went well: four zero bytes (TCG PC Client Platform Firmware Profile). */
const separator = new Uint8Array(4)
/** What firmware measures into PCR 4 before that. */
const callingApplication = new TextEncoder().encode('Calling EFI Application from Boot Option')

/**
 * Whether a fresh PCR of the SHA-256 bank, extended by these digests in this order, has `value` (TPM 2.0 Part 1, Extend of a PCR): by them
 * alone, or after what firmware extends when it hands over.
 */
export async function isExplained(measured: readonly Measured[], value: string): Promise<boolean> {
  const digests = measured.map(({ sha256 }) =>
    Uint8Array.from(sha256.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)),
  )
  const [handOver, call] = [await digest(separator), await digest(callingApplication)]
  for (const before of [[], [handOver], [call, handOver]])
    if ((await extended([...before, ...digests])) === value) return true
  return false
}

async function extended(digests: readonly Uint8Array[]): Promise<string> {
  let pcr = new Uint8Array(32)
  for (const each of digests) pcr = await digest(new Uint8Array([...pcr, ...each]))
  return Array.from(pcr, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}
