/** TCG event types by their names in PFP 1.06 §10.4.1, without `EV_` and `EV_EFI_`. */
export const eventType = {
  noAction: 0x00000003,
  separator: 0x00000004,
  ipl: 0x0000000d,
  variableDriverConfig: 0x80000001,
  variableBoot: 0x80000002,
  variableBoot2: 0x8000000c,
  hcrtm: 0x80000010,
  variableAuthority: 0x800000e0,
} as const
