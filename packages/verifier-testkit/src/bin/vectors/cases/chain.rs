//! Attestation keys that a certificate chain vouches for, and chains that do not.

use blindllama_verifier::evidence::cbor::Value;
use serde_json::{Value as Json, json};

use super::release_status::office;
use crate::{
    certificates::{
        Chain, basic_constraints, common_name, extension, id_ce, integer, key, key_info, key_usage, purposes, sequence,
        signs, signs_certificates, tag, tlv,
    },
    cvm::certificate,
    releases::Released,
    scenario::{Cases, Scenario},
    text::hex,
    tpm::{SHA256, hash},
};

const EK: &[u8] = b"\x67\x81\x05\x08\x01";
pub(super) const AIK: &[u8] = b"\x67\x81\x05\x08\x03";
const SERVER_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";
/// 1.3.6.1.4.1.11129.2.1.21
const INSTANCE: &[u8] = b"\x2b\x06\x01\x04\x01\xd6\x79\x02\x01\x15";
/// 1.3.6.1.4.1.311.108.200.1
const CONFIDENTIAL: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x6c\x81\x48\x01";
/// Known roots: those of Azure and of Google.
const AZURE: &str = "e6c596b17f8ffefba5c300f714cfb1260c6028704ecf7becc4ab5018efb00e95";
const GOOGLE: &str = "594759594b9b61524f6c8ef668f7177f7b9066bc0674f2f49fe9e052be78beb2";

pub(super) const LEAF: usize = 0;
const CA: usize = 1;
pub(super) const ROOT: usize = 2;

pub(crate) fn cases(cases: &mut Cases<'_>) {
    accepted(cases);
    trust(cases);
    certificates(cases);
    paths(cases);
    profiles(cases);
    revocation(cases);
    policies(cases);
}

/// Leaf, authority and root that vouch for the scenario's key, through 2030.
pub(super) fn draft(s: &Scenario<'_>) -> Chain {
    let mut chain = Chain::new(1);
    chain.0[LEAF].key_info = certificate::key_info(s.key);
    chain.0[LEAF].extensions = vec![basic_constraints(false, None), signs(), purposes(&[AIK])];
    for draft in &mut chain.0 {
        draft.not_after = tlv(tag::UTC_TIME, "300101000000Z");
    }
    chain
}

pub(super) fn deliver(s: &mut Scenario<'_>, anchor: Json, chain: &[Vec<u8>]) {
    s.policy["anchors"] = json!([anchor]);
    s.policy["anchors"][0]["rootSha256"] = hex(&hash(SHA256, &[chain.last().unwrap()])).into();
    s.policy["acceptAssurance"] = json!(["operator-ca", "cloud-vtpm"]);
    s.static_members.insert(1, Value::Array(chain.iter().cloned().map(Value::Bytes).collect()));
}

/// An authority of one's own, whose keys are endorsement primaries.
pub(super) fn authority() -> Json {
    json!({ "kind": "custom-ca", "hierarchy": "endorsement" })
}

/// The scenario's key under `anchor`, with drafts that were changed before they were signed.
pub(super) fn certified(anchor: Json, change: impl Fn(&mut Chain)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut chain = draft(s);
        change(&mut chain);
        deliver(s, anchor, &chain.signed());
    }
}

fn own(change: impl Fn(&mut Chain)) -> impl FnOnce(&mut Scenario<'_>) {
    certified(authority(), change)
}

/// The certificates, changed after they were signed.
fn sent(change: impl Fn(&mut Vec<Vec<u8>>)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut chain = draft(s).signed();
        deliver(s, authority(), &chain);
        change(&mut chain);
        s.static_members.insert(1, Value::Array(chain.into_iter().map(Value::Bytes).collect()));
    }
}

