//! Anchors of several that have to vouch together, and lists of Names.

use blindllama_verifier::evidence::cbor::Value;
use serde_json::{Value as Json, json};

use super::{
    chain::{LEAF, ROOT, certified, draft, project, trusted},
    release_status::office,
};
use crate::{
    certificates::{Chain, common_name, integer, key, key_info, tag, tlv},
    confidential::demand,
    cvm::report,
    releases::Released,
    scenario::{Cases, Scenario},
    text::hex,
    tpm::{self, SHA256, hash},
};

pub(crate) fn cases(cases: &mut Cases<'_>) {
    accepted(cases);
    strangers(cases);
    members(cases);
    requirements(cases);
    policies(cases);
    chains_on_the_wire(cases);
}

/// The chain of the operator's own authority: another root than that of the cloud.
fn operators(s: &Scenario<'_>) -> Chain {
    let mut chain = draft(s);
    chain.0[ROOT].serial = integer(&[2]);
    chain
}

/// A cloud's chain.
fn clouds(s: &Scenario<'_>) -> Chain {
    let mut chain = draft(s);
    trusted(&mut chain);
    chain
}

fn root(chain: &[Vec<u8>]) -> String {
    hex(&hash(SHA256, &[chain.last().unwrap()]))
}

fn array(chain: &[Vec<u8>]) -> Value {
    Value::Array(chain.iter().cloned().map(Value::Bytes).collect())
}

/// The Name of another key.
fn other(digit: &str) -> String {
    format!("000b{}", digit.repeat(64))
}

fn pinned(names: Json) -> Json {
    json!({ "kind": "ak-name", "names": names, "assurance": "cloud-vtpm" })
}

/// A machine of the cloud whose key stands on the operator's list.
fn listed(s: &mut Scenario<'_>, names: Json) {
    certified(json!({ "kind": "azure" }), trusted)(s);
    let azure = s.policy["anchors"][0].clone();
    s.policy["anchors"] = json!([{ "allOf": [azure, pinned(names)] }]);
    s.policy.as_object_mut().unwrap().remove("acceptAssurance");
}

/// A machine of the cloud whose key the operator's authority certified as well, with drafts that were changed before they were signed.
fn certified_twice(s: &mut Scenario<'_>, change: impl Fn(&mut Chain, &mut Chain)) {
    let (mut cloud, mut own) = (clouds(s), operators(s));
    change(&mut cloud, &mut own);
    let (cloud, own) = (cloud.signed(), own.signed());
    let authority = json!({ "kind": "custom-ca", "rootSha256": root(&own) });
    s.policy["anchors"] = json!([{ "allOf": [{ "kind": "azure", "rootSha256": root(&cloud) }, authority] }]);
    s.static_members.insert(1, array(&cloud));
    s.static_members.insert(6, Value::Array(vec![array(&own)]));
}

