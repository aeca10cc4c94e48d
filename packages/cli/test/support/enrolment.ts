import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { certificatesIn } from '../../src/chain/certificates.js'
import type { Credential } from '../../src/enrol/credential.js'
import type { RootKind, Roots } from '../../src/enrol/roots.js'
import type { EnrolmentService } from '../../src/enrol/service.js'
import type { TemplateName } from '../../src/enrol/templates.js'
import { vector } from './run.js'

// That a TPM gives the value back, services/staging/test/enrolment.test.ts shows; here nobody holds the private keys.
const pem = (name: string): Uint8Array[] =>
  certificatesIn(name, readFileSync(new URL(`../enrolment/${name}.pem`, import.meta.url)))
export const [root, issuer]: [Uint8Array, Uint8Array] = pem('authorities') as [Uint8Array, Uint8Array]
export const [rsa]: [Uint8Array] = pem('ek-rsa') as [Uint8Array]
export const [p384]: [Uint8Array] = pem('ek-p384') as [Uint8Array]
export const sha256 = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex')

export function roots(kind: RootKind, certificates: Uint8Array[] = [issuer, root]): Roots {
  return { roots: [{ name: 'swtpm-localca', kind, sha256: sha256(root) }], certificates }
}

/** Of a vector: its static part (PROTOCOL.md §3) stands at the end of the bundle, A1 00 58 and a length before the key. */
export const akPublic: Uint8Array = ((evidence: Buffer): Uint8Array => {
  const start = evidence.lastIndexOf(Buffer.from('a10058', 'hex'))
  return new Uint8Array(evidence.subarray(start + 4, start + 4 + (evidence[start + 3] ?? 0)))
})(Buffer.from(vector('ok-ecc').evidence, 'hex'))

export interface Fake {
  endorsements?: { template: TemplateName; certificate: Uint8Array }[]
  ak?: Uint8Array
  answer?: (credential: Credential) => Uint8Array
}

export function service(fake: Fake): EnrolmentService & { asked: TemplateName[] } {
  const asked: TemplateName[] = []
  const ak = fake.ak ?? akPublic
  return {
    asked,
    describe: async () => ({
      akPublic: ak,
      endorsements: fake.endorsements ?? [{ template: 'rsa-2048', certificate: rsa }],
    }),
    activate: async (template, credential) => {
      asked.push(template)
      return (fake.answer ?? (({ value }) => value))(credential)
    },
  }
}

/** A time at which the certificates are valid. */
export const now = (): number => Date.UTC(2027, 0, 1)
