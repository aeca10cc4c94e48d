//! What a log says, and what of it its digests prove.

use super::{check::*, machine::*};
use crate::{
    Code,
    event_log::{event_type::*, type_name::name},
};

/// Subject, description, verified: of one event alone in a log.
fn said(entry: Entry) -> (&'static str, String, bool) {
    let log = log(&[SHA256], &[entry]);
    let explanation = explain(&log, SHA256);
    let explained = explanation.explain(&explanation.log.events[1]);
    (explained.subject, explained.description, explained.verified)
}

fn assert_said(entry: Entry, subject: &'static str, description: &str, verified: bool) {
    assert_eq!(said(entry), (subject, description.into(), verified));
}

/// The codes of malformed data in a log of one event.
fn faults(entry: Entry) -> Vec<Code> {
    let codes = [Code::EVENTLOG_VARIABLE, Code::EVENTLOG_SIGNATURE_LIST];
    findings(&[entry]).into_iter().map(|(code, ..)| code).filter(|code| codes.contains(code)).collect()
}

fn config(vendor: [u8; 16], name: &str, content: &[u8]) -> Entry {
    whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, variable(vendor, name, content))
}

fn secure_boot(entries: &[Entry]) -> Option<bool> {
    explain(&log(&[SHA256], entries), SHA256).secure_boot
}

#[test]
fn what_is_hashed_as_it_is_logged_is_verified() {
    assert_said(whole(0, EV_S_CRTM_VERSION, utf16("Firmware 1.0\0")), "firmware", "Firmware 1.0", true);
    assert_said(
        whole(5, EV_EFI_ACTION, *b"Exit Boot Services Invocation"),
        "action",
        "Exit Boot Services Invocation",
        true,
    );
    assert_said(separator(0), "separator", "00000000", true);
    assert_said(whole(0, EV_EFI_HCRTM_EVENT, *b"HCRTM"), "firmware", "HCRTM", true);
    assert_said(whole(9, EV_EVENT_TAG, [0x78, 0x56, 0x34, 0x12, 1, 0, 0, 0, 0xee]), "tagged", "12345678: ee", true);
    assert_said(whole(1, 0x8000_0099, [5; 40]), "other", "40 bytes", true);
    assert_said(whole(1, EV_UNUSED, []), "other", "0 bytes", true);
}

#[test]
fn what_is_only_named_is_not_verified() {
    assert_said(about(9, EV_IPL, b"content", *b"/boot/vmlinuz-6.1\0"), "kernel", "/boot/vmlinuz-6.1", false);
    assert_said(about(9, EV_IPL, b"content", *b"/boot/initrd.img\0"), "initrd", "/boot/initrd.img", false);
    assert_said(about(9, EV_IPL, b"content", *b"/grub.cfg\0"), "file", "/grub.cfg", false);
    assert_said(h_crtm(), "firmware", "HCRTM", false);
    let description = "\\EFI\\shimx64.efi, 4096 bytes";
    assert_said(
        about(4, EV_EFI_BOOT_SERVICES_APPLICATION, b"pe", image("\\EFI\\shimx64.efi")),
        "boot-application",
        description,
        false,
    );
    assert_said(
        about(9, EV_EVENT_TAG, b"initrd", [&[0xec, 0x22, 0x3b, 0x8f, 13, 0, 0, 0][..], b"Linux initrd\0"].concat()),
        "initrd",
        "8f3b22ec: Linux initrd",
        false,
    );
}

#[test]
fn grub_measures_its_commands_without_the_label() {
    for measured in [&b"linux /vmlinuz ro"[..], b"linux /vmlinuz ro\0"] {
        let command = |label| about(8, EV_IPL, measured, [label, &b"linux /vmlinuz ro\0"[..]].concat());
        assert_said(command(b"grub_cmd: "), "boot-command", "linux /vmlinuz ro", true);
        assert_said(command(b"grub_cmd "), "boot-command", "linux /vmlinuz ro", true);
        assert_said(command(b"kernel_cmdline: "), "command-line", "linux /vmlinuz ro", true);
        assert_said(command(b"grub_kernel_cmdline "), "command-line", "linux /vmlinuz ro", true);
    }
}