fn accepted(cases: &mut Cases<'_>) {
    cases.accept("ok-names", "the second of the operator's keys, by its Name", |s| {
        s.policy["anchors"] = json!([pinned(json!([other("1"), "", other("2")]))]);
    });
    cases.accept("ok-all-of-names", "a machine of the cloud that stands on the operator's list", |s| {
        listed(s, json!([other("1"), ""]));
    });
    cases.accept("ok-all-of-authority", "a machine of the cloud that the operator's authority certified", |s| {
        certified_twice(s, |_, _| {});
    });
    cases.accept("ok-all-of-order", "neither members nor chains have an order", |s| {
        certified_twice(s, |_, _| {});
        s.policy["anchors"][0]["allOf"].as_array_mut().unwrap().reverse();
        let Value::Array(more) = s.static_members.remove(&6).unwrap() else { panic!("no chains") };
        let first = s.static_members.insert(1, more[0].clone()).unwrap();
        s.static_members.insert(6, Value::Array(vec![first]));
    });
    cases.accept("ok-all-of-three", "the cloud, the authority and the list", |s| {
        certified_twice(s, |_, _| {});
        s.policy["anchors"][0]["allOf"].as_array_mut().unwrap().push(pinned(json!([""])));
    });
    cases.accept("ok-all-of-google", "a project of the cloud, and the operator's list", |s| {
        certified(project(), super::chain::google)(s);
        let google = s.policy["anchors"][0].clone();
        s.policy["anchors"] = json!([{ "allOf": [pinned(json!([""])), google] }]);
    });
    cases.accept("ok-all-of-second", "an entry that is not met, before one that is", |s| {
        listed(s, json!([other("1")]));
        let single = json!({ "kind": "ak-name", "name": "", "assurance": "hardware-tpm", "hierarchy": "endorsement" });
        s.policy["anchors"].as_array_mut().unwrap().push(single);
    });
    cases.accept("ok-all-of-state", "the hierarchy of one member is that of the key", |s| {
        certified_twice(s, |_, _| {});
        s.policy["requireMonotonicState"] = true.into();
        s.policy["anchors"][0]["allOf"][0]["minFirmwareVersion"] = "2023000100020003".into();
        let name = tpm::name(SHA256, &[&s.public()]);
        s.state = Some(vec![]);
        let seen = Value::map([
            (0, Value::Bytes(name)),
            (1, 3.into()),
            (2, 0.into()),
            (3, 1_000_000.into()),
            (4, 0x2023_0001_0002_0003.into()),
        ]);
        let next = [(0, 1.into()), (1, Value::Array(vec![seen])), (2, Value::Array(vec![]))];
        s.next_state = Some(Value::map(next).encode());
    });
    cases.accept("ok-chains-unused", "a second chain that no anchor asks for", |s| {
        certified_twice(s, |_, _| {});
        s.policy["anchors"] = json!([s.policy["anchors"][0]["allOf"][0]]);
    });
    cases.accept("ok-chains-second", "the second chain is the one that the anchor asks for", |s| {
        certified_twice(s, |_, _| {});
        let mut own = s.policy["anchors"][0]["allOf"][1].clone();
        own["hierarchy"] = "endorsement".into();
        s.policy["anchors"] = json!([own]);
        s.policy["acceptAssurance"] = json!(["operator-ca"]);
    });
    let keys = cases.keys;
    cases.accept_rsa("ok-all-of-platform", "the best of the members is lifted by the processor's report", |s| {
        demand(s, keys);
        certified_twice(s, |_, _| {});
        s.static_members.insert(4, Value::Array(vec![report(s.key, keys, |_| {})]));
    });
}

/// The genuine image on somebody else's machine of the same cloud.
fn strangers(cases: &mut Cases<'_>) {
    let mut stranger = |name: &str, why: &str, change: &dyn Fn(&mut Scenario<'_>)| {
        cases.reject("ak.all_of", &format!("all-of-stranger-{name}"), why, |s| change(s));
    };
    stranger("names", "a machine of the cloud that is not on the operator's list", &|s| {
        listed(s, json!([other("1"), other("2")]));
    });
    stranger("authority", "a machine of the cloud that the operator's authority never certified", &|s| {
        certified_twice(s, |_, _| {});
        s.static_members.remove(&6);
    });
    stranger("own-authority", "a machine of the cloud that an authority of the stranger's own certified", &|s| {
        certified_twice(s, |_, _| {});
        let mut own = operators(s);
        own.0[ROOT].serial = integer(&[3]);
        s.static_members.insert(6, Value::Array(vec![array(&own.signed())]));
    });
    stranger("copied", "with the certificate of the operator's machine beside his own", &|s| {
        certified_twice(s, |_, own| own.0[LEAF].key_info = key_info(&key(9)));
    });
    stranger("of-three", "the one of three members that the stranger cannot have", &|s| {
        certified_twice(s, |_, _| {});
        s.policy["anchors"][0]["allOf"].as_array_mut().unwrap().push(pinned(json!([other("1")])));
    });
}

