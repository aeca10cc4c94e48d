//! The wire format: what is written is read back, and nothing else is read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

use blindllama_verifier::{
    Code,
    evidence::{
        VERSION,
        bundle::{Bank, Bundle, EventLog, NonceProof, Pcrs, PlatformReport, Quote, Static},
        cbor::{self, Decoder, Error, ErrorKind, Value},
        claims::{Claims, PromptCache, Upstream, Versions},
        key_config::{self, KeyConfig, SymmetricAlgorithms},
        nonce_tree::{self, NonceTree},
    },
};
use proptest::prelude::*;

const SUITE: SymmetricAlgorithms = SymmetricAlgorithms { kdf_id: 1, aead_id: 1 };

fn skip(bytes: &[u8]) -> Result<(), Error> {
    cbor::decode(bytes, Decoder::skip)
}

fn key_list(ids: &[u8]) -> Vec<u8> {
    let configs: Vec<Vec<u8>> = ids
        .iter()
        .map(|&key_id| {
            KeyConfig { key_id, kem_id: 0x20, public_key: &[key_id; 32], algorithms: vec![SUITE] }.encode().unwrap()
        })
        .collect();
    key_config::encode_list(&configs).unwrap()
}

fn claims<'a>(keys: &'a [u8]) -> Claims<'a> {
    Claims {
        version: VERSION,
        audiences: vec!["https://chat.example", "https://chat.example:8443"],
        instance: "i0",
        ohttp_keys: keys,
        epoch_id: &[1; 16],
        lifetime_ms: 3_600_000,
        server_time_ms: 1_800_000_000_000,
        config_digest: &[2; 32],
        upstream: Upstream::InImage,
        receipt_key: Some(&[3; 32]),
        instance_key: Some(&[4; 32]),
        versions: Versions::of(&[VERSION, 9]),
        prompt_cache: PromptCache::Salted,
    }
}

fn bundle<'a>(claims: &'a [u8], static_part: Option<&'a [u8]>, pcr: &'a [u8; 32]) -> Bundle<'a> {
    Bundle {
        version: VERSION,
        claims,
        quote: Quote { attest: &[1; 145], signature: &[2; 72] },
        nonce_proof: NonceProof { index: 5, path: vec![&[4; 32]; 3] },
        pcrs: Pcrs { bank: Bank::Sha256, values: vec![(0, pcr), (4, pcr), (23, pcr)] },
        static_hash: &[5; 32],
        static_part,
        instance_proof: Some(&[8; 64]),
    }
}

#[test]
fn claims_are_read_back_as_they_were_written() {
    let keys = key_list(&[1, 2]);
    let written = claims(&keys);
    assert_eq!(Claims::decode(&written.encode().unwrap()).unwrap(), written);
}

#[test]
fn claims_that_nobody_could_read_are_not_written() {
    let keys = key_list(&[1]);
    assert!(Claims { instance: "Not a path", ..claims(&keys) }.encode().is_none());
    assert!(Claims { lifetime_ms: 0, ..claims(&keys) }.encode().is_none());
    assert!(Claims { version: 2, ..claims(&keys) }.encode().is_none());
    assert!(Claims { audiences: vec!["a", "a"], ..claims(&keys) }.encode().is_none());
    assert!(Claims { audiences: vec![], ..claims(&keys) }.encode().is_none());
    assert!(Claims { versions: Versions::of(&[0, 64]), ..claims(&keys) }.encode().is_none());
    assert!(Claims { ohttp_keys: &keys[1..], ..claims(&keys) }.encode().is_none());
}

#[test]
fn bundles_are_read_back_as_they_were_written() {
    let written = bundle(b"claims", Some(b"static"), &[6; 32]);
    assert_eq!(Bundle::decode(&written.encode()).unwrap(), written);
    let short = bundle(b"claims", None, &[6; 32]);
    assert_eq!(Bundle::decode(&short.encode()).unwrap(), short);
}

#[test]
fn a_bundle_can_be_sent_with_a_static_part_that_others_share() {
    for length in [0, 1, 23, 24, 255, 256, 65_535, 65_536, 100_000] {
        let shared = vec![7; length];
        for instance_proof in [None, Some(&[8; 64][..])] {
            let bundle = Bundle { instance_proof, ..bundle(b"claims", None, &[6; 32]) };
            let [before, behind] = bundle.encode_around_static(length);
            let whole = Bundle { static_part: Some(&shared), ..bundle };
            assert_eq!([before, shared.clone(), behind].concat(), whole.encode(), "{length}");
        }
    }
}

