import { ownOptions } from './known-options.js'

/** Of what verifies without a client, under the name that the option has at `connect`. */
export interface AllowSimulated {
  /**
   * Accept a `simulated` anchor that the policy lists. Whoever runs the host of a software TPM can make it say anything: such a verdict
   * proves nothing.
   */
  dangerouslyAllowSimulated?: boolean
  /** @deprecated The former name of `dangerouslyAllowSimulated`. */
  allowSimulated?: boolean
}

export function allowsSimulated(options: AllowSimulated): boolean {
  const { dangerouslyAllowSimulated, allowSimulated } = ownOptions(options)
  // An explicit answer under the present name is not changed by the former one.
  return (dangerouslyAllowSimulated ?? allowSimulated) === true
}
