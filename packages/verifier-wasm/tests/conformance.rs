//! Every conformance vector ends as it says, for the reason that it says; and every reason has a vector.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::arithmetic_side_effects, missing_docs)]

mod vectors;

use std::collections::BTreeSet;

use blindllama_verifier::{Assurance, Code, Status, StepId, Verdict, verify};
use serde_json::Value as Json;
use vectors::Vector;

fn json(verdict: &Verdict) -> Json {
    serde_json::from_str(&verdict.to_json()).unwrap()
}

#[test]
fn every_vector_ends_as_it_says() {
    for vector in vectors::all() {
        let verdict = verify(&vector.input());
        let code = verdict.failure().unwrap_or(Code::OK);
        assert_eq!(code.as_str(), vector.code, "{}", vector.name);
        if code == Code::OK {
            let warned = verdict.report().steps.iter().filter(|step| step.status == Status::Warn);
            assert_eq!(warned.map(|step| step.id.as_str()).collect::<Vec<_>>(), vector.warnings, "{}", vector.name);
        }
        let (Verdict::Passed { next_state, .. } | Verdict::Failed { next_state, .. }) = verdict;
        assert_eq!(next_state, vector.next_state, "{}", vector.name);
    }
}

/// Sequences of visits: what a verdict gave to be kept is what the next one is asked with.
#[test]
fn a_sequence_goes_on_with_what_the_verdict_before_gave() {
    let mut after_failures = 0;
    for vector in vectors::all() {
        let Some(before) = vector.after.as_deref().map(vectors::named) else { continue };
        let (Verdict::Passed { next_state, .. } | Verdict::Failed { next_state, .. }) = verify(&before.input());
        assert_eq!(next_state, vector.state, "{}", vector.name);
        after_failures += usize::from(before.code != "ok");
    }
    assert!(after_failures > 3, "{after_failures}");
}

#[test]
fn a_verdict_has_a_key_or_a_failure_and_every_step_in_order() {
    for vector in vectors::all() {
        let verdict = json(&verify(&vector.input()));
        let passed = vector.code == "ok";
        assert_eq!(verdict["result"], if passed { "pass" } else { "fail" }, "{}", vector.name);
        assert_eq!(verdict.get("key").is_some(), passed, "{}", vector.name);
        assert_eq!(verdict.get("assurance").is_some(), passed, "{}", vector.name);
        assert_eq!(verdict.get("code").is_some(), !passed, "{}", vector.name);
        assert_eq!(verdict.get("nextState").is_some(), vector.next_state.is_some(), "{}", vector.name);
        let steps = verdict["steps"].as_array().unwrap();
        let ids: Vec<&str> = steps.iter().map(|step| step["id"].as_str().unwrap()).collect();
        assert_eq!(ids, StepId::ALL.iter().map(|id| id.as_str()).collect::<Vec<_>>(), "{}", vector.name);
        assert!(steps.iter().all(|step| step["detail"].is_string()), "{}", vector.name);
    }
}

#[test]
fn the_steps_after_a_failure_are_not_reached() {
    for vector in vectors::all().filter(|vector| vector.code != "ok") {
        let steps = verify(&vector.input()).report().steps.clone();
        let failed = steps.iter().position(|step| step.status == Status::Fail).unwrap();
        assert_eq!(steps[failed].code.as_str(), vector.code, "{}", vector.name);
        let not_reached = |step: &&blindllama_verifier::Step| {
            step.status == Status::Skipped && step.code == Code::VERDICT_NOT_REACHED
        };
        assert_eq!(steps.iter().filter(not_reached).count() + failed + 1, steps.len(), "{}", vector.name);
    }
}

