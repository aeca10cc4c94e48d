//! What the quote covers: this nonce, these claims, in exactly one way.

use blindllama_verifier::evidence::{
    binding::extra_data,
    cbor::Value,
    nonce_tree::{Hash, NonceTree},
};

use crate::{
    scenario::{Cases, NONCE, Scenario, key_config, key_list},
    tpm::{SHA256, hash},
};

fn lp(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u32).to_be_bytes(), *part].concat()).collect()
}

fn claims(s: &Scenario<'_>) -> Vec<u8> {
    Value::map(s.claims.clone()).encode()
}

fn leaf() -> Vec<u8> {
    hash(SHA256, &[&[0], &NONCE])
}

/// That of the scenario's tree: the client's leaf, and one beside it.
fn root() -> Hash {
    NonceTree::new(&[NONCE, [1; 32]]).unwrap().root()
}

pub(crate) fn cases(cases: &mut Cases<'_>) {
    cover(cases);
    tree(cases);
}

fn cover(cases: &mut Cases<'_>) {
    let mut extra = |name: &str, why: &str, change: fn(&mut Scenario<'_>)| {
        cases.reject("binding.extra_data", name, why, change);
    };
    extra("nonce-mismatch", "the quote of another nonce", |s| s.nonce = [0x5b; 32]);
    extra("extra-empty", "no extraData", |s| s.extra_data = Some(vec![]));
    extra("extra-zero", "32 zeros", |s| s.extra_data = Some(vec![0; 32]));
    extra("extra-prefix", "the expected value, cut short", |s| s.extra_data = Some(expected(s)[..31].to_vec()));
    extra("extra-extended", "the expected value and a zero", |s| s.extra_data = Some([expected(s), vec![0]].concat()));
    extra("extra-65", "the expected value and 33 bytes more", |s| {
        s.extra_data = Some([expected(s), vec![7; 33]].concat())
    });
    extra("extra-bare-nonce", "the nonce itself", |s| s.extra_data = Some(NONCE.to_vec()));
    extra("extra-nonce-alone", "the nonce and no claims", |s| {
        s.extra_data = Some(hash(SHA256, &[&lp(&[b"blindllama/tpm-quote/v1", &root()])]));
    });
    extra("extra-other-domain", "the same for another product", |s| {
        s.extra_data = Some(hash(SHA256, &[&lp(&[b"blindllama/tpm-quote/v2", &root(), &hash(SHA256, &[&claims(s)])])]));
    });
    extra("extra-without-lengths", "the parts without their lengths", |s| {
        s.extra_data = Some(hash(SHA256, &[b"blindllama/tpm-quote/v1", &root(), &hash(SHA256, &[&claims(s)])]));
    });
    extra("extra-claims-unhashed", "the claims in place of their digest", |s| {
        s.extra_data = Some(hash(SHA256, &[&lp(&[b"blindllama/tpm-quote/v1", &root(), &claims(s)])]));
    });
    extra("key-swapped", "another channel key put in after the quote", |s| {
        s.quoted_claims = Some(claims(s));
        s.claims.insert(3, key_list(&[key_config(8, 0x20, &[(1, 1)])]));
    });
    extra("quote-of-last-epoch", "keys of this epoch under a quote of the one before", |s| {
        s.quoted_claims = Some(claims(s));
        s.claims.insert(3, key_list(&[key_config(8, 0x20, &[(1, 1)])]));
        s.claims.insert(4, [0x12; 16].into());
        s.claims.insert(6, (crate::scenario::NOW_MS + 1000).into());
    });
    extra("key-id-swapped", "another key id with the same key", |s| {
        s.quoted_claims = Some(claims(s));
        let Value::Bytes(mut list) = s.claims[&3].clone() else { panic!("not a list") };
        list[2] ^= 1;
        s.claims.insert(3, Value::Bytes(list));
    });
    extra("suite-swapped", "another suite with the same key", |s| {
        s.quoted_claims = Some(claims(s));
        let Value::Bytes(mut list) = s.claims[&3].clone() else { panic!("not a list") };
        *list.last_mut().unwrap() = 2;
        s.claims.insert(3, Value::Bytes(list));
    });
    extra("claims-reencoded", "the same claims in other bytes", |s| {
        s.patch_claims = Some(Box::new(|claims| drop(claims.splice(2..3, [0x18, 1]))));
        s.quoted_claims = Some(claims(s));
    });
    extra("audience-swapped", "another audience put in after the quote", |s| {
        s.quoted_claims = Some(claims(s));
        s.claims.insert(1, Value::array(["https://chat.example", "https://other.example"]));
    });
}