fn instance(production: u8) -> Vec<u8> {
    let text = |text| tlv(tag::UTF8_STRING, text);
    let properties =
        sequence(&[&tlv(tag::explicit(0), integer(&[0])), &tlv(tag::explicit(1), tlv(tag::BOOLEAN, [production]))]);
    let value = sequence(&[
        &text("europe-west4-a"),
        &integer(&123_456_789_012_u64.to_be_bytes()),
        &text("chat-project"),
        &integer(&u64::MAX.to_be_bytes()),
        &text("chat-1"),
        &tlv(tag::explicit(0), properties),
    ]);
    extension(INSTANCE, false, &value)
}

pub(super) fn google(chain: &mut Chain) {
    chain.0[LEAF].extensions = vec![basic_constraints(false, None), signs(), instance(0xff)];
}

fn confidential(chain: &mut Chain) {
    chain.0[LEAF].subject = common_name("0123456789ab.ConfidentialVM.Azure.windows.net");
    let policy = sequence(&[&sequence(&[&tlv(tag::OBJECT_IDENTIFIER, CONFIDENTIAL)])]);
    chain.0[LEAF].extensions.push(extension(&id_ce(32), false, &policy));
}

pub(super) fn trusted(chain: &mut Chain) {
    chain.0[LEAF].subject = common_name("0123456789ab.TrustedVM.Azure.windows.net");
}

/// The machine is called `name`, and its policies are those of a confidential one where `is_confidential`.
fn called(name: &'static str, is_confidential: bool) -> impl Fn(&mut Chain) {
    move |chain| {
        if is_confidential {
            confidential(chain);
        }
        chain.0[LEAF].subject = common_name(name);
    }
}

pub(super) fn project() -> Json {
    json!({ "kind": "gcp", "projectId": "chat-project" })
}

fn accepted(cases: &mut Cases<'_>) {
    cases.accept("ok-chain", "a key that an authority of one's own certified", own(|_| {}));
    cases.accept(
        "ok-chain-padded",
        "a leaf with the zeros of its place in NVRAM",
        sent(|chain| chain[LEAF].extend([0; 100])),
    );
    cases.accept("ok-chain-second-anchor", "anchors are tried in their order", |s| {
        own(|_| {})(s);
        let other = json!({ "kind": "custom-ca", "rootSha256": "11".repeat(32) });
        let name = json!({ "kind": "simulated", "name": format!("000b{}", "22".repeat(32)) });
        s.policy["anchors"].as_array_mut().unwrap().splice(0..0, [other, name]);
    });
    cases.accept("ok-chain-unused", "a chain beside a key that is pinned by name", |s| {
        let chain = draft(s).signed();
        s.static_members.insert(1, Value::Array(chain.into_iter().map(Value::Bytes).collect()));
    });
    cases.accept("ok-chain-azure", "a machine of Azure of either kind", certified(json!({ "kind": "azure" }), trusted));
    cases.accept(
        "ok-chain-azure-confidential",
        "a machine that Azure calls confidential",
        certified(json!({ "kind": "azure", "vm": "confidential" }), confidential),
    );
    for (kind, name) in [
        ("trusted", "0123456789ab.TrustedVM.Azure.Microsoft"),
        ("confidential", "0123456789ab.ConfidentialVM.Azure.Microsoft"),
    ] {
        cases.accept(
            &format!("ok-chain-azure-microsoft-{kind}"),
            "a name as in certificates of 2023 and 2024",
            certified(json!({ "kind": "azure", "vm": kind }), called(name, kind == "confidential")),
        );
    }
    cases.accept("ok-chain-gcp", "a machine of the project", certified(project(), google));
    cases.accept(
        "ok-chain-gcp-instance",
        "this very machine",
        certified(
            json!({
                "kind": "gcp", "projectNumber": "123456789012", "projectId": "chat-project", "zone": "europe-west4-a",
                "instanceId": "18446744073709551615", "instanceName": "chat-1"
            }),
            google,
        ),
    );
    cases.accept(
        "ok-chain-alt-name",
        "an empty subject, which a critical subjectAltName names",
        own(|chain| {
            chain.0[LEAF].subject = common_name("");
            let name = sequence(&[&tlv(tag::explicit(4), common_name("machine 1"))]);
            chain.0[LEAF].extensions.push(extension(&id_ce(17), true, &name));
        }),
    );
}