/// What each member of a report is proven by: it is shown once that step has passed, and never before.
#[test]
fn a_failed_verdict_shows_nothing_unproven() {
    let proven_by = [
        ("anchor", "ak.trust"),
        ("clock", "signature"),
        ("claims", "claims"),
        ("pcrs", "pcr.digest"),
        ("release", "pcr.rules"),
        ("eventLog", "eventlog"),
    ];
    for vector in vectors::all() {
        let verdict = json(&verify(&vector.input()));
        let passed = |id: &str| {
            let step = verdict["steps"].as_array().unwrap().iter().find(|step| step["id"] == id).unwrap();
            step["status"] == "pass" || step["status"] == "warn"
        };
        for (member, step) in proven_by {
            assert_eq!(verdict.get(member).is_some(), passed(step), "{}: {member}", vector.name);
        }
        // A pin names the whole public area; else the quote does, once its signature holds.
        let anchor = &verdict["anchor"];
        let vouchers: Vec<&Json> =
            anchor["members"].as_array().map_or_else(|| vec![anchor], |all| all.iter().collect());
        let is_named = vouchers.iter().any(|voucher| voucher["kind"] == "ak-name" || voucher["kind"] == "simulated");
        let is_endorsed = passed("signature") && passed("ak.qualified_name");
        let shown = |member: &str| verdict["ak"].get(member).is_some();
        assert_eq!(shown("algorithm"), is_named || passed("signature"), "{}", vector.name);
        assert_eq!(shown("name"), is_named || is_endorsed, "{}", vector.name);
        assert_eq!(shown("qualifiedName"), is_endorsed, "{}", vector.name);
    }
}

#[test]
fn every_code_of_the_verifier_has_a_vector() {
    let registry = include_str!("../ts/codes.ts").split("export type VerifierCode =").nth(1).unwrap();
    let union = registry.split("\n\n").next().unwrap();
    let declared = union.lines().filter_map(|line| line.trim().strip_prefix("| '")?.strip_suffix('\''));
    let declared: BTreeSet<&str> = declared.collect();
    // The one has a test of its own: its vector would be large. The other belongs to a root whose key is Google's.
    let mut met = BTreeSet::from(["policy.size", "chain.leaf_name"]);
    for vector in vectors::all() {
        let verdict = verify(&vector.input());
        met.extend(verdict.report().steps.iter().map(|step| step.code.as_str()));
        let findings = json(&verdict)["eventLog"]["findings"].as_array().cloned().unwrap_or_default();
        let is_found = |code: &str| findings.iter().any(|finding| finding["code"] == code);
        met.extend(declared.iter().filter(|code| is_found(code)));
    }
    assert_eq!(declared, met);
}

/// The catalogue's groups that one piece of evidence can show, and the last number of each. What is left out has tests of its
/// component: evidence and certificate swapped in the enrolment (C16, C17), a nonce used twice and the quote's own length
/// (E2, E11); group G is of attacks that no verifier sees.
const CATALOGUE: [(&str, u8); 7] = [("A", 13), ("B", 10), ("C", 15), ("D", 11), ("E", 10), ("F", 20), ("H", 5)];
const OF_COMPONENTS: [&str; 1] = ["E2"];
/// These end in acceptance: a signature that is as valid as another, and a value that is dropped.
const ACCEPTED: [&str; 2] = ["B8", "D6"];

#[test]
fn every_mistake_of_the_catalogue_has_a_vector() {
    let (mut refused, mut accepted) = (BTreeSet::new(), BTreeSet::new());
    for vector in vectors::all() {
        if vector.code == "ok" { &mut accepted } else { &mut refused }.extend(vector.ids);
    }
    let ids = CATALOGUE.iter().flat_map(|(group, last)| (1..=*last).map(move |number| format!("{group}{number}")));
    let ids = ids.chain(["I1", "I2", "I3", "J1"].map(String::from)).filter(|id| !OF_COMPONENTS.contains(&id.as_str()));
    for id in ids {
        let shown = if ACCEPTED.contains(&id.as_str()) { &accepted } else { &refused };
        assert!(shown.contains(&id), "{id} has no vector");
    }
}

#[test]
fn beside_every_refused_vector_stands_one_that_is_accepted() {
    let all: Vec<Vector> = vectors::all().collect();
    for vector in &all {
        let twin = all.iter().find(|other| Some(&other.name) == vector.twin.as_ref());
        assert_eq!(
            twin.is_some_and(|twin| twin.code == "ok"),
            vector.code != "ok",
            "{}: {:?}",
            vector.name,
            vector.twin
        );
    }
}

#[test]
fn a_policy_of_more_than_256_kib_is_refused_unread() {
    let accepted = vectors::named("ok-ecc");
    for (padding, code) in
        [(262_144 - accepted.policy.len(), Code::OK), (262_145 - accepted.policy.len(), Code::POLICY_SIZE)]
    {
        let policy = accepted.policy.clone() + &" ".repeat(padding);
        let vector = Vector { policy, ..accepted.clone() };
        assert_eq!(verify(&vector.input()).failure().unwrap_or(Code::OK), code);
    }
}

