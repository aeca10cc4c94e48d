import { concat } from '../../../../second-verifier/src/bytes.ts'
import * as maker from './certificate-maker.ts'
import * as der from './der-writer.ts'
import {
  altName,
  directoryName,
  dnsName,
  empty,
  type Entry,
  keyCertSign,
  leafPurpose,
  leafUsage,
  nested,
  unknown,
  withAuthority,
  withLeaf,
} from './entry.ts'

/** Certificates with one extension that PROTOCOL.md §17.1 refuses. */
export const brokenExtensions: readonly Entry[] = [
  [
    'path-length-without-authority',
    'C9',
    'a pathLenConstraint without cA',
    { leaf: { extensions: [leafUsage, leafPurpose, maker.basicConstraints(false, 0)] } },
  ],
  [
    'critical-unknown',
    'C10',
    'an unknown critical extension in the leaf',
    withLeaf(maker.extension(unknown, der.nothing, true)),
  ],
  [
    'critical-unknown-authority',
    'C10',
    'an unknown critical extension in an intermediate',
    withAuthority(maker.extension(unknown, der.nothing, true)),
  ],
  ['critical-alt-name', 'C10', 'a critical name of DNS', withLeaf(altName(true, dnsName))],
  [
    'critical-alt-name-mixed',
    'C10',
    'a critical directory name beside one of DNS',
    withLeaf(altName(true, directoryName('TPM'), dnsName)),
  ],
  ['alt-name-empty', 'C10', 'a subjectAltName without names', withLeaf(altName(false))],
  [
    'extension-twice',
    'C10',
    'an extension twice',
    withLeaf(maker.extension(unknown, der.nothing), maker.extension(unknown, der.nothing)),
  ],
  [
    'extension-not-der',
    'C10',
    'an unknown extension that is no DER',
    withLeaf(maker.extension(unknown, Uint8Array.of(0x30, 0x80, 0, 0))),
  ],
  [
    'extension-trailing',
    'C10',
    'an unknown extension of two values',
    withLeaf(maker.extension(unknown, concat(der.nothing, der.nothing))),
  ],
  [
    'name-constraints',
    'C9',
    'constraints on names, not critical',
    withAuthority(maker.extension('2.5.29.30', der.sequence(der.tlv(0xa0, der.sequence(dnsName))))),
  ],
  [
    'policy-constraints',
    'C9',
    'constraints on policies',
    withAuthority(maker.extension('2.5.29.36', der.sequence(der.tlv(0x80, Uint8Array.of(0))))),
  ],
  [
    'policy-mappings',
    'C9',
    'mapped policies',
    withAuthority(maker.extension('2.5.29.33', der.sequence(der.sequence(der.oid('1.2.3'), der.oid('1.2.4'))))),
  ],
  ['inhibit-any-policy', 'C9', 'anyPolicy inhibited', withAuthority(maker.extension('2.5.29.54', der.integer(0)))],
  [
    'policies-twice',
    'C10',
    'a policy twice',
    withLeaf(
      maker.extension('2.5.29.32', der.sequence(der.sequence(der.oid('1.2.3')), der.sequence(der.oid('1.2.3')))),
    ),
  ],
  [
    'usage-trailing-zeros',
    'C9',
    'a keyUsage with trailing zero bits',
    { leaf: { extensions: [maker.extension('2.5.29.15', der.bitString(Uint8Array.of(0x80), 0), true), leafPurpose] } },
  ],
  [
    'usage-empty',
    'C9',
    'a keyUsage without bits',
    { leaf: { extensions: [maker.extension('2.5.29.15', der.bitString(Uint8Array.of(0), 7), true), leafPurpose] } },
  ],
  [
    'boolean-01',
    'C9',
    'TRUE written as 01',
    withLeaf(der.sequence(der.oid('2.5.29.19'), der.tlv(0x01, Uint8Array.of(1)), der.octetString(empty))),
  ],
  [
    'default-critical',
    'C9',
    'critical FALSE written out',
    withLeaf(der.sequence(der.oid(unknown), der.no, der.octetString(der.nothing))),
  ],
  ['default-authority', 'C9', 'cA FALSE written out', withLeaf(maker.extension('2.5.29.19', der.sequence(der.no)))],
  [
    'qualifiers-empty',
    'C10',
    'a policy with an empty list of qualifiers',
    withLeaf(maker.extension('2.5.29.32', der.sequence(der.sequence(der.oid('1.2.3'), empty)))),
  ],
  [
    'alt-name-unknown-tag',
    'C10',
    'an alternative name of no kind that there is',
    withLeaf(altName(false, der.tlv(0x8f, Uint8Array.of(1)))),
  ],
  [
    'alt-name-primitive-directory',
    'C10',
    'a directory name that is primitive',
    withLeaf(altName(false, der.tlv(0x84, Uint8Array.of(1)))),
  ],
  [
    'alt-name-two-in-one',
    'C10',
    'two names in one directory name',
    withLeaf(altName(false, der.tlv(0xa4, maker.name('a'), maker.name('b')))),
  ],
  [
    'extension-application-tag',
    'C10',
    'an unknown extension with a tag of an application',
    withLeaf(maker.extension(unknown, Uint8Array.of(0x41, 1, 7))),
  ],
  [
    'extension-real',
    'C10',
    'an unknown extension with a REAL',
    withLeaf(maker.extension(unknown, Uint8Array.of(0x09, 1, 0x40))),
  ],
  [
    'extension-end-of-contents',
    'C10',
    'an unknown extension with the tag 0',
    withLeaf(maker.extension(unknown, Uint8Array.of(0, 0))),
  ],
  [
    'extension-value-empty',
    'C10',
    'an unknown extension without a value',
    withLeaf(maker.extension(unknown, new Uint8Array())),
  ],
  [
    'extension-high-tag',
    'C10',
    'an unknown extension with a tag number above 30',
    withLeaf(maker.extension(unknown, Uint8Array.of(0xbf, 0x1f, 0))),
  ],
  [
    'extension-constructed-string',
    'C10',
    'an unknown extension with a string in parts',
    withLeaf(maker.extension(unknown, Uint8Array.of(0x24, 2, 4, 0))),
  ],
  ['extension-deep', 'C10', 'an unknown extension of 17 levels', withLeaf(maker.extension(unknown, nested(18)))],
  [
    'extension-set-order',
    'C10',
    'an unknown extension with a SET out of order',
    withLeaf(maker.extension(unknown, der.tlv(0x31, der.integer(2), der.integer(1)))),
  ],
  [
    'purpose-empty',
    'C10',
    'an extKeyUsage without purposes',
    { leaf: { extensions: [leafUsage, maker.extension('2.5.29.37', empty)] } },
  ],
  ['policies-empty', 'C10', 'certificatePolicies without policies', withLeaf(maker.extension('2.5.29.32', empty))],
  [
    'path-length-negative',
    'C9',
    'a negative pathLenConstraint',
    {
      authority: {
        extensions: [
          maker.extension('2.5.29.19', der.sequence(der.yes, der.tlv(0x02, Uint8Array.of(0xff))), true),
          maker.keyUsage(keyCertSign),
        ],
      },
    },
  ],
  [
    'subject-empty-plain-alt-name',
    'C10',
    'no subject and an alternative name that is not critical',
    { leaf: { subject: empty, extensions: [leafUsage, leafPurpose, altName(false, directoryName('TPM'))] } },
  ],
]
