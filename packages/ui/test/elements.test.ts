// @vitest-environment jsdom
import { BlindLlamaError, type FailedVerdict } from '@blindllama/web-sdk'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { BlindLlamaBadge, BlindLlamaRefusal, BlindLlamaVerification } from '../src/index.js'
import type { ProofState } from '../src/proof/source.js'
import { de } from '../src/strings/de.js'
import { en } from '../src/strings/en.js'
import { attest, proofOf, settled, vector } from './vectors.ts'

beforeAll(async () => {
  // jsdom constructs no style sheets; the browsers of `e2e` do.
  vi.stubGlobal(
    'CSSStyleSheet',
    class {
      replaceSync(): void {}
    },
  )
  Object.defineProperty(ShadowRoot.prototype, 'adoptedStyleSheets', { value: [], writable: true })
  await import('../src/index.js')
})
afterEach(() => document.body.replaceChildren())

type Tag = 'blindllama-badge' | 'blindllama-verification' | 'blindllama-refusal'
interface Elements {
  'blindllama-badge': BlindLlamaBadge
  'blindllama-verification': BlindLlamaVerification
  'blindllama-refusal': BlindLlamaRefusal
}

function shown<T extends Tag>(tag: T, proof?: ReturnType<typeof proofOf>): Elements[T] & { shadowRoot: ShadowRoot } {
  const element = document.createElement(tag) as unknown as Elements[T] & { shadowRoot: ShadowRoot }
  element.proof = proof
  document.body.append(element)
  return element
}

async function proofFor(name: string, retry?: () => void): Promise<ReturnType<typeof proofOf>> {
  const proof = proofOf(vector(name), retry)
  await attest(proof, vector(name))
  return proof
}

async function refuse(
  proof: ReturnType<typeof proofOf>,
  code: 'evidence.unreachable' | 'ak.untrusted' = 'ak.untrusted',
): Promise<void> {
  proof.onEvent({ type: 'attesting', reason: 'connect' })
  const verdict =
    code === 'ak.untrusted' ? ({ result: 'fail', code, detail: '', steps: [] } as unknown as FailedVerdict) : undefined
  proof.onEvent({ type: 'failed', reason: 'connect', error: new BlindLlamaError(code, 'No', { verdict }) })
  await settled(proof)
}

/** A proof whose state a test sets. */
function fixed(state: Partial<ProofState>): ReturnType<typeof proofOf> {
  const proof = proofOf(vector('ok-enrolment'))
  const whole = { ...proof.state, ...state }
  Object.defineProperty(proof, 'state', { value: whole })
  return proof
}

const text = (element: Element | null | undefined): string => element?.textContent ?? ''