fn trust(cases: &mut Cases<'_>) {
    cases.reject("ak.untrusted", "chain-missing", "no chain where only a chain could vouch", |s| {
        own(|_| {})(s);
        s.static_members.remove(&1);
    });
    cases.reject("ak.untrusted", "chain-unasked", "a chain where only names could vouch", |s| {
        own(|_| {})(s);
        s.policy["anchors"] = json!([{ "kind": "simulated", "name": format!("000b{}", "22".repeat(32)) }]);
    });
    cases.reject("chain.root", "chain-other-root", "a chain that ends in another root", |s| {
        own(|_| {})(s);
        s.policy["anchors"][0]["rootSha256"] = "11".repeat(32).into();
    });
    cases.reject(
        "chain.expired",
        "chain-closest-anchor",
        "of several anchors the one whose root it is tells why",
        |s| {
            own(|chain| chain.0[LEAF].not_after = tlv(tag::UTC_TIME, "260101000000Z"))(s);
            let other = json!({ "kind": "custom-ca", "rootSha256": "11".repeat(32) });
            s.policy["anchors"].as_array_mut().unwrap().insert(0, other);
        },
    );
    cases.reject(
        "chain.key_mismatch",
        "chain-other-key",
        "a certificate of another key",
        own(|chain| {
            chain.0[LEAF].key_info = key_info(&key(9));
        }),
    );
    cases.reject("ak.assurance", "chain-assurance", "an authority of one's own, where the policy wants a cloud", |s| {
        own(|_| {})(s);
        s.policy.as_object_mut().unwrap().remove("acceptAssurance");
    });
}

fn certificates(cases: &mut Cases<'_>) {
    let mut refused = |code: &str, name: &str, why: &str, change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        cases.reject(&format!("chain.{code}"), &format!("chain-{name}"), why, sent(change));
    };
    refused("length", "leaf-alone", "a leaf without the authorities above it", &|chain| {
        chain.drain(..ROOT);
    });
    refused("trailing", "leaf-tail", "a byte behind the leaf that is no padding", &|chain| chain[LEAF].extend([0, 1]));
    refused("encoding", "ca-tail", "padding behind an authority", &|chain| chain[CA].push(0));
    refused("encoding", "not-der", "a length in a longer form than needed", &|chain| {
        chain[LEAF].splice(1..2, [0x83, 0]);
    });
    refused("signature", "signature", "a leaf that its authority did not sign", &|chain| {
        *chain[LEAF].last_mut().unwrap() ^= 1
    });
    refused("issuer", "order", "authorities in another order", &|chain| chain.insert(CA, chain[CA].clone()));
    let mut refused = |code: &str, name: &str, why: &str, change: &dyn Fn(&mut Chain)| {
        cases.reject(&format!("chain.{code}"), &format!("chain-{name}"), why, own(change));
    };
    refused("version", "version-1", "a certificate of version 1", &|c| c.0[LEAF].version = vec![]);
    refused("serial", "serial-zero", "a serial number of zero", &|c| c.0[LEAF].serial = integer(&[0]));
    refused("serial", "serial-long", "a serial number of 21 octets", &|c| {
        c.0[LEAF].serial = tlv(tag::INTEGER, [1; 21])
    });
    refused("algorithm_mismatch", "algorithms", "inside another algorithm than outside", &|c| {
        c.0[LEAF].outer_algorithm = Some(b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03".to_vec());
    });
    refused("signature_algorithm", "sha1", "a signature over SHA-1", &|c| {
        c.0[LEAF].algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00".to_vec();
    });
    refused("time", "time", "a day that no calendar has", &|c| {
        c.0[LEAF].not_after = tlv(tag::UTC_TIME, "300230000000Z")
    });
    refused("key", "key-curve", "a key on an unknown curve", &|c| *c.0[LEAF].key_info.get_mut(22).unwrap() ^= 2);
    refused("name", "no-subject", "nobody's certificate", &|c| c.0[LEAF].subject = common_name(""));
    refused("syntax", "no-extensions-list", "an empty list of extensions", &|c| {
        c.0[LEAF].extensions = vec![vec![0x05, 0x00]]
    });
    refused("duplicate_extension", "extension-twice", "an extension that stands twice", &|c| {
        c.0[LEAF].extensions.push(signs())
    });
    refused("critical_extension", "critical", "a critical extension that nobody knows", &|c| {
        c.0[LEAF].extensions.push(extension(&id_ce(99), true, &[5, 0]));
    });
    refused("critical_extension", "critical-alt-name", "a critical name that is not of a directory", &|c| {
        c.0[LEAF].extensions.push(extension(&id_ce(17), true, &sequence(&[&[0x82, 1, b'x']])));
    });
    refused("extension", "extension", "an extension that is not DER", &|c| {
        c.0[LEAF].extensions.push(extension(&id_ce(99), false, &[5, 1]));
    });
    refused("name_constraints", "name-constraints", "constraints that would have to be applied", &|c| {
        c.0[CA].extensions.push(extension(&id_ce(30), false, &sequence(&[])));
    });
    refused("policy_constraints", "policy-constraints", "constraints that would have to be applied", &|c| {
        c.0[CA].extensions.push(extension(&id_ce(36), false, &sequence(&[])));
    });
}