#[test]
fn evidence_of_more_than_2_mib_is_refused_unread() {
    let vector = Vector { evidence: vec![0; (2 << 20) + 1], ..vectors::named("ok-ecc") };
    assert_eq!(verify(&vector.input()).failure(), Some(Code::BUNDLE_SIZE));
}

#[test]
fn the_key_is_the_first_that_policy_and_engine_support() {
    let verdict = verify(&vectors::named("ok-second-suite").input());
    let Verdict::Passed { key, assurance, .. } = verdict else { panic!("refused") };
    assert_eq!((key.suite.kem_id, key.suite.kdf_id, key.suite.aead_id), (0x20, 1, 2));
    assert_eq!((key.key_id, key.public_key.as_slice(), key.instance.as_str()), (7, &[7; 32][..], "i0"));
    assert_eq!((key.valid_for_ms, key.epoch_id), (3_600_000, [0x11; 16]));
    assert_eq!(assurance, Assurance::HardwareTpm);
}

#[test]
fn validity_is_the_shorter_of_lifetime_and_demand() {
    let accepted = vectors::named("ok-ecc");
    let policy = accepted.policy.replacen('{', "{\"maxAgeMs\":60000,", 1);
    let Verdict::Passed { key, .. } = verify(&Vector { policy, ..accepted }.input()) else { panic!("refused") };
    assert_eq!(key.valid_for_ms, 60_000);
}

#[test]
fn a_simulated_verdict_says_so() {
    let verdict = json(&verify(&vectors::named("ok-simulated").input()));
    assert_eq!((&verdict["simulated"], &verdict["assurance"]), (&Json::from(true), &Json::from("simulated")));
    assert!(verdict["anchor"]["caveat"].as_str().unwrap().contains("software TPM"));
    let real = json(&verify(&vectors::named("ok-ecc").input()));
    assert_eq!((&real["simulated"], &real["assurance"]), (&Json::from(false), &Json::from("hardware-tpm")));
}

#[test]
fn a_log_that_explains_is_shown_with_what_it_proves() {
    let shown = |name| json(&verify(&vectors::named(name).input()))["eventLog"].clone();
    let (log, retyped) = (shown("ok-log"), shown("ok-log-types"));
    assert_eq!((&log["bank"], &log["secureBoot"]), (&"sha256".into(), &true.into()));
    assert_eq!((&log["unexplained"], &log["findings"]), (&Json::Array(vec![]), &Json::Array(vec![])));
    let event = |log: &Json, is_it: fn(&Json) -> bool| {
        let event = log["events"].as_array().unwrap().iter().find(|event| is_it(event)).unwrap();
        (event["subject"].as_str().unwrap().to_owned(), event["verified"].as_bool().unwrap())
    };
    let is_secure_boot = |event: &Json| event["description"] == "SecureBoot: on";
    assert_eq!(event(&log, is_secure_boot), ("secure-boot".into(), true));
    // The digest of an application is that of a file: what the log says of it stays its claim, whatever it calls it.
    let is_application = |event: &Json| event["description"].as_str().unwrap().contains("shimx64.efi");
    assert_eq!(event(&log, is_application), ("boot-application".into(), false));
    let at = log["events"].as_array().unwrap().iter().position(is_application).unwrap();
    assert_eq!(
        (&retyped["events"][at]["subject"], &retyped["events"][at]["verified"]),
        (&"firmware".into(), &false.into())
    );
    assert_eq!(shown("ok-log-runtime")["unexplained"], Json::from(vec![12]));
    assert_eq!(shown("ok-log-secure-boot-unset")["secureBoot"], false);
    assert_eq!(shown("ok-log-after-separator")["findings"][0]["code"], "eventlog.after_separator");
    assert_eq!(shown("ok-event-log"), Json::Null, "a log that nobody asked for proves nothing");
}