fn members(cases: &mut Cases<'_>) {
    let expired = |chain: &mut Chain| chain.0[LEAF].not_after = tlv(tag::UTC_TIME, "260101000000Z");
    let mut refused = |code: &str, name: &str, why: &str, change: &dyn Fn(&mut Scenario<'_>)| {
        cases.reject(code, &format!("all-of-{name}"), why, |s| change(s));
    };
    refused("ak.all_of", "no-cloud", "a key of the operator's that no cloud certified", &|s| {
        certified_twice(s, |_, _| {});
        let Value::Array(mut more) = s.static_members.remove(&6).unwrap() else { panic!("no chains") };
        s.static_members.insert(1, more.remove(0));
    });
    refused("ak.all_of", "cloud-expired", "the cloud's certificate was valid last year", &|s| {
        certified_twice(s, |cloud, _| expired(cloud));
    });
    refused("ak.all_of", "authority-expired", "the operator's certificate was valid last year", &|s| {
        certified_twice(s, |_, own| expired(own));
    });
    refused("ak.all_of", "vm-kind", "a machine of another kind than the member wants", &|s| {
        certified_twice(s, |_, _| {});
        s.policy["anchors"][0]["allOf"][0]["vm"] = "confidential".into();
    });
    refused("ak.all_of", "authority-revoked", "the operator withdrew its certificate", &|s| {
        certified_twice(s, |_, own| own.0[LEAF].serial = integer(&[7]));
        let mut released = Released::with_status();
        office(&mut released);
        released.status().signers = vec!["stella"];
        let issuer = hex(&hash(SHA256, &[&common_name("CA 1")]));
        released.status().json["revokedSerials"] = json!([{ "issuer": issuer, "serial": "07" }]);
        released.deliver = false;
        released.extend(s);
        s.policy.as_object_mut().unwrap().remove("releaseKeys");
    });
    refused("ak.all_of", "two-entries", "of two entries that are met in part the first is told", &|s| {
        listed(s, json!([other("1")]));
        let azure = s.policy["anchors"][0]["allOf"][0].clone();
        let mut confidential = azure;
        confidential["vm"] = "confidential".into();
        s.policy["anchors"].as_array_mut().unwrap().push(confidential);
    });
    refused("chain.vm_kind", "after-single", "the fault of an anchor before an entry that is met in part", &|s| {
        listed(s, json!([other("1")]));
        let mut confidential = s.policy["anchors"][0]["allOf"][0].clone();
        confidential["vm"] = "confidential".into();
        s.policy["anchors"].as_array_mut().unwrap().insert(0, confidential);
    });
    refused("ak.untrusted", "none", "a key that no member knows, without a chain", &|s| {
        listed(s, json!([other("1")]));
        s.static_members.remove(&1);
    });
    refused("chain.root", "none-of-chain", "a key that no member knows, with the chain of another root", &|s| {
        certified_twice(s, |_, _| {});
        s.static_members.remove(&6);
        s.policy["anchors"][0]["allOf"][0] = pinned(json!([other("1")]));
    });
    refused("chain.expired", "none-valid", "where no member vouches each counts by itself", &|s| {
        listed(s, json!([other("1")]));
        let mut cloud = clouds(s);
        expired(&mut cloud);
        let cloud = cloud.signed();
        s.policy["anchors"][0]["allOf"][0]["rootSha256"] = root(&cloud).into();
        s.static_members.insert(1, array(&cloud));
    });
    refused("chain.expired", "first-of-root", "of two chains of one root the first alone counts", &|s| {
        certified_twice(s, |_, _| {});
        let mut late = operators(s);
        expired(&mut late);
        let Value::Array(more) = s.static_members.remove(&6).unwrap() else { panic!("no chains") };
        s.static_members.insert(6, Value::Array(vec![array(&late.signed()), more[0].clone()]));
        s.static_members.remove(&1);
        s.policy["anchors"] = json!([s.policy["anchors"][0]["allOf"][1]]);
        s.policy["acceptAssurance"] = json!(["operator-ca"]);
    });
}

fn requirements(cases: &mut Cases<'_>) {
    cases.reject("ak.assurance", "all-of-assurance", "members of which none is worth what the policy wants", |s| {
        certified_twice(s, |_, _| {});
        s.policy["acceptAssurance"] = json!(["operator-ca", "hardware-tpm"]);
    });
    cases.reject("ak.qualified_name", "all-of-hierarchy", "the hierarchy that one member names", |s| {
        certified_twice(s, |_, _| {});
        let name = tpm::name(SHA256, &[&s.public()]);
        s.qualified_signer = Some(tpm::name(SHA256, &[&[0x40, 0, 0, 0x01], &name]));
    });
    for (name, versions) in
        [("first", ["2023000100020004", "2023000100020003"]), ("second", ["2023000100020003", "2023000100020004"])]
    {
        let why = "the firmware has to be as new as every member wants";
        cases.reject("attest.firmware_version", &format!("all-of-firmware-{name}"), why, |s| {
            certified_twice(s, |_, _| {});
            for (member, version) in versions.iter().enumerate() {
                s.policy["anchors"][0]["allOf"][member]["hierarchy"] = "endorsement".into();
                s.policy["anchors"][0]["allOf"][member]["minFirmwareVersion"] = (*version).into();
            }
        });
    }
}

