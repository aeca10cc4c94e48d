use std::collections::BTreeSet;

use blindllama_testkit::tls::Authority;

use crate::config::file::File;
use crate::config::tests::{REQUIRED, read};
use crate::hex::hex;

/// PROTOCOL.md §12. The bytes were put together by hand from the CDDL.
#[test]
fn the_settings_have_one_encoding() {
    let config = read(&format!("{REQUIRED}upstream.kind = 'in-image'\nupstream.api_key = 'key'"), &[]).unwrap();
    let routes = [
        "GET /v1/models",
        "GET /v1/models/{id}",
        "POST /v1/chat/completions",
        "POST /v1/completions",
        "POST /v1/embeddings",
        "POST /v1/moderations",
        "POST /v1/responses",
    ];
    let mut expected = b"\xab\x00\x01\x01\x6cunix:/m.sock\x02\x00\x03\x01\x04\x87".to_vec();
    for route in routes {
        let length = u8::try_from(route.len()).unwrap();
        expected.extend(if length < 24 { vec![0x60 | length] } else { vec![0x78, length] });
        expected.extend(route.as_bytes());
    }
    expected.extend(b"\x05\x80\x06\x02\x07\xaa");
    expected.extend(b"\x00\x1a\x04\x10\x00\x00\x01\x1a\x00\x01\x00\x00\x02\x19\x04\x00\x03\x19\x10\x00");
    expected.extend(b"\x04\x19\x27\x10\x05\x19\x75\x30\x06\x1a\x00\x04\x93\xe0\x07\x19\x40\x00");
    expected.extend(b"\x08\x19\x04\x00\x09\x19\x04\x00");
    expected.extend(b"\x08\xa8\x00\x1a\x00\x36\xee\x80\x01\x1a\x00\x04\x93\xe0\x02\x1a\x00\x04\x93\xe0");
    expected.extend(b"\x03\x1a\x00\x10\x00\x00\x04\x1a\x00\x10\x00\x00");
    expected.extend(b"\x05\x86\x83\x19\x64\x7a\x01\x01\x83\x19\x64\x7a\x01\x03\x83\x19\x64\x7a\x01\x02");
    expected.extend(b"\x83\x18\x20\x01\x01\x83\x18\x20\x01\x03\x83\x18\x20\x01\x02");
    expected.extend(b"\x06\x19\x02\x00\x07\x00");
    expected.extend(b"\x09\xa2\x00\x0b\x01\x82\x00\x04\x0c\x00");
    assert_eq!(hex(&config.settings()), hex(&expected));
    assert_eq!(config.digest(), crate::digest::sha256(&expected));
}

