//! Event types (PFP §10.4.1, table 27). No digest covers a type: it is a claim, whatever the PCRs say.

/// Code of the firmware that is measured by itself.
pub const EV_POST_CODE: u32 = 0x0000_0001;
/// Information alone: extends no PCR.
pub const EV_NO_ACTION: u32 = 0x0000_0003;
/// Ends the measurements of the firmware in a PCR.
pub const EV_SEPARATOR: u32 = 0x0000_0004;
/// A tagged event of software (PFP §10.4.2.7).
pub const EV_EVENT_TAG: u32 = 0x0000_0006;
/// Contents of the static root of trust.
pub const EV_S_CRTM_CONTENTS: u32 = 0x0000_0007;
/// Version of the static root of trust.
pub const EV_S_CRTM_VERSION: u32 = 0x0000_0008;
/// Code of a boot loader, or what it read.
pub const EV_IPL: u32 = 0x0000_000d;
/// A variable that configures the firmware, as Secure Boot does.
pub const EV_EFI_VARIABLE_DRIVER_CONFIG: u32 = 0x8000_0001;
/// A boot variable, by its content.
pub const EV_EFI_VARIABLE_BOOT: u32 = 0x8000_0002;
/// An image that was loaded as an application.
pub const EV_EFI_BOOT_SERVICES_APPLICATION: u32 = 0x8000_0003;
/// An image that was loaded as a driver of boot services.
pub const EV_EFI_BOOT_SERVICES_DRIVER: u32 = 0x8000_0004;
/// An image that was loaded as a driver of run-time services.
pub const EV_EFI_RUNTIME_SERVICES_DRIVER: u32 = 0x8000_0005;
/// The partition table of the disk that was booted.
pub const EV_EFI_GPT_EVENT: u32 = 0x8000_0006;
/// A text that names an action.
pub const EV_EFI_ACTION: u32 = 0x8000_0007;
/// A volume of firmware.
pub const EV_EFI_PLATFORM_FIRMWARE_BLOB: u32 = 0x8000_0008;
/// A volume of firmware, with a description.
pub const EV_EFI_PLATFORM_FIRMWARE_BLOB2: u32 = 0x8000_000a;
/// A boot variable, by its whole structure.
pub const EV_EFI_VARIABLE_BOOT2: u32 = 0x8000_000c;
/// Measured by the hardware before the TPM was started.
pub const EV_EFI_HCRTM_EVENT: u32 = 0x8000_0010;
/// The entry of a signature database that allowed an image.
pub const EV_EFI_VARIABLE_AUTHORITY: u32 = 0x8000_00e0;