fn policies(cases: &mut Cases<'_>) {
    let mut policy = |code: &str, name: &str, why: &str, change: &dyn Fn(&mut Json)| {
        cases.reject(&format!("policy.{code}"), &format!("policy-{code}-all-of-{name}"), why, |s| {
            listed(s, json!([""]));
            change(&mut s.policy["anchors"][0]);
        });
    };
    policy("syntax", "one", "one alone is an anchor", &|anchor| {
        anchor["allOf"].as_array_mut().unwrap().truncate(1);
    });
    policy("syntax", "five", "more than four members", &|anchor| {
        let members = anchor["allOf"].as_array_mut().unwrap();
        members.extend((0..3).map(|_| pinned(json!([""]))));
    });
    policy("syntax", "object", "members that are no list", &|anchor| anchor["allOf"] = json!({}));
    policy("syntax", "nested", "an entry inside another", &|anchor| {
        let inner = anchor.clone();
        anchor["allOf"][1] = inner;
    });
    policy("syntax", "kind", "an anchor and an entry of several at once", &|anchor| {
        anchor["kind"] = "ak-name".into();
    });
    policy("syntax", "hierarchy", "members say what they demand, not the entry", &|anchor| {
        anchor["hierarchy"] = "endorsement".into();
    });
    policy("syntax", "member", "an unknown member of a member", &|anchor| anchor["allOf"][0]["note"] = "".into());
    policy("syntax", "no-names", "a list without a Name", &|anchor| anchor["allOf"][1]["names"] = json!([]));
    policy("syntax", "names-257", "more than 256 Names", &|anchor| {
        anchor["allOf"][1]["names"] = (0..257).map(|_| Json::from("")).collect();
    });
    policy("syntax", "name-length", "a Name of another length in a list", &|anchor| {
        anchor["allOf"][1]["names"][0] = "000b00".into();
    });
    policy("syntax", "name-and-names", "one Name and a list of them", &|anchor| anchor["allOf"][1]["name"] = "".into());
    policy("syntax", "names-simulated", "a list of simulated TPMs", &|anchor| {
        *anchor = json!({ "kind": "simulated", "names": [""] });
    });
    policy("invalid", "simulated", "a software TPM beside others", &|anchor| {
        anchor["allOf"][1] = json!({ "kind": "simulated", "name": "", "hierarchy": "endorsement" });
    });
    policy("invalid", "same-root", "one chain for two members", &|anchor| {
        let azure = anchor["allOf"][0].clone();
        anchor["allOf"].as_array_mut().unwrap().push(azure);
    });
    policy("invalid", "firmware", "a least version where no hierarchy is checked", &|anchor| {
        anchor["allOf"][1]["minFirmwareVersion"] = "2023000100020003".into();
    });
    cases.reject(
        "policy.invalid",
        "policy-invalid-all-of-state",
        "a state of a key whose hierarchy nobody checks",
        |s| {
            let own = json!({ "kind": "custom-ca", "rootSha256": "11".repeat(32) });
            s.policy["anchors"] = json!([{ "allOf": [pinned(json!([""])), own] }]);
            s.policy["requireMonotonicState"] = true.into();
        },
    );
}

fn chains_on_the_wire(cases: &mut Cases<'_>) {
    let mut malformed = |code: &str, name: &str, why: &str, change: &dyn Fn(&mut Vec<Value>)| {
        cases.reject(&format!("bundle.{code}"), &format!("chains-{name}"), why, |s| {
            certified_twice(s, |_, _| {});
            let Some(Value::Array(chains)) = s.static_members.get_mut(&6) else { panic!("no chains") };
            change(chains);
        });
    };
    malformed("schema", "none", "a list without a chain", &|chains| chains.clear());
    malformed("schema", "four", "more than four chains in all", &|chains| chains.resize(4, chains[0].clone()));
    malformed("schema", "empty", "a chain without a certificate", &|chains| chains.push(Value::Array(vec![])));
    malformed("schema", "nine", "a chain of nine certificates", &|chains| {
        let Value::Array(chain) = &mut chains[0] else { panic!("no chain") };
        chain.resize(9, chain[0].clone());
    });
    malformed("schema", "flat", "certificates in place of chains", &|chains| {
        let Value::Array(chain) = chains.remove(0) else { panic!("no chain") };
        chains.extend(chain);
    });
    malformed("size", "certificate-size", "a certificate of more than 8 KiB", &|chains| {
        chains.push(Value::Array(vec![Value::Bytes(vec![0x30; 8193])]));
    });
}
