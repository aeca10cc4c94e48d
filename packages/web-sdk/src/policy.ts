import type { Policy } from './generated/policy.js'

export type {
  Anchor,
  EventRule,
  PcrRule,
  Platform,
  Policy,
  ProcessorVersions,
  Release,
  ReleaseKeys,
  ReleaseLog,
  ReleaseStatus,
  SingleAnchor,
  SuiteName,
} from './generated/policy.js'

/**
 * A policy as TypeScript types an imported JSON file: each literal is widened, so that `kind` is any text, and members may be `undefined`.
 * The verifier refuses a text that is none of the policy's with `policy.syntax`. Write `satisfies Policy` where the policy is TypeScript.
 *
 * @example
 * ```ts
 * import policy from './policy.json' with { type: 'json' }
 *
 * const client = await connect({ url: 'https://chat.example/', policy })
 * ```
 */
export type PolicyJson = Widened<Policy>

type Widened<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : T extends readonly (infer Item)[]
        ? Widened<Item>[]
        : {
            [Name in keyof T]: Record<never, never> extends Pick<T, Name>
              ? Widened<T[Name]> | undefined
              : Widened<T[Name]>
          }