describe('the badge', () => {
  test('says that nothing is verified without a proof', () => {
    const badge = shown('blindllama-badge')
    expect(text(badge.shadowRoot.querySelector('button'))).toBe(en.answer.idle)
    expect(badge.dataset['status']).toBe('idle')
  })

  test.each([
    ['ok-enrolment', 'proven', en.answer.proven],
    ['ok-chain-azure', 'limited', en.answer.limited],
    ['ok-simulated', 'simulated', `${en.answer.simulated} · ${en.simulatedBadge}`],
  ])('of %s says %s, with the time of the proof, and announces it', async (name, status, word) => {
    const badge = shown('blindllama-badge', await proofFor(name))
    expect(badge.dataset['status']).toBe(status)
    expect(text(badge.shadowRoot.querySelector('button'))).toContain(word)
    expect(text(badge.shadowRoot.querySelector('small'))).toContain('last verified')
    expect(text(badge.shadowRoot.querySelector('[role=status]'))).toBe(word)
  })

  test('stays as it was while a renewal runs, and is not announced again', async () => {
    const proof = await proofFor('ok-enrolment')
    const badge = shown('blindllama-badge', proof)
    const before = text(badge.shadowRoot.querySelector('button'))
    const live = badge.shadowRoot.querySelector('[role=status]')
    proof.onEvent({ type: 'attesting', reason: 'renew' })
    expect(badge.dataset).toMatchObject({ status: 'proven', renewing: 'true' })
    expect(text(badge.shadowRoot.querySelector('button'))).toBe(before)
    expect(badge.shadowRoot.querySelector('[role=status]')).toBe(live)
  })

  test('opens the panel that its attribute `for` names, unless the page prevents it', async () => {
    const proof = await proofFor('ok-enrolment')
    const panel = shown('blindllama-verification', proof)
    panel.id = 'proof'
    const show = vi.spyOn(panel, 'show').mockImplementation(() => {})
    const badge = shown('blindllama-badge', proof)
    badge.setAttribute('for', 'proof')
    badge.shadowRoot.querySelector('button')?.click()
    expect(show).toHaveBeenCalledTimes(1)
    badge.addEventListener('blindllama-open', (event) => event.preventDefault())
    badge.shadowRoot.querySelector('button')?.click()
    expect(show).toHaveBeenCalledTimes(1)
  })

  test('keeps the focus when its words change', async () => {
    const proof = proofOf(vector('ok-enrolment'))
    const badge = shown('blindllama-badge', proof)
    badge.shadowRoot.querySelector('button')?.focus()
    await attest(proof, vector('ok-enrolment'))
    expect(badge.shadowRoot.activeElement?.tagName).toBe('BUTTON')
  })

  test('follows its proof only while it is in the page', async () => {
    const proof = proofOf(vector('ok-enrolment'))
    const badge = shown('blindllama-badge', proof)
    badge.remove()
    await attest(proof, vector('ok-enrolment'))
    expect(badge.dataset['status']).toBe('idle')
    document.body.append(badge)
    expect(badge.dataset['status']).toBe('proven')
  })
})

describe('the refusal', () => {
  test('is hidden unless the proof is refused', async () => {
    const proof = await proofFor('ok-enrolment')
    const refusal = shown('blindllama-refusal', proof)
    expect(refusal.hidden).toBe(true)
    await refuse(proof)
    expect(refusal.hidden).toBe(false)
    expect(refusal.dataset['code']).toBe('ak.untrusted')
    expect(text(refusal.shadowRoot.querySelector('[role=alert]'))).toContain(en.nothingMoreSent)
  })

  test('says that nothing was sent where nothing was ever proven, and offers to verify again', async () => {
    const retry = vi.fn<() => void>()
    const proof = proofOf(vector('ok-enrolment'), retry)
    await refuse(proof, 'evidence.unreachable')
    const refusal = shown('blindllama-refusal', proof)
    expect(text(refusal.shadowRoot.querySelector('[role=alert]'))).toContain(en.nothingSent)
    expect(text(refusal.shadowRoot.querySelector('code'))).toBe('evidence.unreachable')
    refusal.shadowRoot.querySelector('button')?.click()
    expect(retry).toHaveBeenCalledTimes(1)
  })
})

/** Opens the details of the panel with this name. */
function section(panel: { shadowRoot: ShadowRoot }, name: string): HTMLDetailsElement {
  const details = panel.shadowRoot.querySelector<HTMLDetailsElement>(`[data-section=${name}]`)
  if (!details) throw new Error(`no section ${name}`)
  details.open = true
  details.dispatchEvent(new Event('toggle'))
  return details
}