#[test]
fn a_certificate_is_shown_as_far_as_its_anchor_makes_it_true() {
    let shown = |name| json(&verify(&vectors::named(name).input()))["anchor"].clone();
    let (own, azure, google) = (shown("ok-chain"), shown("ok-chain-azure-confidential"), shown("ok-chain-gcp"));
    assert_eq!((&own["kind"], &own["assurance"]), (&"custom-ca".into(), &"operator-ca".into()));
    assert_eq!(own["subject"], "attestation key");
    assert_eq!((own.get("vm"), own.get("instance")), (None, None));
    assert_eq!((&azure["vm"], &azure["assurance"]), (&"confidential".into(), &"cloud-vtpm".into()));
    assert!(azure["caveat"].as_str().unwrap().contains("anybody's"));
    assert_eq!(google["instance"]["projectNumber"], "123456789012");
    assert_eq!(google["instance"]["instanceId"], "18446744073709551615");
    assert_eq!(google["instance"]["zone"], "europe-west4-a");
    assert_eq!(shown("ok-chain-unused").get("subject"), None, "the name vouches, not the chain");
}

#[test]
fn without_an_enrolment_the_word_for_the_hardware_is_the_operators() {
    const WORD: &str = "is the operator's word";
    let shown = |name| json(&verify(&vectors::named(name).input()))["anchor"].clone();
    let says_so = |anchor: &Json| anchor["caveat"].as_str().unwrap().contains(WORD);
    let (unenrolled, enrolled) = (shown("ok-ecc"), shown("ok-enrolment"));
    assert_eq!((says_so(&unenrolled), unenrolled.get("enrolment")), (true, None));
    assert_eq!((says_so(&enrolled), &enrolled["enrolment"]), (false, &"a".repeat(64).into()));
    assert_eq!(shown("ok-enrolment-names")["enrolment"], "b".repeat(64), "that of the Name that matched");
    let joint = shown("ok-enrolment-all-of");
    assert_eq!((says_so(&joint), &joint["members"][0]["enrolment"]), (true, &"a".repeat(64).into()));
    assert_eq!(joint["members"][1].get("enrolment"), None);
    for of_others in ["ok-names", "ok-chain", "ok-enrolment-cloud"] {
        assert!(!says_so(&shown(of_others)), "{of_others}: nobody said hardware");
    }
    assert_eq!(shown("ok-enrolment-cloud")["enrolment"], "a".repeat(64));
}

#[test]
fn values_outside_the_selection_are_not_shown() {
    let verdict = json(&verify(&vectors::named("ok-value-outside-selection").input()));
    let shown: Vec<u64> =
        verdict["pcrs"]["values"].as_array().unwrap().iter().map(|pcr| pcr["index"].as_u64().unwrap()).collect();
    assert_eq!(shown, [0, 1, 2, 4, 7, 11, 12, 13, 14]);
}

#[test]
fn names_are_shown_in_ascii() {
    let accepted = vectors::named("ok-ecc");
    let policy = accepted.policy.replacen("chat 2026.11", "\\\"\\u0000\\n\\\\ü", 1);
    let verdict = json(&verify(&Vector { policy, ..accepted }.input()));
    assert_eq!(verdict["release"], "\"\\u0000\\u000a\\\\u00fc");
}

#[test]
fn several_that_vouch_together_are_shown_with_what_only_all_of_them_could_do() {
    let shown = |name| json(&verify(&vectors::named(name).input()))["anchor"].clone();
    let anchor = shown("ok-all-of-authority");
    assert_eq!((&anchor["kind"], &anchor["assurance"]), (&"allOf".into(), &"cloud-vtpm".into()));
    let member = |index: usize| anchor["members"][index].clone();
    assert_eq!((&member(0)["kind"], &member(0)["vm"]), (&"azure".into(), &"trusted".into()));
    assert_eq!((&member(1)["kind"], &member(1)["subject"]), (&"custom-ca".into(), &"attestation key".into()));
    let caveat = anchor["caveat"].as_str().unwrap();
    assert!(caveat.starts_with("Only together"), "{caveat}");
    assert!(caveat.contains("cloud operator") && caveat.contains("certificate authority"), "{caveat}");
    assert!(caveat.contains("Alone could lie whoever makes or runs the TPM"), "{caveat}");
    assert!(!caveat.contains("anybody's"), "{caveat}");
    let bound = shown("ok-all-of-platform");
    assert_eq!(bound["assurance"], "cvm-bound");
    assert!(bound["caveat"].as_str().unwrap().contains("maker of the processor"));
}

