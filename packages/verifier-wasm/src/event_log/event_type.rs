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
pub(super) const EV_EFI_HCRTM_EVENT: u32 = 0x8000_0010;
pub(super) const EV_EFI_VARIABLE_AUTHORITY: u32 = 0x8000_00e0;
