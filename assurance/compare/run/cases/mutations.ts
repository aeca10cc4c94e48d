import { fromHex, toHex } from '../../../second-verifier/src/bytes.ts'
import type { Case } from '../case.ts'
import type { BundleQuestion, Question } from '../contract.ts'
import { Bundle } from './bundle-parts.ts'

const group = 'mutations'

/** Bundles of which every part is changed in turn. Their keys sign nothing new: what is covered by the quote must never verify again. */
export function mutationCases(bundles: readonly Case[]): Case[] {
  const find = (name: string): BundleQuestion => {
    const question = bundles.find((subject) => subject.name === name)?.question
    if (question?.ask !== 'bundle') throw new Error(`the vector ${name} is missing`)
    return question
  }
  const ecc = find('ok-ecc')
  const rsa = find('ok-rsa')
  return [
    refused('attest-every-bit', 'A13', 'each bit of the quote', 'ok-ecc', flips(ecc, 'attest', everyBit)),
    refused(
      'attest-every-byte-rsa',
      'A13',
      'each byte of the quote of an RSA key',
      'ok-rsa',
      flips(rsa, 'attest', lowBit),
    ),
    refused('signature-every-bit', 'B7', 'each bit of an ECDSA signature', 'ok-ecc', flips(ecc, 'signature', everyBit)),
    refused(
      'signature-every-byte-rsa',
      'B5',
      'each byte of an RSA signature',
      'ok-rsa',
      flips(rsa, 'signature', lowBit),
    ),
    refused('public-every-bit', 'C4', 'each bit of the public area', 'ok-ecc', flips(ecc, 'akPublic', everyBit)),
    refused(
      'attest-sizes',
      'A10',
      'each pair of bytes of the quote as the length ffff',
      'ok-ecc',
      sizes(ecc, 'attest'),
    ),
    refused(
      'signature-sizes',
      'A10',
      'each pair of bytes of the signature as the length ffff',
      'ok-ecc',
      sizes(ecc, 'signature'),
    ),
    refused(
      'public-sizes',
      'A10',
      'each pair of bytes of the public area as the length ffff',
      'ok-ecc',
      sizes(ecc, 'akPublic'),
    ),
    refused('claims-every-byte', 'E3', 'each byte of the claims', 'ok-ecc', flips(ecc, 'claims', lowBit)),
    refused('evidence-cut', 'H1', 'the bundle cut off after each byte', 'ok-ecc', cuts(ecc)),
    agreed('evidence-every-byte', 'H1', 'each byte of the bundle', evidenceFlips(ecc)),
    agreed('policy-every-character', 'D8', 'each character of the policy', policies(ecc)),
  ]
}

function refused(
  name: string,
  id: string,
  why: string,
  twin: string,
  [question, ...variants]: readonly Question[],
): Case {
  return make(name, id, why, 'reject', twin, question, variants)
}

function agreed(name: string, id: string, why: string, [question, ...variants]: readonly Question[]): Case {
  return make(name, id, why, 'agree', undefined, question, variants)
}

function make(
  name: string,
  id: string,
  why: string,
  expect: Case['expect'],
  twin: string | undefined,
  question: Question | undefined,
  variants: readonly Question[],
): Case {
  if (question === undefined) throw new Error(`${name} changes nothing`)
  return { name, why, group, ids: [id], expect, twin, question, variants }
}

const everyBit = [1, 2, 4, 8, 16, 32, 64, 128]
const lowBit = [1]

type Changed = 'attest' | 'signature' | 'akPublic' | 'claims'

function flips(question: BundleQuestion, part: Changed, bits: readonly number[]): Question[] {
  return change(question, part, (bytes) => [...bytes].flatMap((byte, at) => bits.map((bit) => [at, byte ^ bit])))
}

function sizes(question: BundleQuestion, part: Changed): Question[] {
  return change(question, part, (bytes) => [...bytes].slice(1).map((_, at) => [at, 0xff, 0xff]))
}

/** The question once for each change of a part: the offset of a change, and the bytes to put there. */
function change(question: BundleQuestion, part: Changed, changesOf: (bytes: Uint8Array) => number[][]): Question[] {
  const bundle = new Bundle(question.evidence)
  const original = bundle.get(part)
  return changesOf(original).map(([at = 0, ...bytes]) => {
    const changed = Uint8Array.from(original)
    changed.set(bytes, at)
    return Object.assign({}, question, { evidence: bundle.with(part, changed) })
  })
}

function evidenceFlips(question: BundleQuestion): Question[] {
  const original = fromHex(question.evidence)
  return [...original].map((byte, at) => Object.assign({}, question, { evidence: toHex(original.with(at, byte ^ 1)) }))
}

function cuts(question: BundleQuestion): Question[] {
  const lengths = Array.from({ length: question.evidence.length / 2 }, (_, length) => 2 * length)
  return lengths.map((length) => Object.assign({}, question, { evidence: question.evidence.slice(0, length) }))
}

/** Each character left out, doubled, and replaced by some that JSON gives a meaning to. */
function policies(question: BundleQuestion): Question[] {
  const { policy } = question
  return Array.from(policy, (character, at) =>
    ['', character.repeat(2), '"'].map((text) =>
      Object.assign({}, question, { policy: policy.slice(0, at) + text + policy.slice(at + 1) }),
    ),
  ).flat()
}