#[test]
fn a_label_is_never_part_of_what_is_verified() {
    let forged = about(8, EV_IPL, b"quiet", *b"kernel_cmdline:init=/bin/evil quiet\0");
    assert_said(forged, "command-line", "quiet", true);
}

#[test]
fn systemd_measures_command_lines_in_utf_16() {
    assert_said(whole(12, EV_IPL, utf16("quiet root=/dev/sda\0")), "command-line", "quiet root=/dev/sda", true);
    let cut = [utf16("quiet ro"), vec![0]].concat();
    assert_said(about(8, EV_IPL, &utf16("quiet ro\0"), cut), "command-line", "quiet ro", true);
}

#[test]
fn systemd_stub_measures_names_of_sections_and_then_their_content() {
    assert_said(about(11, EV_IPL, b".linux\0", utf16(".linux\0")), "kernel", ".linux", true);
    assert_said(about(11, EV_IPL, b"the kernel", utf16(".linux\0")), "kernel", ".linux", false);
    assert_said(about(11, EV_IPL, b".initrd\0", utf16(".initrd\0")), "initrd", ".initrd", true);
    assert_said(about(11, EV_IPL, b".osrel\0", utf16(".osrel\0")), "file", ".osrel", true);
}

#[test]
fn boot_options_are_told_by_name_and_file() {
    let entry = boot().into_iter().find(|entry| entry.kind == EV_EFI_VARIABLE_BOOT).unwrap();
    let whole_variable = Entry { kind: EV_EFI_VARIABLE_BOOT2, measured: entry.data.clone(), ..entry.clone() };
    assert_said(entry.clone(), "boot-option", "Linux \\EFI\\boot.efi", true);
    assert_said(whole_variable, "boot-option", "Boot0001: Linux \\EFI\\boot.efi", true);
    assert_said(Entry { measured: vec![], ..entry }, "boot-option", "Boot0001: Linux \\EFI\\boot.efi", false);
}

#[test]
fn a_name_that_is_not_measured_is_not_shown_as_verified() {
    let content = boot().into_iter().find(|entry| entry.kind == EV_EFI_VARIABLE_BOOT).unwrap().measured;
    let renamed = about(1, EV_EFI_VARIABLE_BOOT, &content, variable(DATABASE, "forged name", &content));
    assert_said(renamed, "boot-option", "Linux \\EFI\\boot.efi", true);
}

#[test]
fn signature_databases_are_counted() {
    let certificates = signature_list(X509, 0, 216, &[7; 432]);
    let digests = signature_list(DIGESTS, 0, 48, &[8; 144]);
    let other = signature_list([6; 16], 0, 17, &[8; 17]);
    let lists = [certificates, digests, other].concat();
    let counts = "2 certificates, 3 SHA-256 digests, 1 other key";
    assert_said(config(DATABASE, "db", &lists), "db", &format!("db: {counts}"), true);
    assert_said(config(DATABASE, "dbx", &[]), "dbx", "dbx: empty", true);
    assert_said(config(GLOBAL, "PK", &lists), "pk", &format!("PK: {counts}"), true);
    assert_said(config(GLOBAL, "KEK", &lists), "kek", &format!("KEK: {counts}"), true);
    assert_said(config(GLOBAL, "db", &lists), "variable", "db: 677 bytes", true);
}

