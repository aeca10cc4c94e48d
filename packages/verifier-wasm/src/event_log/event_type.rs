//! Event types (PFP §10.4.1, table 27). No digest covers a type: it is a claim, whatever the PCRs say.

pub(super) const EV_POST_CODE: u32 = 0x0000_0001;
pub(super) const EV_NO_ACTION: u32 = 0x0000_0003;
pub(super) const EV_SEPARATOR: u32 = 0x0000_0004;
pub(super) const EV_EVENT_TAG: u32 = 0x0000_0006;
pub(super) const EV_S_CRTM_CONTENTS: u32 = 0x0000_0007;
pub(super) const EV_S_CRTM_VERSION: u32 = 0x0000_0008;
pub(super) const EV_IPL: u32 = 0x0000_000d;
pub(super) const EV_EFI_VARIABLE_DRIVER_CONFIG: u32 = 0x8000_0001;
pub(super) const EV_EFI_VARIABLE_BOOT: u32 = 0x8000_0002;
pub(super) const EV_EFI_BOOT_SERVICES_APPLICATION: u32 = 0x8000_0003;
pub(super) const EV_EFI_BOOT_SERVICES_DRIVER: u32 = 0x8000_0004;
pub(super) const EV_EFI_RUNTIME_SERVICES_DRIVER: u32 = 0x8000_0005;
pub(super) const EV_EFI_GPT_EVENT: u32 = 0x8000_0006;
pub(super) const EV_EFI_ACTION: u32 = 0x8000_0007;
pub(super) const EV_EFI_PLATFORM_FIRMWARE_BLOB: u32 = 0x8000_0008;
pub(super) const EV_EFI_PLATFORM_FIRMWARE_BLOB2: u32 = 0x8000_000a;
pub(super) const EV_EFI_VARIABLE_BOOT2: u32 = 0x8000_000c;
pub(super) const EV_EFI_VARIABLE_AUTHORITY: u32 = 0x8000_00e0;

/// From 0 on, without gaps.
const NAMES: [&str; 20] = [
    "EV_PREBOOT_CERT",
    "EV_POST_CODE",
    "EV_UNUSED",
    "EV_NO_ACTION",
    "EV_SEPARATOR",
    "EV_ACTION",
    "EV_EVENT_TAG",
    "EV_S_CRTM_CONTENTS",
    "EV_S_CRTM_VERSION",
    "EV_CPU_MICROCODE",
    "EV_PLATFORM_CONFIG_FLAGS",
    "EV_TABLE_OF_DEVICES",
    "EV_COMPACT_HASH",
    "EV_IPL",
    "EV_IPL_PARTITION_DATA",
    "EV_NONHOST_CODE",
    "EV_NONHOST_CONFIG",
    "EV_NONHOST_INFO",
    "EV_OMIT_BOOT_DEVICE_EVENTS",
    "EV_POST_CODE2",
];

/// From 0x80000001 on, without gaps.
const EFI_NAMES: [&str; 13] = [
    "EV_EFI_VARIABLE_DRIVER_CONFIG",
    "EV_EFI_VARIABLE_BOOT",
    "EV_EFI_BOOT_SERVICES_APPLICATION",
    "EV_EFI_BOOT_SERVICES_DRIVER",
    "EV_EFI_RUNTIME_SERVICES_DRIVER",
    "EV_EFI_GPT_EVENT",
    "EV_EFI_ACTION",
    "EV_EFI_PLATFORM_FIRMWARE_BLOB",
    "EV_EFI_HANDOFF_TABLES",
    "EV_EFI_PLATFORM_FIRMWARE_BLOB2",
    "EV_EFI_HANDOFF_TABLES2",
    "EV_EFI_VARIABLE_BOOT2",
    "EV_EFI_GPT_EVENT2",
];

/// None for a type that the profile does not define.
pub(super) fn name(kind: u32) -> Option<&'static str> {
    match kind {
        0x8000_0010 => Some("EV_EFI_HCRTM_EVENT"),
        EV_EFI_VARIABLE_AUTHORITY => Some("EV_EFI_VARIABLE_AUTHORITY"),
        0x8000_00e1 => Some("EV_EFI_SPDM_FIRMWARE_BLOB"),
        0x8000_00e2 => Some("EV_EFI_SPDM_FIRMWARE_CONFIG"),
        0x8000_00e3 => Some("EV_EFI_SPDM_DEVICE_POLICY"),
        0x8000_00e4 => Some("EV_EFI_SPDM_DEVICE_AUTHORITY"),
        _ => {
            let at = |names: &[&'static str], index: u32| names.get(usize::try_from(index).ok()?).copied();
            match kind.checked_sub(EV_EFI_VARIABLE_DRIVER_CONFIG) {
                Some(index) => at(&EFI_NAMES, index),
                None => at(&NAMES, kind),
            }
        }
    }
}
