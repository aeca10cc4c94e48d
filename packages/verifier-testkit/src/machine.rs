//! A machine that measures: what it logs, and what its TPM holds afterwards, by rules written a second time. The conformance
//! vectors are made with it as well.

use blindllama_verifier::event_log::event_type::*;

use crate::tpm;
pub use crate::tpm::{SHA1, SHA256, SHA384};

/// A hash that no build can compute, with a length that is known.
pub const SM3: u16 = 0x0012;
/// An event type that the specification leaves out.
pub const EV_UNUSED: u32 = 2;

/// EFI_GLOBAL_VARIABLE.
pub const GLOBAL: [u8; 16] = *b"\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c";
/// EFI_IMAGE_SECURITY_DATABASE_GUID.
pub const DATABASE: [u8; 16] = *b"\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f";
/// EFI_CERT_X509_GUID.
pub const X509: [u8; 16] = *b"\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72";
/// EFI_CERT_SHA384_GUID.
pub const DIGESTS: [u8; 16] = *b"\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28";

/// One event: the bytes that are hashed, and those that are logged.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// PCR that is extended.
    pub pcr: u32,
    /// Event type.
    pub kind: u32,
    /// Bytes that are hashed.
    pub measured: Vec<u8>,
    /// Bytes in the log.
    pub data: Vec<u8>,
}

/// An event whose data are what is measured.
pub fn whole(pcr: u32, kind: u32, data: impl Into<Vec<u8>>) -> Entry {
    let data = data.into();
    Entry { pcr, kind, measured: data.clone(), data }
}

/// An event whose data describe what is measured.
pub fn about(pcr: u32, kind: u32, measured: &[u8], data: impl Into<Vec<u8>>) -> Entry {
    Entry { pcr, kind, measured: measured.into(), data: data.into() }
}

/// EV_SEPARATOR after a firmware without faults.
pub fn separator(pcr: u32) -> Entry {
    whole(pcr, EV_SEPARATOR, [0; 4])
}

/// The event that names the locality of TPM2_Startup (PFP §10.4.5.3).
pub fn locality(value: u8) -> Entry {
    whole(0, EV_NO_ACTION, [&b"StartupLocality\0"[..], &[value]].concat())
}

/// What was measured before TPM2_Startup (PFP §10.4.1): the data name it, and are not what is hashed.
pub fn h_crtm() -> Entry {
    about(0, EV_EFI_HCRTM_EVENT, b"root of trust", *b"HCRTM")
}

/// UTF-16, little endian.
pub fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// UEFI_VARIABLE_DATA.
pub fn variable(vendor: [u8; 16], name: &str, content: &[u8]) -> Vec<u8> {
    let (units, length) = (name.encode_utf16().count() as u64, content.len() as u64);
    [&vendor[..], &units.to_le_bytes(), &length.to_le_bytes(), &utf16(name), content].concat()
}

/// EFI_SIGNATURE_LIST with `header` bytes of header and entries of `size` bytes.
pub fn signature_list(kind: [u8; 16], header: u32, size: u32, entries: &[u8]) -> Vec<u8> {
    let length = 28 + entries.len() as u32;
    [&kind[..], &length.to_le_bytes(), &header.to_le_bytes(), &size.to_le_bytes(), entries].concat()
}

/// A device path of a PCI device and a file on it (UEFI §10.3).
pub fn file_path(path: &str) -> Vec<u8> {
    let name = utf16(&format!("{path}\0"));
    let length = (name.len() + 4) as u16;
    // PCI, then the file, then the end.
    [&[1, 1, 6, 0, 2, 3], &[4, 4][..], &length.to_le_bytes(), &name, &[0x7f, 0xff, 4, 0]].concat()
}

fn boot_option(name: &str, path: &str) -> Vec<u8> {
    let path = file_path(path);
    let name = utf16(&format!("{name}\0"));
    [&1_u32.to_le_bytes()[..], &(path.len() as u16).to_le_bytes(), &name, &path, b"optional"].concat()
}

/// UEFI_IMAGE_LOAD_EVENT.
pub fn image(path: &str) -> Vec<u8> {
    let path = file_path(path);
    [&[0x11; 8][..], &4096_u64.to_le_bytes(), &[0; 8], &(path.len() as u64).to_le_bytes(), &path].concat()
}

fn tagged(id: u32, content: &[u8]) -> Vec<u8> {
    [&id.to_le_bytes()[..], &(content.len() as u32).to_le_bytes(), content].concat()
}

