import type { Mutant } from '../../mutant.ts'
import { changed } from './patch.ts'

const countersign = 'test/countersign.test.ts'
const ownPolicy = 'test/own-policy.test.ts'
const policy = 'test/policy.test.ts'
const init = 'test/init.test.ts'
const fromImage = 'test/from-image.test.ts'

/** What is verified, which policy is relied on, and how policies are written. */
export const verdicts: readonly Mutant[] = [
  changed(
    'a receipt under its own policy ends with 0',
    'verify/command.ts',
    'consistent: exit.unjudged,',
    'consistent: exit.passed,',
    ownPolicy,
  ),
  changed(
    'a receipt without a policy of the caller is not told apart',
    'verify/receipt.ts',
    'if (!policy) {',
    'if (!policy && false) {',
    ownPolicy,
  ),
  changed(
    'the policy of the caller is not taken',
    'verify/receipt.ts',
    '    policy,\n',
    "    policy: text(file, 'policy'),\n",
    ownPolicy,
  ),
  changed(
    'a policy with open PCRs ends with 0',
    'policy/check.ts',
    "result === 'fail' ? exit.refused : exit.passed",
    'exit.passed',
    policy,
  ),
  changed(
    'an image alone covers the rest',
    'policy/coverage.ts',
    "...(isUnified ? {} : { 8: fixed, 9: ['golden'] }),",
    '',
    policy,
  ),
  changed(
    'what its own policy makes of a receipt is shown in green',
    'verify/present.ts',
    "${style.warn(style.bold('CONSISTENT WITH ITS OWN POLICY'))}",
    "${style.good(style.bold('CONSISTENT WITH ITS OWN POLICY'))}",
    ownPolicy,
  ),
  changed(
    'a simulated verdict proves sentences',
    'verify/outcome.ts',
    'proven: verdict.simulated ? [] : proven',
    'proven',
    ownPolicy,
  ),
  changed(
    'a receipt that nobody looked up ends with 0',
    'verify/command.ts',
    'unchecked: exit.asOfThen,',
    'unchecked: exit.passed,',
    ownPolicy,
  ),
  changed(
    'a release that was withdrawn since is called proven',
    'verify/present.ts',
    "if (result === 'withdrawn')",
    "if (result === 'withdrawn' && false)",
    ownPolicy,
  ),
  changed(
    'the status of a receipt is held against another time',
    'verify/receipt.ts',
    "timeOf(at ?? 'now')",
    "timeOf('0')",
    ownPolicy,
  ),
  changed(
    'init accepts an unattested model server unasked',
    'author/propose.ts',
    '...(acceptUnattested && {',
    '...({',
    init,
  ),
  changed('init replaces a policy', 'replace-file.ts', "open(file, 'wx', mode)", "open(file, 'w', mode)", init),
  changed(
    'values of an image are pinned without those of its firmware',
    'author/from-image.ts',
    'if (open.length > 0)',
    'if (open.length > 24)',
    fromImage,
  ),
  changed(
    'options of init that do nothing are taken',
    'author/init.ts',
    'if (given.length > 0)',
    'if (given.length > 24)',
    fromImage,
  ),
  changed(
    'a policy that the verifier refuses is trusted',
    'policy/read.ts',
    "return verdict.steps.find(({ id }) => id === 'policy')?.status === 'pass' ? undefined : verdict",
    "return verdict.steps.find(({ id }) => id === 'policy') === undefined ? verdict : undefined",
    countersign,
  ),
]