describe('the panel', () => {
  test.each([
    ['ok-enrolment', 'pass'],
    ['ok-simulated', 'warn'],
  ])('marks the root of %s with %s: a chain to a software TPM holds, and proves nothing', async (name, status) => {
    const panel = shown('blindllama-verification', await proofFor(name))
    const root = panel.shadowRoot.querySelector<HTMLElement>('.chain [data-link=root]')
    expect(root?.dataset['status']).toBe(status)
  })

  test('answers first, then says who could lie, the limits, what is not proven, and draws the chain', async () => {
    const { shadowRoot } = shown('blindllama-verification', await proofFor('ok-chain-azure'))
    const order = ['.word', '.caveat', '.limits', '.unproven', '.chain'].map((each) => shadowRoot.querySelector(each))
    expect(order.every((each) => each !== null)).toBe(true)
    for (const [index, each] of order.entries()) {
      const next = order[index + 1]
      if (each && next) expect(each.compareDocumentPosition(next) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy()
    }
    expect(text(order[0])).toBe(en.answer.limited)
    expect(text(order[2])).toContain(en.limits['cloud-vtpm'])
    expect(text(order[3])).toContain(en.memoryNotProven)
    const links = [...shadowRoot.querySelectorAll<HTMLElement>('.chain li')]
    expect(links.map(({ dataset }) => dataset['link'])).toEqual([
      'root',
      'ak',
      'quote',
      'pcrs',
      'release',
      'key',
      'session',
    ])
    expect(links.every(({ dataset }) => dataset['status'] === 'pass')).toBe(true)
  })

  test('breaks the chain where a step failed, and shows nothing behind it as passed', async () => {
    const proof = proofOf(vector('ok-enrolment'))
    await attest(proof, { ...vector('ok-enrolment'), nonce: 'ab'.repeat(32) })
    const { shadowRoot } = shown('blindllama-verification', proof)
    const links = [...shadowRoot.querySelectorAll<HTMLElement>('.chain li')].map(({ dataset }) => dataset['status'])
    expect(links).toEqual(['pass', 'pass', 'fail', 'skipped', 'skipped', 'skipped', 'skipped'])
    expect(text(shadowRoot.querySelector('.answer'))).toContain('binding.')
    expect(section({ shadowRoot }, 'steps').querySelectorAll('[data-status=fail]').length).toBe(1)
  })

  test('shows no link as holding of which a part comes after the step that failed', async () => {
    const proof = proofOf(vector('ok-release'))
    await attest(proof, { ...vector('ok-release'), nonce: 'ab'.repeat(32) })
    // The keys of the release were read, with a warning, before the nonce failed.
    expect(proof.state.verdict?.steps.find(({ id }) => id === 'release.keys')?.status).toBe('warn')
    const { shadowRoot } = shown('blindllama-verification', proof)
    expect(shadowRoot.querySelector<HTMLElement>('[data-link=release]')?.dataset['status']).toBe('skipped')
  })

  test('shows as measured only what a digest covers, and what the log calls it as a claim', async () => {
    const panel = shown('blindllama-verification', await proofFor('ok-log'))
    const events = [...section(panel, 'boot').querySelectorAll<HTMLElement>('.boot-event')]
    const measured = events.filter(({ dataset }) => dataset['verified'] === 'true')
    expect(measured.length).toBeGreaterThan(0)
    expect(measured.length).toBeLessThan(events.length)
    for (const event of events) {
      const isMeasured = event.dataset['verified'] === 'true'
      expect(event.querySelector('.measured') !== null).toBe(isMeasured)
      expect(text(event.querySelector('.claimed'))).toContain('claimed by the log')
    }
    const log = panel.proof?.state.verdict?.eventLog
    expect(measured.length).toBe(
      log?.events.filter(
        ({ verified, subject, description }) =>
          verified && subject !== 'remark' && !/^(?:0{8}|f{8})$/.test(description),
      ).length,
    )
  })

  test('has a switch that flips a bit and shows the refusal of the real verifier', async () => {
    const panel = shown('blindllama-verification', await proofFor('ok-enrolment'))
    const tampering = section(panel, 'tamper')
    const flip = async (part: string): Promise<string> => {
      const place = tampering.querySelector('select')
      const toggle = tampering.querySelector<HTMLInputElement>('[role=switch]')
      if (!place || !toggle) throw new Error('no switch')
      place.value = part
      toggle.checked = true
      toggle.dispatchEvent(new Event('change'))
      await vi.waitFor(() => expect(tampering.querySelector('[data-tampered]')).not.toBeNull(), 30_000)
      const code = text(tampering.querySelector('[data-code]'))
      toggle.checked = false
      toggle.dispatchEvent(new Event('change'))
      expect(tampering.querySelector('[data-tampered]')).toBeNull()
      return code
    }
    expect(await flip('measurement')).toBe('pcr.digest')
    expect(await flip('nonce')).toMatch(/^binding\./)
    expect(await flip('key')).toBe('binding.extra_data')
    expect(text(panel.shadowRoot.querySelector('.word')), 'the session').toBe(en.answer.proven)
  })

  test('says plainly where altered evidence is accepted', async () => {
    const proof = await proofFor('ok-enrolment')
    const { verdict } = proof.state
    if (!verdict) throw new Error('no verdict')
    vi.spyOn(proof, 'verify').mockResolvedValue(verdict)
    const tampering = section(shown('blindllama-verification', proof), 'tamper')
    const toggle = tampering.querySelector<HTMLInputElement>('[role=switch]')
    if (toggle) toggle.checked = true
    toggle?.dispatchEvent(new Event('change'))
    await vi.waitFor(() => expect(tampering.querySelector('[data-tampered=accepted]')).not.toBeNull(), 30_000)
    expect(text(tampering)).toContain(en.tamperUnnoticed)
  })

  test('keeps what a person has opened while a renewal runs, and replaces the answer alone', async () => {
    const proof = await proofFor('ok-enrolment')
    const panel = shown('blindllama-verification', proof)
    const steps = section(panel, 'steps')
    proof.onEvent({ type: 'attesting', reason: 'renew' })
    expect(panel.shadowRoot.contains(steps)).toBe(true)
    expect(text(panel.shadowRoot.querySelector('.answer'))).toContain(en.renewing)
    await attest(proof, vector('ok-enrolment'))
    expect(panel.shadowRoot.querySelector<HTMLDetailsElement>('[data-section=steps]')?.open).toBe(true)
  })

  test('reads the certificates of the evidence, and says that the verifier decides', async () => {
    const certificates = section(shown('blindllama-verification', await proofFor('ok-chain-azure')), 'certificates')
    await vi.waitFor(
      () => expect(certificates.querySelectorAll('[data-testid=certificate]').length).toBeGreaterThan(1),
      30_000,
    )
    expect(text(certificates)).toContain('CN=')
    expect(text(certificates)).toMatch(/SHA-256 [0-9a-f]{64}/)
    expect(text(certificates)).toContain(en.certificatesNote)
    const none = section(shown('blindllama-verification', await proofFor('ok-enrolment')), 'certificates')
    await vi.waitFor(() => expect(text(none)).toContain(en.certificatesNone), 30_000)
  })

  test('shows a key without a proven Name as that', async () => {
    const panel = shown('blindllama-verification', await proofFor('warn-certified-claimed'))
    expect(text(section(panel, 'facts').querySelector('[data-fact=akName]'))).toBe(en.nameNotProven)
  })

  test('recomputes the digests of the page, and calls the others claims', async () => {
    const proof = await proofFor('ok-enrolment')
    const panel = shown('blindllama-verification', proof)
    panel.measured = [{ name: 'kernel', sha256: 'cd'.repeat(32), pcr: 4 }]
    const pcr = section(panel, 'pcrs').querySelector('[data-pcr="4"]')
    expect(text(pcr)).toContain(en.notRecomputed)
    expect(text(pcr)).toContain('kernel')
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(text(pcr)).toContain(en.notRecomputed)
  })

  test('speaks the language that it is given, and marks the sentences of the verifier as English', async () => {
    const panel = shown('blindllama-verification', await proofFor('ok-chain-azure'))
    panel.strings = de
    expect(panel.shadowRoot.querySelector<HTMLElement>('.panel')?.lang).toBe('de')
    expect(text(panel.shadowRoot.querySelector('.word'))).toBe(de.answer.limited)
    expect(panel.shadowRoot.querySelector<HTMLElement>('.caveat')?.lang).toBe('en')
    expect(text(panel.shadowRoot.querySelector('[data-section=steps] summary'))).toContain(de.stepStatus.pass)
  })

  test('lets no text of a service become markup', () => {
    const hostile = '<img src=x onerror=alert(1)>'
    const state = { status: 'refused', problem: { code: hostile, reason: hostile } } as const
    const { shadowRoot } = shown('blindllama-verification', fixed(state))
    expect(shadowRoot.querySelector('img')).toBeNull()
    expect(text(shadowRoot.querySelector('.answer'))).toContain(hostile)
  })
})

test('German replaces every text', () => {
  const keys = (value: object): string[] =>
    Object.entries(value).flatMap(([name, each]) =>
      typeof each === 'object' ? keys(each).map((inner) => `${name}.${inner}`) : [name],
    )
  const german = new Set(keys(de))
  expect(keys(en).filter((name) => !german.has(name))).toEqual([])
})