/// What firmware, shim, GRUB, systemd-stub and Linux measure.
pub fn boot() -> Vec<Entry> {
    let certificates = signature_list(X509, 0, 216, &[7; 432]);
    let digests = signature_list(DIGESTS, 0, 48, &[8; 144]);
    let config =
        |vendor, name, content: &[u8]| whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, variable(vendor, name, content));
    let mut boot = vec![
        whole(0, EV_S_CRTM_VERSION, utf16("Firmware 1.0\0")),
        about(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, b"firmware", [0; 16]),
        config(GLOBAL, "SecureBoot", &[1]),
        config(GLOBAL, "PK", &certificates),
        config(GLOBAL, "KEK", &certificates),
        config(DATABASE, "db", &[certificates.clone(), digests.clone()].concat()),
        config(DATABASE, "dbx", &digests),
        separator(7),
        whole(1, EV_EFI_VARIABLE_BOOT2, variable(GLOBAL, "BootOrder", &[1, 0, 0, 0])),
        about(
            1,
            EV_EFI_VARIABLE_BOOT,
            &boot_option("Linux", "\\EFI\\boot.efi"),
            variable(GLOBAL, "Boot0001", &boot_option("Linux", "\\EFI\\boot.efi")),
        ),
        whole(4, EV_EFI_ACTION, *b"Calling EFI Application from Boot Option"),
    ];
    boot.extend((0..7).map(separator));
    boot.extend([
        whole(7, EV_EFI_VARIABLE_AUTHORITY, variable(DATABASE, "db", &[9; 300])),
        whole(5, EV_EFI_GPT_EVENT, [3; 100]),
        about(4, EV_EFI_BOOT_SERVICES_APPLICATION, b"shim", image("\\EFI\\shimx64.efi")),
        about(14, EV_IPL, b"keys", *b"MokList\0"),
        about(8, EV_IPL, b"set root=hd0", *b"grub_cmd: set root=hd0\0"),
        about(9, EV_IPL, b"kernel", *b"/boot/vmlinuz-6.1\0"),
        about(8, EV_IPL, b"/boot/vmlinuz-6.1 ro quiet", *b"kernel_cmdline: /boot/vmlinuz-6.1 ro quiet\0"),
        about(11, EV_IPL, b".linux\0", utf16(".linux\0")),
        about(11, EV_IPL, b"kernel", utf16(".linux\0")),
        whole(12, EV_IPL, utf16("console=ttyS0\0")),
        about(9, EV_EVENT_TAG, b"initrd", tagged(0x8f3b_22ec, b"Linux initrd\0")),
        whole(5, EV_EFI_ACTION, *b"Exit Boot Services Invocation"),
        whole(5, EV_EFI_ACTION, *b"Exit Boot Services Returned with Success"),
    ]);
    boot
}

/// Digest of bytes; [`SM3`] gives a constant.
pub fn hash(algorithm: u16, bytes: &[u8]) -> Vec<u8> {
    if algorithm == SM3 { vec![0x5a; 32] } else { tpm::hash(algorithm, &[bytes]) }
}

/// TCG_EfiSpecIDEvent with these identifiers and lengths of digests.
pub fn spec_id(algorithms: &[(u16, u16)]) -> Vec<u8> {
    let mut data = b"Spec ID Event03\0".to_vec();
    data.extend([0, 0, 0, 0, 0, 2, 0, 2]);
    data.extend((algorithms.len() as u32).to_le_bytes());
    for (id, length) in algorithms {
        data.extend([id.to_le_bytes(), length.to_le_bytes()].concat());
    }
    data.push(0);
    data
}

/// An event in the old format.
pub fn old_event(pcr: u32, kind: u32, digest: [u8; 20], data: &[u8]) -> Vec<u8> {
    let length = data.len() as u32;
    [&pcr.to_le_bytes()[..], &kind.to_le_bytes(), &digest, &length.to_le_bytes(), data].concat()
}

/// An event in the crypto-agile format.
pub fn event(entry: &Entry, algorithms: &[u16]) -> Vec<u8> {
    let mut bytes = [entry.pcr, entry.kind, algorithms.len() as u32].map(u32::to_le_bytes).concat();
    for &algorithm in algorithms {
        let digest = hash(algorithm, &entry.measured);
        bytes.extend(algorithm.to_le_bytes());
        bytes.extend(if entry.kind == EV_NO_ACTION { vec![0; digest.len()] } else { digest });
    }
    bytes.extend((entry.data.len() as u32).to_le_bytes());
    bytes.extend(&entry.data);
    bytes
}

/// A crypto-agile log.
pub fn log(algorithms: &[u16], entries: &[Entry]) -> Vec<u8> {
    let lengths: Vec<(u16, u16)> = algorithms.iter().map(|&id| (id, hash(id, b"").len() as u16)).collect();
    let mut bytes = old_event(0, EV_NO_ACTION, [0; 20], &spec_id(&lengths));
    entries.iter().for_each(|entry| bytes.extend(event(entry, algorithms)));
    bytes
}

/// A log of the old format.
pub fn old_log(entries: &[Entry]) -> Vec<u8> {
    let encode = |entry: &Entry| {
        let digest = if entry.kind == EV_NO_ACTION { vec![0; 20] } else { hash(SHA1, &entry.measured) };
        old_event(entry.pcr, entry.kind, digest.try_into().unwrap(), &entry.data)
    };
    entries.iter().flat_map(encode).collect()
}

/// The PCRs of a TPM that measured the entries, all 24.
pub fn tpm(algorithm: u16, locality: u8, entries: &[Entry]) -> Vec<Vec<u8>> {
    let length = hash(algorithm, b"").len();
    let mut pcrs: Vec<Vec<u8>> =
        (0..24).map(|pcr| vec![if (17..=22).contains(&pcr) { 0xff } else { 0 }; length]).collect();
    *pcrs[0].last_mut().unwrap() = locality;
    for entry in entries.iter().filter(|entry| entry.kind != EV_NO_ACTION) {
        let pcr = &mut pcrs[entry.pcr as usize];
        *pcr = hash(algorithm, &[pcr.clone(), hash(algorithm, &entry.measured)].concat());
    }
    pcrs
}
