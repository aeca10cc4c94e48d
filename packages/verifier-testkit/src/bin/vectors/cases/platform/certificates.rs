//! The certificates of the processor.

use serde_json::json;

use crate::{
    cases::release_status::office,
    confidential::confidential,
    cvm::{
        Machine, TCB,
        certificate::{Owner, RSASSA, authority, chain, hw_id, key_usage, signed, tcb_version},
    },
    der_writer::extension,
    releases::Released,
    scenario::{Cases, Scenario},
    text::hex,
    tpm::{SHA256, hash},
};

pub(super) fn cases(cases: &mut Cases<'_>) {
    revocation(cases);
    let keys = cases.keys;
    let mut reject = |code: &str, name: &str, why: &str, change: &dyn Fn(&mut Machine)| {
        cases.reject_rsa(&format!("platform.{code}"), &format!("vcek-{name}"), why, |s| confidential(s, keys, change));
    };
    reject("certificates", "absent", "a report without certificates proves nothing", &|machine| {
        machine.patch_chain = Some(Vec::clear);
    });
    reject("certificates", "two", "a chain without its root", &|machine| {
        machine.patch_chain = Some(|chain| drop(chain.pop()));
    });
    reject("certificates", "four", "a chain with a certificate too many", &|machine| {
        machine.patch_chain = Some(|chain| chain.push(chain[2].clone()));
    });
    reject("root", "root-altered", "a root that the policy does not name", &|machine| {
        machine.patch_chain = Some(|chain| *chain[2].last_mut().unwrap() ^= 1);
    });
    reject("root", "root-first", "a chain from the root to the leaf", &|machine| {
        machine.patch_chain = Some(|chain| chain.reverse());
    });
    reject("chain", "order", "authority and leaf in the other order", &|machine| {
        machine.patch_chain = Some(|chain| chain.swap(0, 1));
    });
    reject("chain", "expired", "a key that expired", &|machine| machine.certificates[0].not_after = "260101000000Z");
    reject("chain", "authority-expired", "an authority that expired", &|machine| {
        machine.certificates[1].not_after = "260101000000Z";
    });
    reject("chain", "altered", "a certificate changed after its signature", &|machine| {
        machine.patch_chain = Some(|chain| chain[0][400] ^= 1);
    });
    reject("chain", "by-other", "a key that the root certifies in place of the authority", &|machine| {
        machine.certificates[0].signer = Owner::Ark;
    });
    reject("chain", "issuer", "a key of another issuer", &|machine| machine.certificates[0].issuer = "SEV-Other");
    reject("chain", "pkcs1", "another scheme of signatures", &|machine| machine.certificates[0].algorithm = RSASSA);
    reject("chain", "salt-32", "a salt of another length", &|machine| machine.certificates[0].salt = 32);
    reject("chain", "salt-longest", "a salt of another length", &|machine| machine.certificates[0].salt = 334);
    reject("chain", "authority-is-none", "an authority that may not issue", &|machine| {
        machine.certificates[1].extensions = vec![key_usage(&[1, 0x04])];
    });
    reject("chain", "authority-usage", "an authority without keyUsage", &|machine| {
        machine.certificates[1].extensions = vec![authority(Some(0))];
    });
    reject("chain", "is-authority", "an authority in place of the leaf", &|machine| {
        machine.certificates[0].extensions.push(authority(None));
    });
    reject("chain", "critical", "an unknown critical extension", &|machine| {
        machine.certificates[0].extensions.push(extension(&[0x55, 0x1d, 99], true, &[5, 0]));
    });
    reject("chain", "critical-chip", "the number of the chip as a critical extension", &|machine| {
        *machine.certificates[0].extensions.last_mut().unwrap() =
            extension(&[0x2b, 6, 1, 4, 1, 0x9c, 0x78, 1, 4], true, &[0xc4; 64]);
    });
    reject("chain", "p256", "a leaf whose key is on another curve", &|machine| {
        machine.certificates[0].owner = Owner::Other;
    });
    reject("chain", "no-chip", "a leaf that names no chip", &|machine| drop(machine.certificates[0].extensions.pop()));
    reject("chain", "no-version", "a leaf that lacks a version", &|machine| {
        machine.certificates[0].extensions.remove(2);
    });
    reject("chip", "other-chip", "the certificate of another processor", &|machine| {
        *machine.certificates[0].extensions.last_mut().unwrap() = hw_id(&[0xc5; 64]);
    });
    reject("chip", "short-chip", "the beginning of the number of the chip", &|machine| {
        *machine.certificates[0].extensions.last_mut().unwrap() = hw_id(&[0xc4; 63]);
    });
    reject("chip", "newer", "the certificate of the processor at newer versions", &|machine| {
        machine.certificates[0].extensions[3] = tcb_version(8, TCB[3] + 20);
    });
}

/// Certificates of a processor can be withdrawn like others: by the status.
fn revocation(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let judged = |s: &mut Scenario<'_>, revoked: Vec<u8>| {
        confidential(s, keys, |_| {});
        let mut released = Released::with_status();
        office(&mut released);
        released.status().signers = vec!["stella"];
        released.status().json["revokedCertificates"] = json!([hex(&hash(SHA256, &[&revoked]))]);
        released.deliver = false;
        released.extend(s);
        s.policy.as_object_mut().unwrap().remove("releaseKeys");
    };
    cases.accept_rsa("ok-platform-status", "a status that names other certificates", |s| judged(s, vec![]));
    for (name, index) in [("vcek", 0), ("ask", 1), ("ark", 2)] {
        let why = "a certificate that was revoked, by the hash of its DER";
        cases.reject_rsa("platform.chain", &format!("vcek-revoked-{name}"), why, |s| {
            judged(s, signed(&chain(), keys).remove(index));
        });
    }
}
