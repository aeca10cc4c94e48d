import { concat } from '../../../../second-verifier/src/bytes.ts'
import * as maker from './certificate-maker.ts'
import * as der from './der-writer.ts'
import {
  altName,
  anyPurpose,
  attestationKey,
  changeLeaf,
  contentCommitment,
  digitalSignature,
  directoryName,
  dnsName,
  empty,
  type Entry,
  keyCertSign,
  leafPurpose,
  leafUsage,
  nested,
  serverAuthentication,
  unknown,
  withAuthority,
  withLeaf,
} from './entry.ts'

/** Chains that hold to every rule. */
export const accepted: readonly Entry[] = [
  ['ok', '', 'root, one intermediate and a leaf on P-256', {}],
  ['ok-lastsecond', '', 'the second of notAfter', { nowMs: maker.validToMs }],
  ['ok-lastmillisecond', '', 'the end of that second', { nowMs: maker.validToMs + 999 }],
  ['ok-firstsecond', '', 'the second of notBefore', { nowMs: maker.validFromMs }],
  ['ok-padded', 'C11', 'zeros after the leaf, as in NVRAM', changeLeaf((leaf) => concat(leaf, new Uint8Array(100)))],
  [
    'ok-path-length',
    '',
    'as many intermediates as the root allows',
    { root: { extensions: [maker.basicConstraints(true, 1), maker.keyUsage(keyCertSign)] } },
  ],
  [
    'ok-unknown-extension',
    '',
    'an unknown extension that is not critical',
    withLeaf(maker.extension(unknown, der.nothing)),
  ],
  [
    'ok-content-commitment',
    '',
    'a leaf that may commit to contents',
    { leaf: { extensions: [maker.keyUsage(digitalSignature, contentCommitment), leafPurpose] } },
  ],
  ['ok-authority-any-purpose', '', 'an authority for any purpose', withAuthority(maker.extKeyUsage(anyPurpose))],
  [
    'ok-authority-purpose',
    '',
    'an authority for attestation keys',
    withAuthority(maker.extKeyUsage(serverAuthentication, attestationKey)),
  ],
  ['ok-alt-name', '', 'a name of DNS that is not critical', withLeaf(altName(false, dnsName))],
  [
    'ok-critical-alt-name',
    '',
    'no subject but a critical directory name',
    { leaf: { subject: empty, extensions: [leafUsage, leafPurpose, altName(true, directoryName('TPM'))] } },
  ],
  [
    'ok-2050',
    '',
    'an end beyond 2049 in GeneralizedTime',
    { leaf: { notAfter: der.generalizedTime('20500101000000Z') } },
  ],
  ['ok-extension-sixteen', 'C10', 'an unknown extension of 16 levels', withLeaf(maker.extension(unknown, nested(17)))],
  [
    'ok-key-identifier-empty',
    'C10',
    'an empty subjectKeyIdentifier',
    withLeaf(maker.extension('2.5.29.14', der.octetString(new Uint8Array()))),
  ],
]
