use blindllama_testkit::tls::{Authority, pem};

use super::*;
use crate::config::read::parse;
use crate::failure::Failure;
use crate::tpm::{KeyKind, KeySource};
use crate::upstream::address::Passage;

const EXAMPLE: &str = include_str!("../../gateway.example.toml");
pub(super) const REQUIRED: &str =
    "audiences = ['https://chat.example']\nattestation.pcrs = [0, 4]\nupstream.url = 'unix:/m.sock'\n";

pub(super) fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, Failure> {
    parse(text, environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn refusal(text: &str, environment: &[(&str, &str)]) -> String {
    read(text, environment).expect_err(text).to_string()
}

#[test]
fn the_example_says_the_defaults() {
    let example = read(EXAMPLE, &[]).unwrap();
    let required = "audiences = ['https://chat.example']\nattestation.pcrs = [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 14]\n\
                    upstream.url = 'http://127.0.0.1:8080'";
    let defaults = read(required, &[]).unwrap();
    assert_eq!(format!("{example:?}"), format!("{defaults:?}"));
    assert_eq!(example.settings(), defaults.settings());
}

#[test]
fn the_required_members_are_required() {
    read(REQUIRED, &[]).unwrap();
    for (index, member) in ["audiences", "attestation.pcrs", "upstream.url"].iter().enumerate() {
        let text: String = REQUIRED
            .lines()
            .enumerate()
            .filter(|(line, _)| *line != index)
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        let refused = refusal(&text, &[]);
        assert!(refused.contains("config.invalid") && refused.contains(member), "{refused}");
    }
}

#[test]
fn no_configuration_at_all_is_told_as_such() {
    let started = |environment: &[(&str, &str)]| {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load(None, environment.collect::<Vec<_>>().into_iter())
    };
    // What Kubernetes and others set is no configuration.
    for nothing in [&[][..], &[("HOME", "/root")], &[("BLINDLLAMA_SERVICE_HOST", "10.0.0.1")]] {
        let refused = started(nothing).expect_err("no configuration").to_string();
        assert!(refused.starts_with("config.read"), "{refused}");
        for part in ["no configuration was given", "--config", "gateway.example.toml", "audiences"] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
    }
    let some = started(&[("BLINDLLAMA_LISTEN", "127.0.0.1:1")]).expect_err("no audiences").to_string();
    assert!(some.starts_with("config.invalid") && some.contains("audiences"), "{some}");
    let variables = [
        ("BLINDLLAMA_AUDIENCES", "https://chat.example"),
        ("BLINDLLAMA_ATTESTATION_PCRS", "0,4"),
        ("BLINDLLAMA_UPSTREAM_URL", "unix:/m.sock"),
    ];
    assert_eq!(started(&variables).unwrap().audiences, ["https://chat.example"]);
}

#[test]
fn unknown_members_and_wrong_types_name_their_line() {
    for (text, line) in [
        ("nonsense = 1", 4),
        ("[limits]\nstreams = 3\nstream = 3", 6),
        ("[limits]\nstreams = '3'", 5),
        ("[limits]\nstreams = -1", 5),
        ("[limits]\nstreams = 1.5", 5),
        ("[tpm\n", 4),
        ("listen = 'a'\nlisten = 'b'", 5),
    ] {
        let refused = refusal(&format!("{REQUIRED}{text}"), &[]);
        assert!(
            refused.starts_with("config.syntax") && refused.contains(&format!("line {line}:")),
            "{text}: {refused}"
        );
    }
}

#[test]
fn an_error_does_not_repeat_the_line_which_may_hold_a_secret() {
    let refused = refusal(&format!("{REQUIRED}[upstream.api_key]\nx = 'SECRET'"), &[]);
    assert!(!refused.contains("SECRET"), "{refused}");
    let refused = refusal("upstream = { api_key = 'SECRET', nonsense = 1 }", &[]);
    assert!(!refused.contains("SECRET"), "{refused}");
    for (text, expected) in [
        ("[access]\nkeys = 'SECRET'", "line 5: expected a sequence"),
        ("[upstream]\napi_key = 53423370", "line 5: expected a string"),
    ] {
        let required = "audiences = ['a']\nattestation.pcrs = [0]\nlisten = 'a'\n";
        let refused = refusal(&format!("{required}{text}"), &[]);
        assert!(!refused.contains("SECRET") && !refused.contains("53423370"), "{refused}");
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn the_environment_wins_over_the_file() {
    let environment = [
        ("BLINDLLAMA_LISTEN", "0.0.0.0:9"),
        ("BLINDLLAMA_LIMITS_STREAMS", "7"),
        ("BLINDLLAMA_ATTESTATION_PCRS", "12, 4,0"),
        ("BLINDLLAMA_CORS_ORIGINS", "https://b.example,https://a.example"),
        ("BLINDLLAMA_UPSTREAM_API_KEY", "key"),
        ("OTHER", "ignored"),
    ];
    let config = read(&format!("{REQUIRED}limits.streams = 3"), &environment).unwrap();
    assert_eq!((config.listen.as_str(), config.limits.streams), ("0.0.0.0:9", 7));
    assert_eq!(config.tpm.selection, [0, 4, 12]);
    assert_eq!(config.origins, Origins::Listed(vec!["https://a.example".into(), "https://b.example".into()]));
    assert_eq!(config.upstream.api_key.unwrap().as_str(), "key");
    let whole =
        [("BLINDLLAMA_AUDIENCES", "a"), ("BLINDLLAMA_ATTESTATION_PCRS", "1"), ("BLINDLLAMA_UPSTREAM_URL", "unix:/m")];
    assert!(read("", &whole).is_ok(), "no file is needed");
}

#[test]
fn unknown_variables_and_wrong_values_are_named() {
    for (name, value) in [
        ("BLINDLLAMA_NONSENSE", "1"),
        ("BLINDLLAMA_LIMITS", "1"),
        ("BLINDLLAMA_LIMITS_STREAMS", "many"),
        ("BLINDLLAMA_ATTESTATION_PCRS", "0,x"),
    ] {
        let refused = refusal(REQUIRED, &[(name, value)]);
        assert!(refused.starts_with("config.syntax") && refused.contains(name), "{refused}");
    }
}

/// What Kubernetes puts into every container of the namespace for a Service whose name begins with "blindllama", and Docker for a link.
#[test]
fn the_variables_of_a_service_of_this_name_are_no_settings() {
    let plain = read(REQUIRED, &[]).unwrap();
    for service in ["BLINDLLAMA", "BLINDLLAMA_GATEWAY", "BLINDLLAMA_WEB", "BLINDLLAMA2", "BLINDLLAMA_LIMITS"] {
        let variables = [
            ("_SERVICE_HOST", "10.43.1.39"),
            ("_SERVICE_HOST", "fd00::1"),
            ("_SERVICE_PORT", "8787"),
            ("_SERVICE_PORT_HTTP_OHTTP", "8787"),
            ("_PORT", "tcp://10.43.1.39:8787"),
            ("_PORT", "tcp://[fd00::1]:8787"),
            ("_PORT_8787_TCP", "tcp://10.43.1.39:8787"),
            ("_PORT_8787_TCP_PROTO", "tcp"),
            ("_PORT_8787_TCP_PORT", "8787"),
            ("_PORT_8787_TCP_ADDR", "10.43.1.39"),
            ("_PORT_53_UDP", "udp://10.43.1.39:53"),
            ("_NAME", "/chat/blindllama"),
        ];
        for (end, value) in variables {
            let name = format!("{service}{end}");
            let config = read(REQUIRED, &[(&name, value)]).unwrap_or_else(|failure| panic!("{failure}"));
            assert_eq!(config.settings(), plain.settings(), "{name}");
        }
    }
    assert!(read(REQUIRED, &[("BLINDLLAMATEST", "1")]).is_ok(), "the name of another program");
}

#[test]
fn a_variable_that_only_resembles_those_of_a_service_is_refused() {
    for (name, value) in [
        ("BLINDLLAMA_PORT", "8787"),
        ("BLINDLLAMA_PORT", "http://10.43.1.39:8787"),
        ("BLINDLLAMA_SERVICE_HOST", "gateway.example"),
        ("BLINDLLAMA_SERVICE_PORT", "http"),
        ("BLINDLLAMA_PORT_HTTP_TCP", "tcp://10.43.1.39:8787"),
        ("BLINDLLAMA_PORT_8787_TCP_PROTO", "8787"),
        ("BLINDLLAMA_LIMITS_STREAM", "7"),
        ("BLINDLLAMA_NAME", "gateway"),
        ("BLINDLLAMA_", ""),
    ] {
        let refused = refusal(REQUIRED, &[(name, value)]);
        assert!(refused.starts_with("config.syntax") && refused.contains(name), "{refused}");
    }
}

#[test]
fn who_may_enrol_is_named_and_leaves_the_digest_alone() {
    let (one, other) = ("3d".repeat(32), "d7".repeat(32));
    let plain = read(REQUIRED, &[]).unwrap();
    let both = read(REQUIRED, &[("BLINDLLAMA_ENROLMENT_KEYS", &format!("{one},{other}"))]).unwrap();
    assert_eq!((plain.enrolment_keys.len(), both.enrolment_keys), (0, vec![[0x3d; 32], [0xd7; 32]]));
    assert_eq!(plain.settings(), read(REQUIRED, &[("BLINDLLAMA_ENROLMENT_KEYS", &one)]).unwrap().settings());
    let nine: Vec<String> = (0..9).map(|n| format!("{n:02x}").repeat(32)).collect();
    assert!(refusal(REQUIRED, &[("BLINDLLAMA_ENROLMENT_KEYS", &nine.join(","))]).starts_with("config.invalid"));
}

#[test]
fn what_would_not_be_safe_is_invalid() {
    for member in [
        "upstream.kind = 'in-image'\nupstream.url = 'http://10.0.0.1:80'",
        "upstream.kind = 'in-image'\nupstream.url = 'h2c://10.0.0.1:80'",
        "upstream.kind = 'in-image'\nupstream.url = 'http://localhost:80'",
        "upstream.kind = 'attested'",
        "upstream.kind = 'attested'\nupstream.url = 'http://192.0.2.1:1'",
        "upstream.kind = 'attested'\nupstream.url = 'http://192.0.2.1:1'\nupstream.audience = 'a'\nupstream.policy = '{}'",
        "upstream.routes = ['GET /v1/files']\naccess.keys = ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c']",
        "upstream.routes = ['GET /v1/files']\nupstream.api_key = 'own'",
        "upstream.policy = '{}'",
        "upstream.audience = 'a'",
        "upstream.allow_simulated = true",
        "upstream.url = 'https://model.example:443'",
        "upstream.url = 'http://model.example'",
        "upstream.url = 'http://user@model.example:80'",
        "upstream.url = 'http://model.example:80/base//'",
        "upstream.url = 'http://model.example:80/?x=1'",
        "upstream.url = 'unix:model.sock'",
        "upstream.urls = ['unix:/a', 'unix:/b']",
        "upstream.urls = ['unix:/a']\nupstream.url = ''",
        "upstream.urls = ['unix:/a', 'unix:/a']\nupstream.url = ''",
        "upstream.urls = ['unix:/a', 'unix:b']\nupstream.url = ''",
        "upstream.weights = [1]",
        "upstream.weights = [1]\nupstream.url = ''\nupstream.urls = ['unix:/a', 'unix:/b']",
        "upstream.weights = [1, 0]\nupstream.url = ''\nupstream.urls = ['unix:/a', 'unix:/b']",
        "upstream.weights = [1, 1001]\nupstream.url = ''\nupstream.urls = ['unix:/a', 'unix:/b']",
        "upstream.kind = 'in-image'\nupstream.url = ''\nupstream.urls = ['http://127.0.0.1:1', 'http://10.0.0.1:1']",
        "upstream.routes = ['POST /v1/files']\nupstream.url = ''\nupstream.urls = ['unix:/a', 'unix:/b']",
        "upstream.routes = ['GET /v1/batches/{id}']\nupstream.url = ''\nupstream.urls = ['unix:/a', 'unix:/b']",
        "upstream.models = ['a', 'a']",
        "upstream.models = ['']",
        "upstream.models = ['a']\nupstream.routes = ['POST /v1/audio/transcriptions']",
        "upstream.models = ['a']\nupstream.routes = ['POST /v1/batches']",
        "access.tokens_per_minute = 2",
        "upstream.probe_path = '/health'",
        "upstream.probe_path = 'health'\nupstream.url = ''\nupstream.urls = ['unix:/a', 'unix:/b']",
        "upstream.probe_path = '/a b'\nupstream.url = ''\nupstream.urls = ['unix:/a', 'unix:/b']",
        "upstream.probe_interval_ms = 0",
        "upstream.routes = []",
        "upstream.routes = ['GET /slots']",
        "upstream.routes = ['GET /v1/models', 'GET /v1/models']",
        "upstream.fields = ['X-Session']",
        "upstream.fields = ['x session']",
        "upstream.fields = ['x-session', 'x-session']",
        "upstream.fields = ['x-original-url']",
        "upstream.fields = ['x-api-key']\nupstream.api_key = 'own'",
        "upstream.api_key = \"a\\r\\nb\"",
        "upstream.prompt_cache = 'private'",
        "upstream.prompt_cache = 'off'",
        "upstream.prompt_cache = 'off'\nupstream.routes = ['POST /v1/embeddings']",
        "upstream.prompt_cache = 'off'\nupstream.routes = ['POST /v1/moderations']",
        "upstream.prompt_cache = 'off'\nupstream.routes = ['POST /v1/rerank']",
        "upstream.prompt_cache = 'salted'\nupstream.routes = ['POST /v1/chat/completions', 'POST /v1/batches']",
        "upstream.prompt_cache = 'salted'\nupstream.routes = ['POST /v1/audio/transcriptions']",
        "upstream.api_key = 'own'\nupstream.routes = ['GET /v1/files']",
        "upstream.api_key = 'own'\nupstream.routes = ['GET /v1/batches/{id}']",
        "upstream.model_digest = '00'",
        "upstream.model_digest = '00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF'",
        "audiences = ['a', 'a']",
        "audiences = ['']",
        "instance = 'Not/A/Segment'",
        "attestation.pcrs = [0, 24]",
        "attestation.extend_instance = true",
        "attestation.pcrs = [0, 0]",
        "attestation.bank = 'sha1'",
        "tpm.tcti = 'swtpm:path=/run/tpm'",
        "tpm.key = 'ecc'",
        "tpm.handle = 0x80ffffff",
        "tpm.handle = 0x82000000",
        "tpm.handle = '81000003'",
        "tpm.handle = '0x'",
        "tpm.handle = '0x+1000003'",
        "tpm.handle = '0x181000003'",
        "attestation.ak_chain = ['leaf.der']",
        "attestation.ak_chain = ['1', '2', '3', '4', '5', '6', '7', '8', '9']",
        "attestation.ak_chain = ['leaf', 'root']\nattestation.more_chains = [['leaf']]",
        "attestation.ak_chain = ['leaf', 'root']\nattestation.more_chains = [['1', '2', '3', '4', '5', '6', '7', '8', '9']]",
        "attestation.ak_chain = ['l', 'r']\nattestation.more_chains = [['l', 'r'], ['l', 'r'], ['l', 'r'], ['l', 'r']]",
        "attestation.more_chains = [['leaf', 'root']]",
        "attestation.platform_report = 'report'",
        "attestation.platform_report = 'report'\nattestation.platform_certificates = ['vcek.der', 'ask.der']",
        "attestation.platform_certificates = ['vcek.der', 'ask.der', 'ark.der']",
        "enrolment.keys = ['d75a98']",
        "operator.keys = ['d75a98']",
        "access.keys = ['d75a98']",
        "access.keys = ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c']",
        "access.streams = 2",
        "access.keys = ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c']\naccess.requests_per_minute = 268435457",
        "enrolment.keys = ['D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A']",
        "enrolment.keys = ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c']",
        "cors.origins = ['*', 'https://a.example']",
        "cors.origins = ['https://a.example/']",
        "cors.origins = ['HTTPS://a.example']",
        "cors.origins = ['https://a.example:443']",
        "cors.origins = ['a.example']",
        "cors.origins = ['https://a.example', 'https://a.example']",
        "log.level = 'debug'",
        "limits.streams = 0",
        "limits.arriving = 0",
        "limits.body_rate_bytes = 0",
        "limits.field_bytes = 0",
        "limits.request_bytes = 10",
        "limits.body_timeout_ms = 0",
        "channel.epoch_ms = 86400000",
        "channel.suites = []",
        "channel.suites = ['x25519-sha256-aes128gcm', 'x25519-sha256-aes128gcm']",
        "channel.suites = ['x448-sha256-aes128gcm']",
        "channel.event_bucket_bytes = 63",
        "channel.event_bucket_bytes = 16385",
        "channel.batch_ms = 10001",
    ] {
        let name = member.split(' ').next().unwrap();
        let others =
            REQUIRED.lines().filter(|line| !member.lines().any(|m| m.split(' ').next() == line.split(' ').next()));
        let text = others.chain(member.lines()).collect::<Vec<_>>().join("\n");
        let refused = refusal(&text, &[]);
        let section = name.split('.').next().unwrap();
        assert!(refused.starts_with("config.invalid") && refused.contains(section), "{member}: {refused}");
    }
}

#[test]
fn a_handle_is_a_number_or_hexadecimal_text() {
    let key = |text: &str, environment: &[(&str, &str)]| read(text, environment).unwrap().tpm.key;
    for handle in ["0x81000003", "2164260867", "'0x81000003'"] {
        assert_eq!(key(&format!("{REQUIRED}tpm.handle = {handle}"), &[]), KeySource::Persistent(0x8100_0003));
    }
    let variable = ("BLINDLLAMA_TPM_HANDLE", "0x81ffFFff");
    assert_eq!(key(&format!("{REQUIRED}tpm.handle = 0x81000003"), &[variable]), KeySource::Persistent(0x81ff_ffff));
    for none in ["", "tpm.handle = ''", "tpm.key = 'ecc-p256'"] {
        assert_eq!(key(&format!("{REQUIRED}{none}"), &[]), KeySource::Primary(KeyKind::EccP256));
    }
    for wrong in ["-1", "true", "1.5", "[1]"] {
        let refused = refusal(&format!("{REQUIRED}tpm.handle = {wrong}"), &[]);
        assert!(refused.contains("config.syntax") && refused.contains("hexadecimal text"), "{refused}");
    }
}

#[test]
fn several_servers_have_shares_in_the_order_of_their_addresses() {
    let text = REQUIRED
        .replace("upstream.url = 'unix:/m.sock'", "upstream.urls = ['http://b.example:1', 'h2c://a.example:2/v']");
    let servers = |more: &str| {
        let upstream = read(&format!("{text}{more}"), &[]).unwrap().upstream;
        upstream.servers.into_iter().map(|server| (server.url, server.weight)).collect::<Vec<_>>()
    };
    let (b, a) = ("http://b.example:1".to_owned(), "h2c://a.example:2/v".to_owned());
    assert_eq!(servers(""), [(b.clone(), 1), (a.clone(), 1)]);
    assert_eq!(servers("upstream.weights = [3, 2]"), [(b, 3), (a, 2)]);
    let environment = [
        ("BLINDLLAMA_UPSTREAM_URLS", "unix:/a,unix:/b"),
        ("BLINDLLAMA_UPSTREAM_WEIGHTS", "2, 5"),
        ("BLINDLLAMA_UPSTREAM_PROBE_PATH", "/health"),
    ];
    let upstream = read(&text, &environment).unwrap().upstream;
    assert_eq!(upstream.servers[1].weight, 5);
    assert_eq!(upstream.probe.unwrap(), ProbeSettings { path: "/health".into(), interval: Duration::from_secs(5) });
}

#[test]
fn certificates_and_report_are_files_in_the_order_given() {
    let environment = [
        ("BLINDLLAMA_ATTESTATION_AK_CHAIN", "leaf.der, root.der"),
        ("BLINDLLAMA_ATTESTATION_MORE_CHAINS", "own.der, ca.der; third.der, middle.der, ca.der"),
        ("BLINDLLAMA_ATTESTATION_PLATFORM_REPORT", "report"),
        ("BLINDLLAMA_ATTESTATION_PLATFORM_CERTIFICATES", "vcek.der,ask.der,ark.der"),
    ];
    let config = read(REQUIRED, &environment).unwrap();
    assert_eq!(config.ak_chain, ["leaf.der", "root.der"].map(PathBuf::from));
    let more = [&["own.der", "ca.der"][..], &["third.der", "middle.der", "ca.der"]];
    assert_eq!(config.more_chains, more.map(|chain| chain.iter().map(PathBuf::from).collect::<Vec<_>>()));
    let platform = config.platform.unwrap();
    assert_eq!(platform.report, PathBuf::from("report"));
    assert_eq!(platform.certificates, ["vcek.der", "ask.der", "ark.der"].map(PathBuf::from));
}

#[test]
fn loopback_addresses_and_sockets_can_be_in_the_image() {
    for url in ["http://127.0.0.1:80", "h2c://127.3.2.1:80/base", "http://[::1]:80", "unix:/run/model.sock"] {
        let text =
            format!("audiences = ['a']\nattestation.pcrs = [0]\nupstream = {{ url = '{url}', kind = 'in-image' }}");
        assert_eq!(read(&text, &[]).unwrap().upstream.kind, Upstream::InImage, "{url}");
    }
}

/// A text in the middle of `machine.egress` and the rest of a profile `router`.
fn router(egress: &str, upstream: &str) -> String {
    let text = REQUIRED.replace("unix:/m.sock", upstream);
    format!("{text}machine.egress = [{egress}]\nmachine.connector = '/run/connector'\n")
}

/// The way to the first server of the upstream.
fn passage(config: &Config) -> Option<&Passage> {
    let Address::Http { passage, .. } = &config.upstream.servers[0].address else { panic!("over TCP") };
    passage.as_ref()
}

#[test]
fn an_image_connects_to_listed_addresses_through_its_connector() {
    let text = router("'192.0.2.9:443', '192.0.2.1:8443'", "http://192.0.2.9:443/base");
    let config = read(&text, &[]).unwrap();
    // In the order of their texts, which is the connector's.
    assert_eq!(config.egress, ["192.0.2.1:8443", "192.0.2.9:443"].map(|text| text.parse().unwrap()));
    assert_eq!(passage(&config), Some(&Passage { socket: "/run/connector".into(), index: 1 }));
    let outside = read(&REQUIRED.replace("unix:/m.sock", "http://192.0.2.9:443"), &[]).unwrap();
    assert_eq!(passage(&outside), None, "outside of an image");
    // Several servers have to be listed one by one.
    let text = router("'192.0.2.9:443', '192.0.2.1:8443'", "http://192.0.2.9:443/base");
    let one = "url = 'http://192.0.2.9:443/base'";
    let several = |second: &str| text.replace(one, &format!("urls = ['http://192.0.2.9:443', 'http://{second}']"));
    assert_ne!(several(""), text);
    assert!(read(&several("192.0.2.1:8443"), &[]).is_ok());
    assert!(read(&several("192.0.2.2:8443"), &[]).unwrap_err().detail.starts_with("upstream.urls: machine.egress"));
}

#[test]
fn what_an_image_could_not_keep_to_is_refused() {
    let listed = "'192.0.2.1:80'";
    for (text, member) in [
        (router(listed, "http://192.0.2.1:81"), "upstream.url"),
        (router(listed, "http://gateway.example:80"), "upstream.url"),
        (router(listed, "http://[::1]:80"), "upstream.url"),
        (router(listed, "unix:/m.sock"), "upstream.url"),
        // Closed: there is no address at all.
        (router("", "http://192.0.2.1:80"), "upstream.url"),
        (format!("{REQUIRED}machine.egress = [{listed}]"), "machine.egress"),
        (format!("{REQUIRED}machine.connector = 'connector'"), "machine.connector"),
        (router("'192.0.2.1:80', '192.0.2.1:80'", "http://192.0.2.1:80"), "machine.egress"),
        (router("'192.0.2.1:080'", "http://192.0.2.1:80"), "machine.egress"),
        (router("'192.0.2.1'", "http://192.0.2.1:80"), "machine.egress"),
        (router("'192.0.2.1:0'", "http://192.0.2.1:80"), "machine.egress"),
        (router("'gateway.example:80'", "http://192.0.2.1:80"), "machine.egress"),
        (router("'127.0.0.1:80'", "http://127.0.0.1:80"), "machine.egress"),
        (router("'0.0.0.0:80'", "http://192.0.2.1:80"), "machine.egress"),
        (router("'224.0.0.1:80'", "http://192.0.2.1:80"), "machine.egress"),
        (router("'255.255.255.255:80'", "http://192.0.2.1:80"), "machine.egress"),
        // Closed: it connects to nothing.
        (format!("{REQUIRED}machine.next_hop = '192.0.2.7'\nmachine.connector = '/c'"), "machine.next_hop"),
        (format!("{REQUIRED}machine.next_hop = '192.0.2.7'"), "machine.next_hop"),
        (
            router(
                &(1..18).map(|port| format!("'192.0.2.1:{port}'")).collect::<Vec<_>>().join(","),
                "http://192.0.2.1:1",
            ),
            "machine.egress",
        ),
    ] {
        let refused = refusal(&text, &[]);
        assert!(refused.contains("config.invalid") && refused.contains(&format!("({member}: ")), "{text}: {refused}");
    }
}

#[test]
fn the_next_hop_is_the_address_of_one_machine() {
    let by = |text: &str| format!("{}machine.next_hop = '{text}'", router("'192.0.2.1:80'", "http://192.0.2.1:80"));
    for address in ["10.0.2.1", ""] {
        assert!(read(&by(address), &[]).is_ok(), "{address}");
    }
    for text in [
        "10.0.2.1/24",
        "10.0.2.1:80",
        "10.0.2.01",
        "router",
        "::1",
        "0.0.0.0",
        "127.0.0.1",
        "224.0.0.1",
        "255.255.255.255",
    ] {
        let refused = refusal(&by(text), &[]);
        assert!(refused.contains("config.invalid") && refused.contains("(machine.next_hop: "), "{text}: {refused}");
    }
}

#[test]
fn an_image_reads_its_profile_before_the_rest() {
    use crate::config::read::egress_of;
    let printed = |text: &str| egress_of(text).unwrap().to_string();
    assert_eq!(printed("audiences = ['a']"), "");
    let listed = "machine.egress = ['192.0.2.9:80', '192.0.2.1:80']\nupstream.url = 'http://192.0.2.9:80'";
    assert_eq!(printed(listed), "192.0.2.1:80\n192.0.2.9:80\n");
    let via = format!("{listed}\nmachine.next_hop = '10.0.2.1'");
    assert_eq!(printed(&via), "192.0.2.1:80\n192.0.2.9:80\nvia 10.0.2.1\n");
    let closed = egress_of("machine.next_hop = '10.0.2.1'").unwrap_err().to_string();
    assert!(closed.contains("(machine.next_hop: without machine.egress"), "{closed}");
    let closed = egress_of("upstream.url = 'http://192.0.2.9:80'").unwrap_err().to_string();
    assert!(closed.contains("config.invalid") && closed.contains("upstream.url: without machine.egress"), "{closed}");
    assert!(egress_of("machine.egress = ['a']").is_err());
    assert!(egress_of("machine.egres = []").is_err());
}

#[test]
fn a_counter_of_the_fleet_needs_something_to_count_a_strong_secret_and_in_an_image_a_listed_address() {
    let keys = format!("access.keys = ['{}']", "aa".repeat(32));
    let limit = "access.requests_per_minute = 2";
    let secret = format!("access.shared_secret = '{}'", "5d".repeat(32));
    let with = |lines: &[&str]| format!("{REQUIRED}{}", lines.join("\n"));
    let shared = |url: &str| format!("access.shared = '{url}'");
    for url in ["redis://10.0.0.7:6379", "redis://counter.example:6379", "redis://[::1]:1", "redis+unix:///run/r.sock"]
    {
        let config = read(&with(&[&keys, limit, &secret, &shared(url)]), &[]).unwrap();
        assert_eq!(config.access.unwrap().shared.unwrap().url, url);
    }
    let url = shared("redis://10.0.0.7:6379");
    for (lines, member) in [
        (vec![limit, &secret, &url], "access.keys"),
        (vec![&secret[..], &url], "access.shared"),
        (vec![&keys, &secret, &url], "access.shared"),
        (vec![&keys, "access.streams = 2", &secret, &url], "access.shared"),
        (vec![&keys, limit, &url], "access.shared_secret"),
        (vec![&keys, limit, &url, "access.shared_secret = 'SECRET'"], "access.shared_secret"),
        (vec![&keys, limit, &url, &secret, "access.shared_password = 'SECRET SECRET'"], "access.shared_password"),
        (vec![&keys, limit, &secret], "access.shared_secret"),
        (vec![&keys, limit, "access.shared_password = 'SECRET'"], "access.shared_password"),
        (vec![&keys, limit, "access.shared_user = 'SECRET'"], "access.shared_user"),
        (vec![&keys, limit, &url, &secret, "access.shared_user = 'SECRET SECRET'"], "access.shared_user"),
        (vec![&keys, limit, &url, &secret, "access.shared_user = 'SECRET'"], "access.shared_password"),
    ] {
        let refused = refusal(&with(&lines), &[]);
        assert!(refused.contains(&format!("{member}: ")) && !refused.contains("SECRET"), "{lines:?}: {refused}");
    }
    for url in [
        "REDISS://10.0.0.7:6379",
        "redis://10.0.0.7",
        "redis://10.0.0.7:0",
        "redis://:SECRET@10.0.0.7:6379",
        "redis://10.0.0.7:6379/1",
        "redis://10.0.0.7:6379?protocol=resp3",
        "redis+unix://run/r.sock",
        "redis+unix:///run/r.sock?db=1",
        "10.0.0.7:6379",
    ] {
        let refused = refusal(&with(&[&keys, limit, &secret, &shared(url)]), &[]);
        assert!(refused.contains("access.shared: ") && !refused.contains("SECRET"), "{url}: {refused}");
    }
    let image = |url: &str, egress: &str| {
        let lines = REQUIRED.lines().filter(|line| !line.starts_with("upstream.url")).collect::<Vec<_>>().join("\n");
        let router = "machine.connector = '/c'\nupstream.url = 'http://192.0.2.1:80'";
        let text =
            format!("{lines}\n{router}\nmachine.egress = [{egress}]\n{keys}\n{limit}\n{secret}\n{}", shared(url));
        read(&text, &[]).map_err(|failure| failure.detail)
    };
    let listed = "'192.0.2.1:80', '192.0.2.7:6379'";
    let config = image("redis://192.0.2.7:6379", listed).unwrap();
    let address = config.access.unwrap().shared.unwrap().address;
    assert!(matches!(address, Address::Http { passage: Some(passage), .. } if passage.index == 1));
    for (url, egress) in [
        ("redis://192.0.2.7:6379", "'192.0.2.1:80'"),
        ("redis://counter:6379", listed),
        ("redis+unix:///r.sock", listed),
    ] {
        assert!(image(url, egress).unwrap_err().contains("machine.egress"), "{url}");
    }
}

#[test]
fn a_counter_behind_tls_needs_authorities_and_authorities_need_tls() {
    let (keys, secret) = (["access.keys = ['", &"aa".repeat(32), "']"].concat(), "5d".repeat(32));
    let counter = format!("{keys}\naccess.requests_per_minute = 2\naccess.shared_secret = '{secret}'");
    let with = |url: &str, more: &str| format!("{REQUIRED}{counter}\naccess.shared = '{url}'\n{more}\n");
    let ca = format!("access.shared_ca = {}", quoted(&Authority(1).pem()));
    let named = format!("{ca}\naccess.shared_tls_name = 'counter.example'");
    let plain = "redis://10.0.0.7:6379";
    for (url, more, expected) in [
        ("rediss://10.0.0.7:6379", "", "access.shared_ca: a rediss address needs the authorities"),
        ("rediss://10.0.0.7:6379", "access.shared_ca = 'ca.pem'", "access.shared_ca: an absolute path"),
        (
            "rediss://10.0.0.7:6379",
            &format!("{ca}\naccess.shared_tls_name = 'A'"),
            "access.shared_tls_name: a DNS name",
        ),
        ("rediss://10.0.0.7", &ca, "access.shared: \"rediss://host:port\""),
        ("rediss://:SECRET@10.0.0.7:6379", &ca, "access.shared: \"rediss://host:port\""),
        (plain, &ca, "access.shared_ca: only with a \"rediss://\" address"),
        (plain, "access.shared_tls_name = 'a'", "access.shared_tls_name: only with a \"rediss://\" address"),
        ("redis+unix:///run/r.sock", &ca, "access.shared_ca: only with a \"rediss://\" address"),
    ] {
        let refused = refusal(&with(url, more), &[]);
        assert!(refused.starts_with("config.invalid") && refused.contains(expected), "{url} {more}: {refused}");
        assert!(!refused.contains("SECRET"), "{refused}");
    }
    let name =
        |url: &str, more: &str| match read(&with(url, more), &[]).unwrap().access.unwrap().shared.unwrap().address {
            Address::Http { tls: Some(tls), .. } => tls.name.to_str().into_owned(),
            other => panic!("{other:?}"),
        };
    assert_eq!(name("rediss://counter.test:6379", &ca), "counter.test");
    assert_eq!(name("rediss://[2001:db8::1]:6379", &ca), "2001:db8::1");
    assert_eq!(name("rediss://10.0.0.7:6379", &named), "counter.example");
}

/// A text in PEM as a value of TOML.
fn quoted(pem: &str) -> String {
    format!("'''{pem}'''")
}

#[test]
fn https_needs_authorities_and_authorities_need_https() {
    let with = |url: &str, more: &str| format!("{}{more}\n", REQUIRED.replace("unix:/m.sock", url));
    let authority = Authority(1);
    let ca = format!("upstream.ca = {}", quoted(&authority.pem()));
    let many: String = (0..513).map(|_| authority.pem()).collect();
    let torn = authority.pem().replace("-----END", "----END");
    let wrong = [
        ("https://a.example:443", String::new(), "/etc/ssl/certs/ca-certificates.crt"),
        ("https://a.example:443", "upstream.ca = 'ca.pem'".into(), "absolute path"),
        ("https://a.example:443", "upstream.ca = '-----BEGIN NOTHING-----'".into(), "upstream.ca"),
        ("https://a.example:443", format!("upstream.ca = {}", quoted(&torn)), "certificate 1 is not PEM"),
        ("https://a.example:443", format!("upstream.ca = {}", quoted(&pem(b"\x30\x00"))), "certificate 1 is malformed"),
        ("https://a.example:443", format!("upstream.ca = {}", quoted(&many)), "more than 512"),
        ("https://a.example:443", format!("{ca}\nupstream.tls_name = 'A.example'"), "upstream.tls_name"),
        ("https://a.example:443", format!("{ca}\nupstream.tls_name = '192.0.2.1'"), "upstream.tls_name"),
        ("https://a.example", ca.clone(), "https://host:port"),
        ("https://user@a.example:443", ca.clone(), "https://host:port"),
        ("http://a.example:80", ca.clone(), "upstream.ca"),
        ("unix:/m.sock", "upstream.tls_name = 'a.example'".into(), "upstream.tls_name"),
        ("https://a.example:443", format!("{ca}\nupstream.kind = 'in-image'"), "upstream.kind"),
    ];
    for (url, more, expected) in wrong {
        let refused = refusal(&with(url, &more), &[]);
        assert!(refused.starts_with("config.invalid") && refused.contains(expected), "{url} {more}: {refused}");
    }
    for (url, host) in
        [("https://a.example:443/v", "a.example:443"), ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443")]
    {
        let config = read(&with(url, &ca), &[]).unwrap();
        let address = &config.upstream.servers[0].address;
        assert!(matches!(address, Address::Http { tls: Some(_), http2: false, .. }), "{address:?}");
        assert_eq!(address.host(), host);
    }
    let named = read(&with("https://192.0.2.1:8443", &format!("{ca}\nupstream.tls_name = 'a.example'")), &[]).unwrap();
    assert_eq!(named.upstream.servers[0].address.host(), "a.example:8443");
}

#[test]
fn encrypted_servers_are_not_mixed_with_others_in_clear_text() {
    let ca = format!("upstream.ca = {}\n", quoted(&Authority(1).pem()));
    let mixed = |other: &str| {
        let urls = format!("upstream.urls = ['https://192.0.2.1:443', '{other}']");
        REQUIRED.replace("upstream.url = 'unix:/m.sock'", &urls) + &ca
    };
    for other in ["http://192.0.2.2:80", "h2c://192.0.2.2:80", "http://a.example:80"] {
        let refused = refusal(&mixed(other), &[]);
        assert!(refused.starts_with("config.invalid") && refused.contains("clear text"), "{other}: {refused}");
    }
    for other in ["https://192.0.2.2:443", "http://127.0.0.1:80", "unix:/m.sock"] {
        read(&mixed(other), &[]).unwrap();
    }
}
