/** Primes up to 701, which the fingerprint of CVE-2017-15361 needs. */
const primes: readonly bigint[] = [...Array(702).keys()]
  .filter((n) => n >= 2 && [...Array(n).keys()].slice(2).every((divisor) => n % divisor !== 0))
  .map(BigInt)

/**
 * The modulus is a power of 65537 modulo every prime from 2 to 701: its primes came from the generator of CVE-2017-15361
 * (Nemec et al., "The Return of Coppersmith's Attack", §3.3). Another modulus is so by chance once in 2^150.
 */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return primes.every((prime) => isPower(modulus % prime, prime))
}

function isPower(value: bigint, prime: bigint): boolean {
  let power = 1n
  do {
    if (power === value) return true
    power = (power * 65537n) % prime
  } while (power !== 1n)
  return false
}