fn paths(cases: &mut Cases<'_>) {
    let mut refused = |code: &str, name: &str, why: &str, change: &dyn Fn(&mut Chain)| {
        cases.reject(&format!("chain.{code}"), &format!("chain-{name}"), why, own(change));
    };
    for (index, who) in [(LEAF, "leaf"), (CA, "ca"), (ROOT, "root")] {
        refused("expired", &format!("expired-{who}"), "a certificate that was valid last year", &|c| {
            c.0[index].not_after = tlv(tag::UTC_TIME, "261231235959Z");
        });
        refused("not_yet_valid", &format!("early-{who}"), "a certificate that will be valid tomorrow", &|c| {
            c.0[index].not_before = tlv(tag::UTC_TIME, "270116000000Z");
        });
    }
    refused("issuer", "issuer", "a leaf of somebody else", &|c| c.0[LEAF].issuer = common_name("other"));
    refused("not_ca", "not-ca", "a certificate that may not certify", &|c| {
        c.0[CA].extensions[0] = basic_constraints(false, None)
    });
    refused("path_length", "path-length", "more authorities than the root allows", &|c| {
        c.0[ROOT].extensions[0] = basic_constraints(true, Some(0));
    });
    refused("key_cert_sign", "key-cert-sign", "an authority whose key may sign no certificate", &|c| {
        c.0[CA].extensions[1] = signs();
    });
    refused("leaf_ca", "leaf-ca", "an authority in the place of a machine", &|c| {
        c.0[LEAF].extensions[0] = basic_constraints(true, None);
        c.0[LEAF].extensions[1] = signs_certificates();
    });
}

