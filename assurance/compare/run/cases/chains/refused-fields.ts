import { concat } from '../../../../second-verifier/src/bytes.ts'
import * as der from './der-writer.ts'
import { attribute, changeLeaf, ecdsaWith, empty, type Entry } from './entry.ts'

/** Certificates of which one field is not as PROTOCOL.md §17.1 has it. */
export const brokenFields: readonly Entry[] = [
  ['sha1', 'C9', 'a signature that says SHA-1', { leaf: { innerAlgorithm: ecdsaWith(1) } }],
  ['algorithm-parameters', 'C9', 'ECDSA with NULL parameters', { leaf: { innerAlgorithm: ecdsaWith(2, der.nothing) } }],
  ['algorithm-mismatch', 'C9', 'two signature algorithms', { leaf: { outerAlgorithm: ecdsaWith(3) } }],
  ['algorithm-other-hash', 'C9', 'another hash than was signed', { leaf: { innerAlgorithm: ecdsaWith(3) } }],
  ['version-1', 'C9', 'a certificate without version', { leaf: { version: new Uint8Array() } }],
  ['version-2', 'C9', 'version 2', { leaf: { version: der.explicit(0, der.integer(1)) } }],
  ['serial-0', 'C9', 'the serial number 0', { leaf: { serial: der.integer(0) } }],
  ['serial-negative', 'C9', 'a negative serial number', { leaf: { serial: der.tlv(0x02, Uint8Array.of(0x80)) } }],
  [
    'serial-long',
    'C9',
    'a serial number of 21 octets',
    { leaf: { serial: der.tlv(0x02, new Uint8Array(21).fill(1)) } },
  ],
  [
    'serial-padded',
    'C9',
    'a serial number with a zero too many',
    { leaf: { serial: der.tlv(0x02, Uint8Array.of(0, 1)) } },
  ],
  ['unique-id', 'C9', 'a unique identifier', { leaf: { uniqueId: der.tlv(0x82, Uint8Array.of(0, 1)) } }],
  ['no-extensions', 'C9', 'an empty list of extensions', { leaf: { extensions: [] } }],
  [
    'time-generalized',
    'C9',
    'GeneralizedTime before 2050',
    { leaf: { notAfter: der.generalizedTime('20350101000000Z') } },
  ],
  ['time-zone', 'C9', 'a time with an offset', { leaf: { notAfter: der.utcTime('350101000000+0000') } }],
  ['time-short', 'C9', 'a time without seconds', { leaf: { notAfter: der.utcTime('3501010000Z') } }],
  ['time-no-such-day', 'C9', 'the 30th of February', { leaf: { notAfter: der.utcTime('350230000000Z') } }],
  ['time-second-60', 'C9', 'a 61st second', { leaf: { notAfter: der.utcTime('350101000060Z') } }],
  ['no-issuer', 'C9', 'a leaf without issuer', { leaf: { issuer: empty } }],
  ['no-subject', 'C9', 'a leaf without subject and without alternative name', { leaf: { subject: empty } }],
  ['name-without-attributes', 'C9', 'an empty set in a name', { leaf: { subject: der.sequence(der.tlv(0x31)) } }],
  [
    'name-order',
    'C9',
    'a set in a name out of order',
    { leaf: { subject: der.sequence(der.tlv(0x31, attribute('2.5.4.11', 'b'), attribute('2.5.4.3', 'a'))) } },
  ],
  [
    'trailing',
    'C11',
    'something other than zeros after the leaf',
    changeLeaf((leaf) => concat(leaf, Uint8Array.of(0, 0, 1))),
  ],
  [
    'padded-authority',
    'C11',
    'zeros after an intermediate',
    {
      chain: ([leaf, authority, root]) =>
        [leaf, concat(authority as Uint8Array, Uint8Array.of(0)), root] as Uint8Array[],
    },
  ],
  ['cut', 'C11', 'a leaf without its last byte', changeLeaf((leaf) => leaf.subarray(0, -1))],
  [
    'long-length',
    'C9',
    'a length with a zero too many',
    changeLeaf((leaf) => concat(Uint8Array.of(0x30, 0x83, 0), leaf.subarray(2))),
  ],
  [
    'indefinite',
    'C9',
    'an indefinite length',
    changeLeaf((leaf) => concat(Uint8Array.of(0x30, 0x80), leaf.subarray(4), Uint8Array.of(0, 0))),
  ],
  [
    'name-bad-utf8',
    'C9',
    'a name that is no UTF-8',
    {
      leaf: { subject: der.sequence(der.setOf(der.sequence(der.oid('2.5.4.3'), der.tlv(0x0c, Uint8Array.of(0xff))))) },
    },
  ],
]
