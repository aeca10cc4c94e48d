import * as maker from './certificate-maker.ts'
import * as der from './der-writer.ts'
import {
  attestationKey,
  attribute,
  digitalSignature,
  directoryName,
  empty,
  type Entry,
  keyCertSign,
  leafPurpose,
  leafUsage,
  unknown,
  withLeaf,
} from './entry.ts'

/** What PROTOCOL.md leaves to the reader: every verifier alike. */
export const leftOpen: readonly Entry[] = [
  [
    'critical-policies',
    'C10',
    'critical certificatePolicies',
    withLeaf(maker.extension('2.5.29.32', der.sequence(der.sequence(der.oid('1.2.3'))), true)),
  ],
  [
    'critical-purpose',
    'C10',
    'a critical extKeyUsage',
    { leaf: { extensions: [leafUsage, maker.extension('2.5.29.37', der.sequence(der.oid(attestationKey)), true)] } },
  ],
  [
    'critical-key-identifier',
    'C10',
    'a critical subjectKeyIdentifier',
    withLeaf(maker.extension('2.5.29.14', der.octetString(Uint8Array.of(1)), true)),
  ],
  [
    'critical-authority-identifier',
    'C10',
    'a critical authorityKeyIdentifier',
    withLeaf(maker.extension('2.5.29.35', der.sequence(der.tlv(0x80, Uint8Array.of(1))), true)),
  ],
  [
    'authority-identifier-other',
    'C9',
    'an authorityKeyIdentifier of another key',
    withLeaf(maker.extension('2.5.29.35', der.sequence(der.tlv(0x80, Uint8Array.of(9))))),
  ],
  [
    'authority-identifier-empty',
    'C10',
    'an empty authorityKeyIdentifier',
    withLeaf(maker.extension('2.5.29.35', empty)),
  ],
  [
    'authority-identifier-half',
    'C10',
    'an authorityKeyIdentifier with an issuer and no number',
    withLeaf(maker.extension('2.5.29.35', der.sequence(der.tlv(0xa1, directoryName('x'))))),
  ],
  [
    'usage-decipher-only',
    'C9',
    'a keyUsage of nine bits',
    { leaf: { extensions: [maker.keyUsage(digitalSignature, 8), leafPurpose] } },
  ],
  [
    'usage-unknown-bit',
    'C9',
    'a tenth bit of keyUsage',
    { leaf: { extensions: [maker.keyUsage(digitalSignature, 9), leafPurpose] } },
  ],
  [
    'purpose-twice',
    'C10',
    'a purpose twice',
    { leaf: { extensions: [leafUsage, maker.extKeyUsage(attestationKey, attestationKey)] } },
  ],
  [
    'path-length-huge',
    'C9',
    'a pathLenConstraint beyond 2^64',
    {
      authority: {
        extensions: [
          maker.extension('2.5.29.19', der.sequence(der.yes, der.tlv(0x02, new Uint8Array(9).fill(1))), true),
          maker.keyUsage(keyCertSign),
        ],
      },
    },
  ],
  [
    'name-bmp',
    'C9',
    'a name in BMPString',
    {
      leaf: { subject: der.sequence(der.setOf(der.sequence(der.oid('2.5.4.3'), der.tlv(0x1e, Uint8Array.of(0, 65))))) },
    },
  ],
  [
    'name-printable-star',
    'C9',
    'a PrintableString with a character that it has not',
    { leaf: { subject: der.sequence(der.setOf(der.sequence(der.oid('2.5.4.3'), der.tlv(0x13, Uint8Array.of(42))))) } },
  ],
  [
    'name-attribute-sequence',
    'C9',
    'an attribute that is no string',
    { leaf: { subject: der.sequence(der.setOf(der.sequence(der.oid('2.5.4.3'), empty))) } },
  ],
  [
    'name-attribute-twice',
    'C9',
    'the same attribute twice in a set',
    { leaf: { subject: der.sequence(der.tlv(0x31, attribute('2.5.4.3', 'a'), attribute('2.5.4.3', 'a'))) } },
  ],
  [
    'extension-bmp-odd',
    'C10',
    'an unknown extension with half a BMPString',
    withLeaf(maker.extension(unknown, Uint8Array.of(0x1e, 1, 65))),
  ],
  [
    'extension-utc-time',
    'C10',
    'an unknown extension with a time that is none',
    withLeaf(maker.extension(unknown, der.utcTime('x'))),
  ],
]