#[test]
fn static_parts_are_read_back_as_they_were_written() {
    let bare = Static { ak_public: &[1; 88], ..Static::default() };
    assert_eq!(Static::decode(&bare.encode()).unwrap(), bare);
    let full = Static {
        ak_chain: vec![b"leaf", b"root"],
        event_logs: vec![EventLog { kind: 1, bytes: b"log" }],
        platform_reports: vec![
            PlatformReport { kind: 1, report: b"report", certificates: vec![b"vcek", b"ask", b"ark"] },
            PlatformReport { kind: 2, report: b"report", certificates: vec![] },
        ],
        ..bare
    };
    assert_eq!(Static::decode(&full.encode()).unwrap(), full);
}

#[test]
fn every_truncation_of_a_bundle_is_refused() {
    let keys = key_list(&[1]);
    let claims = claims(&keys).encode().unwrap();
    let encoded = bundle(&claims, Some(b"static"), &[6; 32]).encode();
    for length in 0..encoded.len() {
        assert_eq!(Bundle::decode(&encoded[..length]).unwrap_err().code, Code::BUNDLE_ENCODING, "{length} bytes");
    }
    for length in 0..claims.len() {
        assert_eq!(Claims::decode(&claims[..length]).unwrap_err().kind, ErrorKind::Encoding, "{length} bytes");
    }
}

#[test]
fn sizes_are_refused_before_anything_is_decoded() {
    let refusal = |bundle: &Bundle<'_>| Bundle::decode(&bundle.encode()).unwrap_err();
    assert_eq!(Bundle::decode(&vec![0xff; (2 << 20) + 1]).unwrap_err().code, Code::BUNDLE_SIZE);
    assert_eq!(refusal(&bundle(&[0; 16_385], None, &[6; 32])).code, Code::BUNDLE_SIZE);
    assert_eq!(Static::decode(&vec![0xff; (3 << 19) + 1]).unwrap_err().code, Code::BUNDLE_SIZE);
    let certificate = [0; 8193];
    let chain = Static { ak_public: &[1], ak_chain: vec![&certificate], ..Static::default() };
    assert_eq!(Static::decode(&chain.encode()).unwrap_err().code, Code::BUNDLE_SIZE);
    let report = PlatformReport { kind: 1, report: &[1], certificates: vec![&certificate] };
    let report = Static { ak_public: &[1], platform_reports: vec![report], ..Static::default() };
    assert_eq!(Static::decode(&report.encode()).unwrap_err().code, Code::BUNDLE_SIZE);
}

#[test]
fn another_version_is_told_apart_from_a_broken_bundle() {
    let future = Value::map([(0, 2.into()), (7, 0.into())]).encode();
    assert_eq!(Bundle::decode(&future).unwrap_err().code, Code::BUNDLE_VERSION);
    assert_eq!(Claims::decode(&future).unwrap_err().kind, ErrorKind::Version);
}

