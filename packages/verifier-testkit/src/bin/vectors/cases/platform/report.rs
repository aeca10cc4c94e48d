//! What the firmware writes and what the processor signs.

use serde_json::json;

use crate::{
    confidential::confidential,
    cvm::{CHIP_ID, FAMILY_ID, GUEST_SVN, IMAGE_ID, Machine},
    scenario::{Cases, Scenario},
    text::hex,
};

type Patch = fn(&mut Vec<u8>);

/// Of [`Machine::tcbs`], and of a TCB.
pub(super) const CURRENT: usize = 0;
const COMMITTED: usize = 2;
const LAUNCH: usize = 3;
const BOOTLOADER: usize = 0;
const SNP: usize = 2;
pub(super) const MICROCODE: usize = 3;

pub(super) fn cases(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let mut reject = |code: &str, name: &str, why: &str, change: &dyn Fn(&mut Machine)| {
        cases.reject_rsa(&format!("platform.{code}"), name, why, |s| confidential(s, keys, change));
    };
    let around: [(&str, &str, Patch); 11] = [
        ("hcl-magic", "another signature", |hcl| hcl[0] = b'h'),
        ("hcl-version-0", "a version before the first", |hcl| hcl[4] = 0),
        ("hcl-version-3", "a version that nobody defined", |hcl| hcl[4] = 3),
        ("hcl-data-version-2", "runtime data of another version", |hcl| hcl[1220] = 2),
        ("hcl-kind-tdx", "the kind of a TDX report", |hcl| hcl[1224] = 4),
        ("hcl-hash-sha384", "runtime data under another hash", |hcl| hcl[1228] = 2),
        ("hcl-length", "a length that is not that of the fields and the data", |hcl| hcl[1216] ^= 1),
        ("hcl-size-zero", "no runtime data", |hcl| {
            hcl[1216..1220].copy_from_slice(&20_u32.to_le_bytes());
            hcl[1232..1236].fill(0);
        }),
        ("hcl-overrun", "runtime data beyond the report", |hcl| {
            let beyond = (hcl.len() - 1236 + 1) as u32;
            hcl[1216..1220].copy_from_slice(&(beyond + 20).to_le_bytes());
            hcl[1232..1236].copy_from_slice(&beyond.to_le_bytes());
        }),
        ("hcl-tail", "something after the runtime data", |hcl| *hcl.last_mut().unwrap() = 1),
        ("hcl-truncated", "a report that ends within its fields", |hcl| hcl.truncate(1235)),
    ];
    for (name, why, patch) in around {
        reject("report", name, why, &|machine| machine.patch_hcl = Some(patch));
    }
    let inside: [(&str, &str, Patch); 8] = [
        ("snp-version-1", "a version before the certificates of today", |report| report[0] = 1),
        ("snp-version-6", "a version that nobody defined", |report| report[0] = 6),
        ("snp-algorithm", "another algorithm of signatures", |report| report[0x34] = 2),
        ("snp-signing-key", "signed with the key of a cloud, the VLEK", |report| report[0x48] = 1 << 2),
        ("snp-masked-key", "signed with no key", |report| report[0x48] = 1 << 1),
        ("snp-flags-reserved", "a flag that no version defines", |report| report[0x49] = 1),
        ("snp-policy-26", "a permission that no version defines", |report| report[0x0b] |= 1 << 2),
        ("snp-policy-63", "a permission that no version defines", |report| report[0x0f] |= 1 << 7),
    ];
    for (name, why, patch) in inside {
        reject("report", name, why, &|machine| machine.patch_report = Some(patch));
    }
    for (name, at) in [("first", 0x1a0), ("last", 0x1df)] {
        let patch: Patch = if at == 0x1a0 { |report| report[0x1a0] ^= 1 } else { |report| report[0x1df] ^= 1 };
        reject("chip", &format!("snp-chip-{name}"), "a report of another processor", &|machine| {
            assert_eq!(CHIP_ID.len(), 64);
            machine.patch_report = Some(patch);
        });
    }
    let reported: [(&str, Patch); 4] = [
        ("bootloader", |report| report[0x180] += 1),
        ("tee", |report| report[0x181] += 1),
        ("snp", |report| report[0x186] += 1),
        ("microcode", |report| report[0x187] += 1),
    ];
    for (name, patch) in reported {
        reject("chip", &format!("snp-tcb-{name}"), "versions other than those of the certificate", &|machine| {
            machine.patch_report = Some(patch);
        });
    }
    let signatures: [(&str, &str, Patch); 7] = [
        ("altered", "a byte changed after the signature", |report| report[0x20] ^= 1),
        ("r-altered", "another r", |report| report[0x2a0] ^= 1),
        ("s-zero", "s = 0", |report| report[0x2e8..0x318].fill(0)),
        ("r-large", "r with a byte beyond the curve's size", |report| report[0x2a0 + 48] = 1),
        ("s-large", "s with a byte beyond the curve's size", |report| report[0x2e8 + 71] = 1),
        ("tail", "something after the signature", |report| report[1183] = 1),
        ("big-endian", "r and s most significant byte first", |report| {
            report[0x2a0..0x2d0].reverse();
            report[0x2e8..0x318].reverse();
        }),
    ];
    for (name, why, patch) in signatures {
        reject("signature", &format!("snp-signature-{name}"), why, &|machine| machine.patch_signed = Some(patch));
    }
    let levels: [(u8, Patch); 3] =
        [(1, |report| report[0x30] = 1), (2, |report| report[0x30] = 2), (3, |report| report[0x30] = 3)];
    for (level, patch) in levels {
        reject("vmpl", &format!("snp-vmpl-{level}"), "asked for by what the firmware started", &|machine| {
            machine.patch_report = Some(patch);
        });
    }
    reject("debug", "snp-debug", "its memory may be read", &|machine| {
        machine.patch_report = Some(|report| report[0x0a] |= 1 << 3);
    });
    reject("debug", "snp-migration", "its memory may be moved", &|machine| {
        machine.patch_report = Some(|report| report[0x0a] |= 1 << 2);
    });
    reject("firmware", "snp-firmware", "firmware of another signer", &|machine| {
        machine.patch_report = Some(|report| report[0xe0] ^= 1);
    });
    reject("firmware", "snp-firmware-unsigned", "firmware that nobody signed", &|machine| {
        machine.patch_report = Some(|report| report[0xe0..0x110].fill(0));
    });
    signer(cases);
    versions(cases);
}