#[test]
fn every_setting_is_in_the_digest_or_in_the_table_of_those_outside() {
    let digest = |member: &str| {
        let names: Vec<&str> = member.lines().filter_map(|line| line.split(' ').next()).collect();
        let others = REQUIRED.lines().filter(|line| !names.iter().any(|name| line.starts_with(name)));
        read(&others.chain([member]).collect::<Vec<_>>().join("\n"), &[]).unwrap().digest()
    };
    let base = read(REQUIRED, &[]).unwrap().digest();
    let keys = ["a", "b"].map(|key| digest(&format!("upstream.api_key = '{key}'")));
    assert_eq!(keys[0], keys[1], "a weak key cannot be guessed from the digest");
    let keys = ["aa", "bb"].map(|byte| digest(&format!("access.keys = ['{}']", byte.repeat(32))));
    assert_eq!(keys[0], keys[1], "keys change without another digest");
    assert_ne!(keys[0], base, "that there are keys does not");
    // It needs PCR 15, which the digest holds.
    let extending =
        ["", "\nattestation.extend_instance = true"].map(|more| digest(&format!("attestation.pcrs = [15]{more}")));
    assert_eq!(extending[0], extending[1]);
    let servers = "upstream.url = ''\nupstream.urls = ['unix:/b', 'unix:/a']";
    let shares = ["", "\nupstream.weights = [2, 1]", "\nupstream.probe_path = '/'"];
    let shares = shares.map(|more| digest(&format!("{servers}{more}")));
    assert!(shares.iter().all(|digest| *digest == shares[0]), "how much each server gets is not part of it");
    let outside = [
        "listen = '0.0.0.0:1'",
        "limits.connect_timeout_ms = 2",
        "upstream.probe_interval_ms = 2",
        "limits.drain_notice_ms = 2",
        "limits.drain_ms = 6000",
        "instance = 'a'",
        "tpm.tcti = 'device:/dev/tpm0'",
        "tpm.key = 'rsa-2048'",
        "tpm.handle = 0x81000003",
        "tpm.timeout_ms = 2",
        "attestation.event_logs = ['a']",
        "attestation.ak_chain = ['a', 'b']",
        "attestation.more_chains = [['c', 'b']]\nattestation.ak_chain = ['a', 'b']",
        "attestation.platform_report = 'a'\nattestation.platform_certificates = ['a', 'b', 'c']",
        "attestation.platform_certificates = ['a', 'b', 'c']\nattestation.platform_report = 'a'",
        "attestation.release = 'a'",
        "attestation.status = 'a'",
        "audiences = ['other']",
        "machine.connector = '/c'",
        "enrolment.keys = ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c']",
        "operator.keys = ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c']",
    ];
    for same in outside {
        assert_eq!(digest(same), base, "{same}");
    }
    let key = format!("\naccess.keys = ['{}']", "aa".repeat(32));
    let limits =
        ["requests_per_minute", "streams", "total_requests_per_minute", "tokens_per_minute", "total_tokens_per_minute"];
    let limits = limits.map(|limit| format!("access.{limit} = 2{key}"));
    let fleet = |url: &str, secret: &str, password: &str| {
        format!(
            "access.shared = '{url}'\naccess.shared_secret = '{}'\naccess.shared_password = '{password}'\n{}",
            secret.repeat(32),
            limits[0]
        )
    };
    let fleets = ["redis://a:1", "redis://b:1"].map(|url| fleet(url, "aa", "a"));
    let secrets = [("bb", "a"), ("aa", "b")].map(|(secret, password)| digest(&fleet("redis://a:1", secret, password)));
    assert_eq!(secrets, [digest(&fleets[0]), digest(&fleets[0])], "secrets are outside");
    let user = format!("{}\naccess.shared_user = 'u'", fleets[0]);
    assert_eq!(digest(&user), digest(&fleets[0]), "the user is outside too");
    let encrypted =
        |first: &str, ca: &str| format!("{first}\naccess.shared_ca = '''{ca}'''\n{}", fleet("rediss://a:1", "aa", "a"));
    let router = |addresses: &str| {
        let out = "machine.connector = '/c'\nupstream.url = 'http://192.0.2.1:80'";
        format!("machine.egress = [{addresses}]\n{out}")
    };
    let url = "\nupstream.url = 'https://192.0.2.1:443'";
    let [one, two] = [1, 2].map(|seed| Authority(seed).pem());
    let tls = [
        format!("upstream.ca = '''{one}'''{url}"),
        format!("upstream.ca = '''{two}'''{url}"),
        format!("upstream.ca = '''{one}{two}'''{url}"),
        format!("upstream.tls_name = 'a'\nupstream.ca = '''{one}'''{url}"),
    ];
    assert_eq!(
        digest(&tls[2]),
        digest(&tls[2].replace(&format!("{one}{two}"), &format!("{two}{one}{two}"))),
        "neither their order nor how often they stand there"
    );
    let routers = ["'192.0.2.1:80'", "'192.0.2.1:80', '192.0.2.2:80'"].map(router);
    let ways = ["192.0.2.7", "192.0.2.8"].map(|by| digest(&format!("{}\nmachine.next_hop = '{by}'", routers[0])));
    assert_eq!(ways, [digest(&routers[0]), digest(&routers[0])], "the way to an address is not part of it");
    let counters = [
        encrypted("", &one).trim_start().to_owned(),
        encrypted("", &two).trim_start().to_owned(),
        encrypted("access.shared_tls_name = 'a'", &one),
    ];
    let changes: [&str; 56] = [
        "upstream.urls = ['unix:/m.sock', 'unix:/y']\nupstream.url = ''",
        "upstream.urls = ['unix:/m.sock', 'unix:/z']\nupstream.url = ''",
        "upstream.url = 'unix:/other.sock'",
        "upstream.kind = 'in-image'",
        "upstream.api_key = 'k'",
        "upstream.model_digest = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'",
        "upstream.model_digest = '0000000000000000000000000000000000000000000000000000000000000000'",
        "upstream.routes = ['GET /v1/models']",
        "upstream.fields = ['x-session-affinity']",
        "upstream.prompt_cache = 'salted'",
        "upstream.prompt_cache = 'off'\nupstream.routes = ['POST /v1/completions']",
        "upstream.prompt_cache = 'none'",
        &attested("upstream.policy", POLICY, "a", false),
        &attested("upstream.policy", &POLICY.replace('7', "8"), "a", false),
        &attested("upstream.audience", POLICY, "b", false),
        &attested("upstream.allow_simulated", POLICY, "a", true),
        "cors.origins = ['*']",
        "cors.origins = ['https://a.example']",
        "log.level = 'error'",
        "limits.request_bytes = 1000000",
        "limits.field_bytes = 1000",
        "limits.streams = 2",
        "limits.connections = 2",
        "limits.header_timeout_ms = 2",
        "limits.body_timeout_ms = 2",
        "limits.upstream_timeout_ms = 2",
        "limits.waiting = 2",
        "limits.arriving = 2",
        "limits.body_rate_bytes = 2",
        "channel.epoch_ms = 2",
        "channel.grace_ms = 2",
        "channel.date_window_ms = 2",
        "channel.replay_capacity = 2",
        "channel.idempotency_capacity = 2",
        "channel.suites = ['x25519-sha256-aes128gcm']",
        "channel.event_bucket_bytes = 0",
        "channel.batch_ms = 2",
        "attestation.bank = 'sha384'",
        "attestation.pcrs = [0]",
        &limits[0],
        &limits[1],
        &limits[2],
        &routers[0],
        &routers[1],
        &limits[3],
        &limits[4],
        &fleets[0],
        &fleets[1],
        &counters[0],
        &counters[1],
        &counters[2],
        "upstream.models = ['a']",
        &tls[0],
        &tls[1],
        &tls[2],
        &tls[3],
    ];
    let mut digests: Vec<_> = changes.iter().map(|member| digest(member)).chain([base]).collect();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), changes.len() + 1, "all differ");
    // The key itself is outside; that there is one is not.
    let named = |members: &[&str]| {
        members.iter().map(|member| member.split(' ').next().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let (mut outside, changing) = (named(&outside), named(&changes));
    assert!(outside.is_disjoint(&changing));
    outside.extend(["upstream.api_key", "access.keys", "attestation.extend_instance"].map(str::to_owned));
    outside.extend(["upstream.weights", "upstream.probe_path", "machine.next_hop"].map(str::to_owned));
    outside.extend(["access.shared_secret", "access.shared_user", "access.shared_password"].map(str::to_owned));
    assert_eq!(outside, documented_outside(), "the table of PROTOCOL.md §12");
    assert_eq!(
        outside.union(&changing).cloned().collect::<BTreeSet<_>>(),
        all_settings(),
        "a setting that nobody placed"
    );
}

/// A policy for another gateway.
const POLICY: &str = r#"{"version":1,"anchors":[{"kind":"simulated","name":"000b0707070707070707070707070707070707070707070707070707070707070707","hierarchy":"endorsement"}],"acceptAssurance":["simulated"],"pcrs":{"bank":"sha256","rules":{"0":"golden"},"allowPartialCoverage":true},"releases":[{"name":"a","pcrs":{"0":"1111111111111111111111111111111111111111111111111111111111111111"},"configDigests":["1111111111111111111111111111111111111111111111111111111111111111"]}]}"#;

/// The settings of an attested upstream, `first` in front.
fn attested(first: &str, policy: &str, audience: &str, allow_simulated: bool) -> String {
    let mut lines = [
        "upstream.kind = 'attested'".to_owned(),
        "upstream.url = 'http://192.0.2.1:8787'".to_owned(),
        format!("upstream.policy = '{policy}'"),
        format!("upstream.audience = '{audience}'"),
        format!("upstream.allow_simulated = {allow_simulated}"),
    ];
    lines.sort_by_key(|line| !line.starts_with(first));
    lines.join("\n")
}

/// Every setting of the file, by its path.
fn all_settings() -> BTreeSet<String> {
    let file = toml::Table::try_from(File::default()).unwrap();
    file.into_iter()
        .flat_map(|(name, value)| match value {
            toml::Value::Table(section) => section.keys().map(|member| format!("{name}.{member}")).collect(),
            _ => vec![name],
        })
        .collect()
}

/// Those that PROTOCOL.md names as outside of the digest.
fn documented_outside() -> BTreeSet<String> {
    let protocol = include_str!("../../../../../spec/protocol/12-configuration-digest.md");
    let (_, table) = protocol.split_once("<!-- settings outside of the digest -->").unwrap();
    let (table, _) = table.split_once("<!-- end of the settings outside of the digest -->").unwrap();
    let first_cells = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    first_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned)).collect()
}