fn profiles(cases: &mut Cases<'_>) {
    let mut refused = |code: &str, name: &str, why: &str, anchor: Json, change: &dyn Fn(&mut Chain)| {
        cases.reject(&format!("chain.{code}"), &format!("chain-{name}"), why, certified(anchor, change));
    };
    let own = authority;
    for (name, unused, bits) in [("encipherment", 5, 0x20), ("agreement", 3, 0x88)] {
        let why = "the certificate of an endorsement key";
        refused("leaf_key_usage", name, why, own(), &|c| c.0[LEAF].extensions[1] = key_usage(unused, bits));
    }
    for (name, why, listed) in [
        ("ek-purpose", "the certificate of an endorsement key", &[EK][..]),
        ("two-purposes", "a certificate for two kinds of key", &[AIK, EK]),
        ("web-purpose", "the certificate of a web server", &[SERVER_AUTH]),
    ] {
        refused("leaf_purpose", name, why, own(), &|c| c.0[LEAF].extensions[2] = purposes(listed));
    }
    refused("leaf_purpose", "no-purpose", "a certificate for anything", own(), &|c| {
        c.0[LEAF].extensions.pop();
    });
    refused("ca_purpose", "web-authority", "an authority for web servers", own(), &|c| {
        c.0[CA].extensions.push(purposes(&[SERVER_AUTH]));
    });
    let vm = |kind: &str| json!({ "kind": "azure", "vm": kind });
    refused("vm_kind", "vm-trusted", "a machine that is not confidential", vm("confidential"), &trusted);
    refused("vm_kind", "vm-confidential", "a machine of the other kind", vm("trusted"), &confidential);
    refused(
        "vm_kind",
        "vm-name-alone",
        "a confidential name without the policy of such machines",
        vm("confidential"),
        &|c| {
            c.0[LEAF].subject = common_name("0123456789ab.ConfidentialVM.Azure.windows.net");
        },
    );
    for (name, why, called_name) in [
        ("tail", "a known name that goes on", "0123456789ab.TrustedVM.Azure.Microsoft.com"),
        ("inside", "a known name inside of another", "0123456789ab.TrustedVM.Azure.Microsoft.example"),
        ("case", "another name than a known one in its letters alone", "0123456789ab.TrustedVM.Azure.microsoft"),
        ("label", "a machine whose own name ends like a kind", "0123456789abTrustedVM.Azure.Microsoft"),
        ("unknown", "a kind under a domain that Azure does not use", "0123456789ab.TrustedVM.Azure.example"),
        ("of-confidential", "the name of the other kind", "0123456789ab.ConfidentialVM.Azure.Microsoft"),
    ] {
        let name = format!("vm-domain-{name}");
        refused("vm_kind", &name, why, vm("trusted"), &called(called_name, false));
    }
    refused(
        "vm_kind",
        "vm-domain-confidential",
        "a trusted name beside the policy of confidential machines",
        vm("confidential"),
        &called("0123456789ab.TrustedVM.Azure.Microsoft", true),
    );
    for (member, value) in [
        ("projectId", "other-project"),
        ("projectNumber", "123456789013"),
        ("zone", "europe-west4-b"),
        ("instanceId", "18446744073709551614"),
        ("instanceName", "chat-2"),
    ] {
        let mut anchor = project();
        anchor[member] = value.into();
        refused("instance_mismatch", &format!("foreign-{member}"), "a machine of somebody else", anchor, &google);
    }
    refused("instance", "no-instance", "a machine without a name", project(), &|c| {
        google(c);
        c.0[LEAF].extensions.pop();
    });
    refused("instance", "not-production", "a machine that is not for production", project(), &|c| {
        google(c);
        c.0[LEAF].extensions[2] = instance(0);
    });
    refused("leaf_purpose", "gcp-purpose", "a certificate of Google for something else", project(), &|c| {
        google(c);
        c.0[LEAF].extensions.push(purposes(&[AIK]));
    });
}

/// The chain, with padding behind its leaf, and a status that says of it what `status` gives.
fn judged(status: impl Fn(&[Vec<u8>]) -> (&'static str, Json)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut chain = draft(s).signed();
        let (list, entries) = status(&chain);
        chain[LEAF].extend([0; 100]);
        deliver(s, authority(), &chain);
        let mut released = Released::with_status();
        office(&mut released);
        released.status().signers = vec!["stella"];
        released.status().json[list] = entries;
        released.deliver = false;
        released.extend(s);
        s.policy.as_object_mut().unwrap().remove("releaseKeys");
    }
}