#[test]
fn f15_a_signature_list_whose_sizes_lie_is_a_fault() {
    let list = |header, size, entries: &[u8]| signature_list(X509, header, size, entries);
    let mut short = list(0, 20, &[1; 40]);
    short[16..20].copy_from_slice(&27_u32.to_le_bytes());
    let mut long = list(0, 20, &[1; 40]);
    long[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
    let lists = [
        list(20, 20, &[1; 60]),
        list(u32::MAX, 20, &[1; 40]),
        list(0, 0, &[]),
        list(0, 15, &[1; 30]),
        list(0, 16, &[1; 32]),
        list(0, u32::MAX, &[1; 40]),
        list(0, 20, &[1; 41]),
        signature_list(DIGESTS, 0, 49, &[1; 98]),
        short,
        long,
        [list(0, 20, &[1; 40]), vec![0]].concat(),
        list(0, 20, &[1; 40])[..27].to_vec(),
    ];
    for list in lists {
        for (vendor, name) in [(GLOBAL, "PK"), (GLOBAL, "KEK"), (DATABASE, "db"), (DATABASE, "dbx")] {
            assert_eq!(faults(config(vendor, name, &list)), [Code::EVENTLOG_SIGNATURE_LIST], "{list:?}");
        }
        assert_eq!(
            faults(whole(7, EV_EFI_VARIABLE_AUTHORITY, variable(DATABASE, "db", &list))),
            [],
            "one entry, no list"
        );
        let mut entries = boot();
        entries[5] = config(DATABASE, "db", &list);
        assert_eq!(refusal(&entries, &entries), Some((Code::EVENTLOG_SIGNATURE_LIST, Some(7))));
    }
}

#[test]
fn f16_a_variable_whose_lengths_lie_is_a_fault() {
    for (place, length) in
        [(16, 1_u64 << 63), (16, u64::MAX), (16, 11), (16, 9), (24, 1 << 63), (24, u64::MAX), (24, 0), (24, 2)]
    {
        let mut data = variable(GLOBAL, "SecureBoot", &[1]);
        data[place..place + 8].copy_from_slice(&length.to_le_bytes());
        let entry = whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, data);
        assert_eq!(faults(entry.clone()), [Code::EVENTLOG_VARIABLE], "{length} at {place}");
        let mut entries = boot();
        entries[2] = entry;
        assert_eq!(refusal(&entries, &entries), Some((Code::EVENTLOG_VARIABLE, Some(7))));
        assert_eq!(secure_boot(&entries), None);
    }
    for length in [0, 15, 31, 32] {
        let data = variable(GLOBAL, "SecureBoot", &[1])[..length].to_vec();
        assert_eq!(faults(whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, data)), [Code::EVENTLOG_VARIABLE], "{length} bytes");
    }
}

#[test]
fn f16_secure_boot_is_on_only_where_the_variable_is_one_byte_of_one() {
    let state = |content: &[u8]| {
        let mut entries = boot();
        entries[2] = config(GLOBAL, "SecureBoot", content);
        (secure_boot(&entries), refusal(&entries, &entries).map(|(code, _)| code))
    };
    assert_eq!(state(&[1]), (Some(true), None));
    assert_eq!(state(&[0]), (Some(false), None));
    assert_eq!(state(&[]), (Some(false), None), "firmware without Secure Boot");
    for content in [&[1, 0][..], &[1, 1], &[2], &[0xff]] {
        assert_eq!(state(content), (None, Some(Code::EVENTLOG_VARIABLE)));
    }
}

#[test]
fn secure_boot_is_told_only_by_a_pcr_7_of_which_every_event_is_verified() {
    let change = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut entries = boot();
        change(&mut entries);
        secure_boot(&entries)
    };
    assert_eq!(change(&|_| ()), Some(true));
    assert_eq!(change(&|entries| entries[3].measured = b"else".to_vec()), None, "something hidden");
    assert_eq!(change(&|entries| drop(entries.remove(2))), None, "not said");
    assert_eq!(change(&|entries| entries.insert(4, entries[2].clone())), None, "said twice");
    assert_eq!(change(&|entries| entries.truncate(7)), None, "no separator");
    assert_eq!(change(&|entries| entries.swap(2, 7)), None, "after the separator");
    assert_eq!(change(&|entries| swap_vendor(&mut entries[2])), None, "of another vendor");
}

fn swap_vendor(entry: &mut Entry) {
    entry.data[0] ^= 1;
    entry.measured = entry.data.clone();
}

#[test]
fn a_shim_that_logs_stray_bytes_is_understood() {
    let structure = variable(GLOBAL, "Shim", b"certificate of the distribution, more than a digest long");
    let covered = [&structure[..], &[1, 2, 3, 4, 5]].concat();
    let entry = about(7, EV_EFI_VARIABLE_AUTHORITY, &covered, [&covered[..], &[6]].concat());
    let description = "Shim: certificate of the distribution, more than a digest long";
    assert_said(entry.clone(), "authority", description, true);
    assert_eq!(faults(entry), []);
}

