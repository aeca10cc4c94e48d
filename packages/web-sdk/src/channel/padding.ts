const smallest = 512

/**
 * The length that a message of `length` bytes is padded to, so that its size tells little: at least 512, then Padmé
 * (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", §4), which leaks
 * O(log log) bits of the length and adds at most 12 %.
 */
export function paddedLength(length: number): number {
  if (length <= smallest) return smallest
  const exponent = Math.floor(Math.log2(length))
  const kept = Math.floor(Math.log2(exponent)) + 1
  const step = 2 ** (exponent - kept)
  return Math.ceil(length / step) * step
}