fn expected(s: &Scenario<'_>) -> Vec<u8> {
    extra_data(&root(), &claims(s)).to_vec()
}

fn tree(cases: &mut Cases<'_>) {
    let mut nonce = |name: &str, why: &str, change: fn(&mut Scenario<'_>)| {
        cases.reject("binding.nonce", name, why, change);
    };
    nonce("tree-index-outside", "index = 2^depth", |s| {
        s.depth = 3;
        s.bundle = Box::new(|bundle| set_index(bundle, 8));
    });
    nonce("tree-index-max", "index = 2^64 - 1", |s| s.bundle = Box::new(|bundle| set_index(bundle, u64::MAX)));
    nonce("tree-depth-0", "the leaf as root: the depth would tell that nobody else asked", |s| {
        s.extra_data = Some(extra_data(&leaf().try_into().unwrap(), &claims(s)).to_vec());
        s.path = Some(vec![]);
    });
    nonce("tree-depth-21", "a path of 21 siblings", |s| s.path = Some(vec![[0; 32]; 21]));
    let mut extra = |name: &str, why: &str, change: fn(&mut Scenario<'_>)| {
        cases.reject("binding.extra_data", name, why, change);
    };
    extra("tree-other-leaf", "the path of the neighbour", |s| {
        (s.depth, s.index) = (3, 4);
        s.bundle = Box::new(|bundle| set_index(bundle, 5));
    });
    extra("tree-path-short", "a path that ends below the root", |s| {
        s.extra_data = Some(rooted(s));
        s.path = Some(tree_of_four().path(0).unwrap()[..1].to_vec());
    });
    extra("tree-path-long", "a path that goes on above the root", |s| {
        s.extra_data = Some(rooted(s));
        s.path = Some([tree_of_four().path(0).unwrap(), vec![[0; 32]]].concat());
    });
    extra("tree-path-order", "the siblings from the root downwards", |s| {
        s.extra_data = Some(rooted(s));
        s.path = Some(tree_of_four().path(0).unwrap().into_iter().rev().collect());
    });
    extra("tree-node-as-leaf", "an inner node passed off as a nonce", |s| {
        s.extra_data = Some(rooted(s));
        let [sibling, above] = tree_of_four().path(0).unwrap().try_into().unwrap();
        s.nonce = hash(SHA256, &[&[1], &leaf(), &sibling]).try_into().unwrap();
        s.path = Some(vec![above]);
    });
    extra("tree-unprefixed", "leaves and nodes hashed alike", |s| {
        let root = hash(SHA256, &[&hash(SHA256, &[&NONCE]), &[9; 32]]).try_into().unwrap();
        s.extra_data = Some(extra_data(&root, &claims(s)).to_vec());
        s.path = Some(vec![[9; 32]]);
    });
}

/// Of which the client's leaf is the first.
fn tree_of_four() -> NonceTree {
    NonceTree::new(&[NONCE, [1; 32], [2; 32], [3; 32]]).unwrap()
}

fn rooted(s: &Scenario<'_>) -> Vec<u8> {
    extra_data(&tree_of_four().root(), &claims(s)).to_vec()
}

fn set_index(bundle: &mut std::collections::BTreeMap<u64, Value>, index: u64) {
    let Some(Value::Map(proof)) = bundle.get_mut(&3) else { panic!("no proof") };
    proof.insert(0, index.into());
}