#[test]
fn text_cannot_pass_for_other_text() {
    let text = |bytes: &[u8]| said(whole(0, EV_UNUSED, bytes)).1;
    assert_eq!(text(&utf16("a\u{202e}b\u{e9}")), "a\\u202eb\\u00e9");
    assert_eq!(text(b"one\ntwo\tthree \\ \"four\"\0\0"), "one\ntwo\tthree \\ \"four\"");
    for binary in [&b"a\x1bb"[..], b"a\0b", b"a\x7f", "é".as_bytes(), b"\0", b"\0\0"] {
        assert_eq!(text(binary), hex(binary));
    }
    assert_eq!(text(&[0x80; 33]), "33 bytes");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_device_path_whose_lengths_lie_is_shown_as_it_is() {
    for length in [0, 3, 0xffff_u16] {
        let mut data = image("\\a.efi");
        data[34..36].copy_from_slice(&length.to_le_bytes());
        let entry = about(4, EV_EFI_BOOT_SERVICES_APPLICATION, b"pe", data.clone());
        assert_said(entry, "boot-application", &format!("{} bytes", data.len()), false);
    }
}

#[test]
fn an_explanation_is_written_as_json() {
    let log = log(&[SHA256], &[boot()[2].clone(), separator(7), whole(1, 0x1234, *b"\"quoted\"\n"), locality(3)]);
    let json: serde_json::Value = serde_json::from_str(&explain(&log, SHA256).to_json()).unwrap();
    assert_eq!((&json["bank"], &json["secureBoot"]), (&"sha256".into(), &true.into()));
    assert_eq!(json["pcrs"][0]["index"], 1);
    assert_eq!(json["pcrs"][1]["value"].as_str().unwrap().len(), 64);
    assert_eq!(json["findings"][0], serde_json::json!({ "code": "eventlog.separator_missing", "pcr": 0 }));
    let event = &json["events"][1];
    assert_eq!((&event["index"], &event["pcr"]), (&1.into(), &7.into()));
    assert_eq!((&event["type"], &event["subject"]), (&"EV_EFI_VARIABLE_DRIVER_CONFIG".into(), &"secure-boot".into()));
    assert_eq!((&event["description"], &event["verified"]), (&"SecureBoot: on".into(), &true.into()));
    assert_eq!(event["digest"], hex(&hash(SHA256, &boot()[2].measured)));
    assert_eq!(json["events"][0]["digest"], serde_json::Value::Null, "the Spec ID event has none");
    assert_eq!(
        (&json["events"][3]["type"], &json["events"][3]["description"]),
        (&0x1234.into(), &"\"quoted\"\\u000a".into())
    );
    assert_eq!(json["events"][4]["description"], "StartupLocality 03");
}

#[test]
fn every_type_of_the_profile_has_its_name() {
    let expected = [
        (0, "EV_PREBOOT_CERT"),
        (3, "EV_NO_ACTION"),
        (4, "EV_SEPARATOR"),
        (0x0d, "EV_IPL"),
        (0x13, "EV_POST_CODE2"),
        (0x8000_0001, "EV_EFI_VARIABLE_DRIVER_CONFIG"),
        (0x8000_0007, "EV_EFI_ACTION"),
        (0x8000_000d, "EV_EFI_GPT_EVENT2"),
        (0x8000_0010, "EV_EFI_HCRTM_EVENT"),
        (0x8000_00e0, "EV_EFI_VARIABLE_AUTHORITY"),
        (0x8000_00e4, "EV_EFI_SPDM_DEVICE_AUTHORITY"),
    ];
    for (kind, expected) in expected {
        assert_eq!(name(kind), expected);
    }
    for unknown in [0x14, 0x8000_0000, 0x8000_000e, 0x8000_00df, u32::MAX] {
        assert_eq!(name(unknown), "");
    }
}