#[test]
fn every_caveat_but_that_of_a_simulated_tpm_names_who_controls_the_firmware() {
    let caveat = |name| json(&verify(&vectors::named(name).input()))["anchor"]["caveat"].as_str().unwrap().to_owned();
    let (hardware, bound) = (caveat("ok-ecc"), caveat("ok-platform-id-key"));
    assert!(hardware.starts_with("The maker of the TPM could lie, and whoever can reset it"), "{hardware}");
    assert!(bound.contains("whoever makes or signs the firmware that the policy names"), "{bound}");
    for caveat in [&hardware, &bound, &caveat("ok-chain"), &caveat("ok-chain-gcp"), &caveat("ok-all-of-authority")] {
        assert!(caveat.ends_with("makes, can replace or exploit the machine's firmware."), "{caveat}");
    }
    assert!(!caveat("ok-simulated").contains("firmware"));
}

#[test]
fn a_member_that_does_not_vouch_is_named_with_its_code() {
    let detail = |name| match verify(&vectors::named(name).input()) {
        Verdict::Failed { detail, .. } => detail,
        Verdict::Passed { .. } => panic!("{name} is accepted"),
    };
    for (name, place) in [
        ("all-of-stranger-names", "member 1: ak.untrusted"),
        ("all-of-stranger-authority", "member 1: chain.root"),
        ("all-of-authority-expired", "member 1: chain.expired, certificate 0"),
        ("all-of-cloud-expired", "member 0: chain.expired, certificate 0"),
    ] {
        assert_eq!(detail(name), place, "{name}");
    }
}

#[test]
fn what_nothing_proves_of_a_certified_key_is_a_warning_and_no_name() {
    for name in ["warn-certified-claimed", "warn-certified-renamed"] {
        let verdict = json(&verify(&vectors::named(name).input()));
        assert_eq!(verdict["ak"].as_object().unwrap().keys().collect::<Vec<_>>(), ["algorithm"], "{name}");
        let step = verdict["steps"].as_array().unwrap().iter().find(|step| step["id"] == "ak.attributes").unwrap();
        assert_eq!((&step["status"], &step["code"]), (&"warn".into(), &"ak.attributes_claimed".into()), "{name}");
    }
}

#[test]
fn a_mismatch_names_the_measurements_and_the_closest_release() {
    let verdict = verify(&vectors::named("golden-4").input());
    let Verdict::Failed { detail, .. } = verdict else { panic!("accepted") };
    assert_eq!(detail, "PCR 4 of chat 2026.11");
}

fn detail_of(name: &str, step: StepId) -> String {
    let verdict = verify(&vectors::named(name).input());
    verdict.report().steps.iter().find(|made| made.id == step).unwrap().detail.clone()
}

#[test]
fn open_measurements_are_named_whether_they_are_refused_or_allowed() {
    for name in ["coverage-image-alone", "warn-coverage-image-alone"] {
        let detail = detail_of(name, StepId::PcrCoverage);
        assert_eq!(detail, "PCR 0 PCR 1 PCR 2 PCR 4 PCR 7 PCR 12 PCR 13", "{name}");
    }
}

#[test]
fn a_measurement_that_does_not_follow_from_the_claims_is_told_with_both_values() {
    let detail = detail_of("derived-config-none", StepId::PcrRules);
    let (place, expected) = detail.rsplit_once(", not ").unwrap();
    assert_eq!((place, expected.len()), (&*format!("PCR 14 is {}", "00".repeat(32)), 64), "{detail}");
    assert!(detail_of("derived-instance-keyless", StepId::PcrRules).ends_with("; no instance_key"));
}

#[test]
fn what_follows_from_the_claims_needs_no_log() {
    let verdict = json(&verify(&vectors::named("ok-derived-quoted").input()));
    assert_eq!(verdict["eventLog"]["unexplained"], Json::Array(vec![]));
    let rule = |index: u64| {
        let mut values = verdict["pcrs"]["values"].as_array().unwrap().iter();
        values.find(|value| value["index"] == index).unwrap()["rule"].clone()
    };
    assert_eq!((rule(14), rule(15)), ("config".into(), "instance".into()));
}

#[test]
fn the_declared_steps_are_those_that_run() {
    let declared = include_str!("../ts/verdict.ts");
    let union = declared.split("export type StepId =").nth(1).unwrap().split("\n\n").next().unwrap();
    let ids: Vec<&str> = union.lines().filter_map(|line| line.trim().strip_prefix("| '")?.strip_suffix('\'')).collect();
    assert_eq!(ids, StepId::ALL.iter().map(|id| id.as_str()).collect::<Vec<_>>());
}