/// What the one who signed the firmware says of it.
fn signer(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let mut reject = |code: &str, name: &str, why: &str, change: &dyn Fn(&mut Scenario<'_>)| {
        cases.reject_rsa(&format!("platform.{code}"), name, why, |s| {
            confidential(s, keys, |_| {});
            pin(s);
            change(s);
        });
    };
    reject("firmware", "snp-family", "another family of the signer's images", &|s| {
        s.policy["platform"]["familyId"] = "fb".repeat(16).into();
    });
    reject("firmware", "snp-image", "another image of the signer's", &|s| {
        s.policy["platform"]["imageId"] = "1b".repeat(16).into();
    });
    reject("guest_svn", "snp-guest-svn", "a version of the firmware before a hole in it was mended", &|s| {
        s.policy["platform"]["minGuestSvn"] = (GUEST_SVN + 1).into();
    });
    reject("guest_svn", "snp-guest-svn-wide", "a version that is compared in all of its bytes", &|s| {
        s.policy["platform"]["minGuestSvn"] = (0x100 + u32::from(GUEST_SVN)).into();
    });
    reject("guest_svn", "snp-guest-svn-other-build", "beside another build that the policy names itself", &|s| {
        s.policy["platform"]["minGuestSvn"] = (GUEST_SVN + 1).into();
        s.policy["platform"]["measurements"] = json!(["77".repeat(48)]);
    });
}

/// A policy that names family and image as well.
pub(super) fn pin(s: &mut Scenario<'_>) {
    s.policy["platform"]["familyId"] = hex(&FAMILY_ID).into();
    s.policy["platform"]["imageId"] = hex(&IMAGE_ID).into();
}

/// What the host runs, may go back to, and started the machine on.
fn versions(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    for name in ["bootloader", "snp", "microcode", "tee"] {
        cases.reject_rsa("platform.tcb", &format!("snp-below-{name}"), "a version below the least", |s| {
            confidential(s, keys, |_| {});
            let least = &mut s.policy["platform"]["processors"][0]["minTcb"][name];
            *least = (least.as_u64().unwrap() + 1).into();
        });
    }
    let (started, back) =
        ("a machine started on older versions, replaced under it", "a host that may go back to older versions");
    // What runs and was not committed would be provisional; microcode is not committed by itself.
    let below: [(&str, &str, &[usize], usize); 7] = [
        ("launch-bootloader", started, &[LAUNCH], BOOTLOADER),
        ("launch-snp", started, &[LAUNCH], SNP),
        ("launch-microcode", started, &[LAUNCH], MICROCODE),
        ("committed-bootloader", back, &[CURRENT, COMMITTED], BOOTLOADER),
        ("committed-snp", back, &[CURRENT, COMMITTED], SNP),
        ("committed-microcode", back, &[COMMITTED], MICROCODE),
        ("current-microcode", "a host that runs older microcode than it reports", &[CURRENT], MICROCODE),
    ];
    for (name, why, tcbs, part) in below {
        cases.reject_rsa("platform.tcb", &format!("snp-{name}"), why, |s| {
            confidential(s, keys, |machine| tcbs.iter().for_each(|tcb| machine.tcbs[*tcb][part] -= 1));
        });
    }
    let provisional: [(&str, Patch); 6] = [
        ("build", |report| report[0x1e8] += 1),
        ("minor", |report| report[0x1e9] += 1),
        ("major", |report| report[0x1ea] += 1),
        ("bootloader", |report| report[0x38] += 1),
        ("tee", |report| report[0x39] += 1),
        ("snp", |report| report[0x3e] += 1),
    ];
    for (name, patch) in provisional {
        let why = "newer firmware that the host has not committed";
        cases.reject_rsa("platform.provisional", &format!("snp-provisional-{name}"), why, |s| {
            confidential(s, keys, |machine| machine.patch_report = Some(patch));
        });
    }
}
