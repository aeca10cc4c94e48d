/** Every byte of a PCR after a reset, PFP 1.06 §3.3.1: the PCRs of dynamic launch begin with ones. */
export function resetByte(index: number): number {
  return index >= 17 && index <= 22 ? 0xff : 0
}