fn revocation(cases: &mut Cases<'_>) {
    let digest = |certificate: &[u8]| hex(&hash(SHA256, &[certificate]));
    let serial = |issuer: &str, serial: &str| json!([{ "issuer": digest(&common_name(issuer)), "serial": serial }]);
    cases.accept(
        "ok-chain-status",
        "a status that names other certificates",
        judged(|_| ("revokedSerials", json!([serial("CA 1", "02")[0], serial("CA 2", "01")[0]]))),
    );
    for (name, index) in [("leaf", LEAF), ("ca", CA), ("root", ROOT)] {
        let why = "a certificate that was revoked, by the hash of its DER";
        cases.reject(
            "chain.revoked",
            &format!("chain-revoked-{name}"),
            why,
            judged(|chain| ("revokedCertificates", json!(["00".repeat(32), digest(&chain[index])]))),
        );
    }
    for (name, issuer) in [("leaf", "CA 1"), ("ca", "root")] {
        let why = "a certificate that was revoked, by issuer and serial number";
        cases.reject(
            "chain.revoked",
            &format!("chain-revoked-serial-{name}"),
            why,
            judged(|_| ("revokedSerials", serial(issuer, "01"))),
        );
    }
}

fn policies(cases: &mut Cases<'_>) {
    let mut policy = |code: &str, name: &str, why: &str, anchor: Json| {
        cases.reject(&format!("policy.{code}"), &format!("policy-{code}-anchor-{name}"), why, |s| {
            s.policy["anchors"] = json!([anchor]);
        });
    };
    let root = || "11".repeat(32);
    policy(
        "invalid",
        "gcp-anybody",
        "any customer of Google gets a certificate",
        json!({ "kind": "gcp", "rootSha256": GOOGLE, "zone": "a" }),
    );
    policy(
        "invalid",
        "azure-google",
        "Google's root under Azure's rules",
        json!({ "kind": "azure", "rootSha256": GOOGLE }),
    );
    policy(
        "invalid",
        "google-azure",
        "Azure's root under Google's rules",
        json!({ "kind": "gcp", "rootSha256": AZURE, "projectId": "p" }),
    );
    for (name, known) in [("azure", AZURE), ("google", GOOGLE)] {
        policy(
            "invalid",
            &format!("own-{name}"),
            "a cloud's root without the cloud's rules",
            json!({ "kind": "custom-ca", "rootSha256": known }),
        );
    }
    policy("syntax", "no-root", "a kind of authority without a root", authority());
    policy("syntax", "root-length", "a root of another length", json!({ "kind": "custom-ca", "rootSha256": "11" }));
    policy(
        "syntax",
        "assurance",
        "the kind alone says what it is worth",
        json!({ "kind": "azure", "rootSha256": root(), "assurance": "hardware-tpm" }),
    );
    policy("syntax", "vm", "an unknown kind of machine", json!({ "kind": "azure", "rootSha256": root(), "vm": "any" }));
    policy(
        "syntax",
        "vm-own",
        "a kind of machine that nobody tells",
        json!({ "kind": "custom-ca", "rootSha256": root(), "vm": "trusted" }),
    );
    for (name, number) in
        [("zero", "01"), ("sign", "+1"), ("large", "18446744073709551616"), ("empty", ""), ("hex", "0x1")]
    {
        let anchor = json!({ "kind": "gcp", "rootSha256": root(), "projectNumber": number });
        policy("syntax", &format!("number-{name}"), "a number that is not written as a decimal below 2^64", anchor);
    }
    policy(
        "syntax",
        "number",
        "a number that loses digits in a browser",
        json!({ "kind": "gcp", "rootSha256": root(), "projectNumber": 1 }),
    );
}
