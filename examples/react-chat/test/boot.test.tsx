import type { Report } from '@blindllama/web-sdk'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { Boot } from '../src/proof/boot.tsx'
import { bootEvents, secureBootSentence } from '../src/proof/boot-events.ts'

type Log = NonNullable<Report['eventLog']>
type Event = Log['events'][number]

function event(change: Partial<Event>): Event {
  const usual = { type: 'EV_IPL', subject: 'kernel', description: 'linux', verified: true, digest: 'ab' }
  return { index: 1, pcr: 9, ...usual, ...change }
}

function logOf(...events: Event[]): Log {
  return { bank: 'sha256', unexplained: [], findings: [], events }
}

const html = (...events: Event[]): string => renderToStaticMarkup(<Boot log={logOf(...events)} />)
/** The text of an element of a class, without marks. */
function textOf(markup: string, name: string): string {
  const [, inner = ''] = new RegExp(`class="${name}"[^>]*>(.*?)</(?:span|bdi)>(?=<span|</li)`).exec(markup) ?? []
  return inner.replaceAll(/<[^>]*>/g, '')
}

describe('an event of a boot', () => {
  it('is shown as verified for what was measured alone: what the log calls it is a claim, on every event', () => {
    const shown = html(event({ description: 'linux', subject: 'kernel' }))
    expect(textOf(shown, 'boot-description')).toBe('linux')
    expect(textOf(shown, 'boot-verified')).toBe('verified: the TPM measured exactly this into PCR 9')
    expect(textOf(shown, 'boot-verified')).not.toContain('Kernel')
    expect(textOf(shown, 'boot-claimed')).toBe('claimed by the log: what this is, “Kernel”')
  })

  it('is a claim as a whole where the digest is not that of what is shown', () => {
    const shown = html(event({ verified: false }))
    expect(shown).not.toContain('verified:')
    expect(shown).toContain('data-verified="false"')
    expect(textOf(shown, 'boot-claimed')).toBe('claimed by the log: the TPM measured this into PCR 9, as “Kernel”')
  })

  it('is not left out because the log calls it a separator, but because it measured one', () => {
    const separators = ['00000000', 'ffffffff'].map((description) => event({ subject: 'separator', description }))
    const real = separators.concat(event({ subject: 'kernel', description: '00000000' }))
    expect(bootEvents(logOf(...real))).toEqual([])
    const called = event({ subject: 'separator', description: 'rootkit' })
    const unproven = event({ subject: 'separator', description: '00000000', verified: false })
    expect(bootEvents(logOf(called, unproven)).map(({ description }) => description)).toEqual(['rootkit', '00000000'])
  })

  it('is left out as a remark, which extends nothing', () => {
    expect(bootEvents(logOf(event({ subject: 'remark' })))).toEqual([])
  })

  it('keeps the direction of its text to itself', () => {
    expect(html(event({ description: '\u202Egnp.exe' }))).toContain('<bdi class="boot-description">\u202Egnp.exe</bdi>')
  })
})

describe('Secure Boot', () => {
  it('is said to be on or off only where the measurements prove it', () => {
    expect(secureBootSentence(undefined)).toContain('does not prove')
    expect(secureBootSentence(true)).toBe('Secure Boot was on, as the measurements prove.')
    expect(secureBootSentence(false)).toBe('Secure Boot was off, as the measurements prove.')
  })
})

it('values that the log does not explain are named', () => {
  const log = { ...logOf(event({})), unexplained: [10, 14] }
  expect(renderToStaticMarkup(<Boot log={log} />)).toContain('The log does not explain PCR 10, 14.')
})