/// Vectors of RFC 8949 Appendix A, and what §4.2.1 forbids.
#[test]
fn only_deterministic_cbor_of_the_allowed_types_is_read() {
    for good in [
        &[0x00][..],
        &[0x17],
        &[0x18, 0x18],
        &[0x19, 0x03, 0xe8],
        &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x40],
        &[0x44, 1, 2, 3, 4],
        &[0x62, 0xc3, 0xbc],
        &[0x80],
        &[0x83, 1, 0x82, 2, 3, 0x82, 4, 5],
        &[0xa2, 1, 2, 3, 4],
    ] {
        assert_eq!(skip(good), Ok(()), "{good:02x?}");
    }
    for (why, bad) in [
        ("nothing", &[][..]),
        ("a trailing byte", &[0, 0]),
        ("a longer form than needed", &[0x18, 0x17]),
        ("a longer form than needed", &[0x19, 0, 0xff]),
        ("a longer form than needed", &[0x1a, 0, 0, 0xff, 0xff]),
        ("a longer form than needed", &[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
        ("a longer length than needed", &[0x58, 0x01, 0]),
        ("a negative integer", &[0x20]),
        ("an indefinite byte string", &[0x5f, 0xff]),
        ("an indefinite array", &[0x9f, 0xff]),
        ("an indefinite map", &[0xbf, 0xff]),
        ("a reserved length", &[0x1c]),
        ("a tag", &[0xc0, 0x00]),
        ("false", &[0xf4]),
        ("null", &[0xf6]),
        ("a half float", &[0xf9, 0x3c, 0]),
        ("a duplicate key", &[0xa2, 1, 0, 1, 0]),
        ("unsorted keys", &[0xa2, 2, 0, 1, 0]),
        ("a text key", &[0xa1, 0x61, b'a', 0]),
        ("invalid UTF-8", &[0x61, 0xff]),
        ("a length of 2^63", &[0x5b, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        ("an array of 2^63", &[0x9b, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        ("a map of 2^63", &[0xbb, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        ("a missing value", &[0xa1, 1]),
    ] {
        assert_eq!(skip(bad).map_err(|error| error.kind), Err(ErrorKind::Encoding), "{why}: {bad:02x?}");
    }
}

#[test]
fn nesting_is_followed_to_a_depth_of_eight() {
    let nested = |depth: usize| [vec![0x81; depth], vec![0]].concat();
    assert_eq!(skip(&nested(8)), Ok(()));
    assert_eq!(skip(&nested(9)).unwrap_err().kind, ErrorKind::Encoding);
    assert_eq!(skip(&vec![0x81; 1 << 20]).unwrap_err().kind, ErrorKind::Encoding);
}

#[test]
fn unknown_keys_are_refused_below_64_and_passed_over_from_there() {
    let read = |key| {
        let bytes = Value::map([(0, 7.into()), (key, Value::map([(1, "x".into())]))]).encode();
        cbor::decode::<_, Error>(&bytes, |decoder| decoder.map(|map| map.required(0, "it").uint()))
    };
    assert_eq!(read(63).unwrap_err().kind, ErrorKind::Schema);
    assert_eq!(read(64), Ok(7));
    assert_eq!(read(u64::MAX), Ok(7));
}

#[test]
fn the_first_error_stays_and_what_follows_reads_as_nothing() {
    let bytes = Value::map([(0, 7.into()), (1, "text".into()), (2, Value::array([5, 6]))]).encode();
    let read = cbor::decode(&bytes, |decoder| {
        decoder.map(|map| {
            assert_eq!(map.required(0, "a number").uint(), 7);
            assert_eq!(map.required(1, "wrong").bytes(), []);
            assert_eq!(map.required(2, "a list").list(2, 2, Decoder::uint), []);
            assert!(map.optional(2, "the list again").is_none());
            assert_eq!(map.required(3, "missing").array_of_bytes(), &[0; 4]);
            assert_eq!((map.text(), map.version(1)), ("", 0));
        });
    });
    assert_eq!(read, Err(Error { kind: ErrorKind::Schema, member: "wrong" }));
}

#[test]
fn a_length_is_an_error_only_where_there_is_no_other() {
    let bytes = Value::map([(0, [1; 9].into()), (1, 0.into())]).encode();
    let read = |name| {
        cbor::decode::<_, Error>(&bytes, |decoder| {
            decoder.map(|map| {
                (map.required(0, "value").at_most(8, "long").len(), map.required(1, name).version(name.len() as u64))
            })
        })
    };
    assert_eq!(read(""), Err(Error { kind: ErrorKind::Size, member: "long" }));
    assert_eq!(read("version"), Err(Error { kind: ErrorKind::Version, member: "version" }));
}

#[test]
fn what_a_count_only_claims_is_not_waited_for() {
    let claimed = |head: u8| [vec![head], vec![0xff; 8], vec![0; 3]].concat();
    let mut items = 0;
    for bytes in [claimed(0x9b), claimed(0xbb), [&[0x81], &claimed(0x9b)[..]].concat()] {
        let read = cbor::decode::<_, Error>(&bytes, |decoder| {
            decoder.each(0, usize::MAX, |_| items += 1);
            decoder.map(|_| ());
        });
        assert_eq!(read.unwrap_err().kind, ErrorKind::Encoding);
    }
    assert_eq!(items, 0, "nothing is read of what is not deterministic CBOR");
    let wrong = Value::Array(vec![Value::array([0; 9]); 9]).encode();
    let read = cbor::decode::<_, Error>(&wrong, |decoder| {
        decoder.each(0, 9, |decoder| {
            decoder.each(0, 9, |decoder| {
                decoder.text();
                items += 1;
            });
        });
    });
    assert_eq!((read.unwrap_err().kind, items), (ErrorKind::Schema, 1), "nothing is read after an error");
}

#[test]
fn key_lists_are_all_or_nothing() {
    let list = key_list(&[1, 2]);
    let entries = key_config::decode_list(&list).unwrap();
    assert_eq!(entries.iter().map(|(_, config)| config.key_id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(KeyConfig::decode(entries[1].0).as_ref(), Some(&entries[1].1));
    assert!(key_config::decode_list(&list[..list.len() - 1]).is_none(), "a broken second entry");
    assert!(key_config::decode_list(&key_list(&[1, 1])).is_none(), "a key id that stands twice");
    let without_algorithms = [&[0, 37, 1, 0, 0x20][..], &[9; 32], &[0, 0]].concat();
    assert!(key_config::decode_list(&without_algorithms).is_none());
}

#[test]
fn entries_of_an_unknown_kem_are_passed_over_but_hold_their_key_id() {
    let unknown = |id| vec![0, 5, id, 0xfe, 0xfe, 1, 2];
    let list = [unknown(9), key_list(&[1])].concat();
    assert_eq!(key_config::decode_list(&list).unwrap().len(), 1);
    assert!(key_config::decode_list(&[unknown(1), key_list(&[1])].concat()).is_none());
}

#[test]
fn a_tree_has_a_power_of_two_of_leaves_and_two_at_least() {
    for leaves in [0, 1, 3, 5, 6, 7] {
        assert!(NonceTree::new(&vec![[1; 32]; leaves]).is_none(), "{leaves}");
    }
    for leaves in [2, 4, 8] {
        assert!(NonceTree::new(&vec![[1; 32]; leaves]).is_some(), "{leaves}");
    }
}

#[test]
fn paths_that_lead_out_of_the_tree_have_no_root() {
    let path = |depth| vec![&[0; 32]; depth];
    assert!(nonce_tree::root_from_path(&[1; 32], 0, &path(0)).is_none());
    assert!(nonce_tree::root_from_path(&[1; 32], 1, &path(1)).is_some());
    assert!(nonce_tree::root_from_path(&[1; 32], 2, &path(1)).is_none());
    assert!(nonce_tree::root_from_path(&[1; 32], 7, &path(3)).is_some());
    assert!(nonce_tree::root_from_path(&[1; 32], 8, &path(3)).is_none());
    assert!(nonce_tree::root_from_path(&[1; 32], 0, &path(20)).is_some());
    assert!(nonce_tree::root_from_path(&[1; 32], 0, &path(21)).is_none());
    assert!(nonce_tree::root_from_path(&[1; 32], u64::MAX, &path(64)).is_none());
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Value::Uint),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        ".{0,40}".prop_map(Value::Text),
    ];
    leaf.prop_recursive(6, 60, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            proptest::collection::btree_map(any::<u64>(), inner, 0..8).prop_map(Value::map),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_encoded_is_deterministic_cbor(value in any_value()) {
        prop_assert_eq!(skip(&value.encode()), Ok(()));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Bundle::decode(&bytes);
        let _ = Claims::decode(&bytes);
        let _ = Static::decode(&bytes);
        let _ = key_config::decode_list(&bytes);
    }

    #[test]
    fn every_client_reaches_the_root_and_only_with_its_own_path(
        nonces in (1..6_u32).prop_flat_map(|depth| proptest::collection::vec(any::<[u8; 32]>(), 1 << depth)),
    ) {
        let tree = NonceTree::new(&nonces).unwrap();
        for (index, nonce) in nonces.iter().enumerate() {
            let path = tree.path(index).unwrap();
            let siblings: Vec<_> = path.iter().collect();
            let root = |nonce, index| nonce_tree::root_from_path(nonce, index, &siblings);
            prop_assert_eq!(root(nonce, index as u64), Some(tree.root()));
            prop_assert_ne!(root(&[0xee; 32], index as u64), Some(tree.root()));
            prop_assert_ne!(root(nonce, index as u64 ^ 1), Some(tree.root()));
            prop_assert_ne!(nonce_tree::root_from_path(siblings[0], index as u64, &siblings), Some(tree.root()));
            prop_assert_ne!(nonce_tree::root_from_path(nonce, index as u64 >> 1, &siblings[1..]), Some(tree.root()));
        }
        prop_assert!(tree.path(nonces.len()).is_none());
    }
}
