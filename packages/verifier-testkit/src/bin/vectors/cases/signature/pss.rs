//! RSAPSS: one scheme a key, two lengths of a salt, one encoding.

use crate::{
    keys::{Key, pss_encode, pss_mask, rsa_signature},
    scenario::Cases,
    tpm::{RSAPSS, RSASSA, SHA256, SHA384, hash},
};

type Sign = fn(&Key, &[u8]) -> Vec<u8>;

pub(super) fn cases(cases: &mut Cases<'_>) {
    let mut pss = |code: &str, name: &str, why: &str, sign: Sign| {
        cases.reject_rsa(code, name, why, |s| {
            s.area.scheme = RSAPSS;
            s.signature = Some(Box::new(sign));
        });
    };
    pss("signature.scheme", "scheme-rsassa-over-rsapss", "RSASSA by a key that is fixed to RSAPSS", |key, attest| {
        key.sign(SHA256, attest)
    });
    pss("signature.invalid", "rsapss-is-pkcs1", "PKCS#1 v1.5 under the name of RSAPSS", |key, attest| {
        rsa_signature(RSAPSS, SHA256, &key.sign(SHA256, attest)[6..])
    });
    pss("signature.scheme", "rsapss-hash-mismatch", "another hash than the key's, validly signed", |key, attest| {
        key.sign_pss(SHA384, attest, 48)
    });
    pss("signature.invalid", "rsapss-of-other-message", "a signature of the key over something else", |key, _| {
        key.sign_pss(SHA256, b"something else", 32)
    });
    pss("signature.value", "rsapss-modulus", "a signature of n", |key, _| {
        rsa_signature(RSAPSS, SHA256, &key.modulus())
    });
    pss("signature.value", "rsapss-short", "a byte too few", |key, attest| {
        rsa_signature(RSAPSS, SHA256, &key.sign_pss(SHA256, attest, 32)[7..])
    });
    pss("signature.invalid", "rsapss-salt-0", "no salt", |key, attest| key.sign_pss(SHA256, attest, 0));
    pss("signature.invalid", "rsapss-salt-31", "a salt shorter than the digest", |key, attest| {
        key.sign_pss(SHA256, attest, 31)
    });
    pss("signature.invalid", "rsapss-salt-221", "a salt one byte below the longest", |key, attest| {
        key.sign_pss(SHA256, attest, 221)
    });
    pss("signature.invalid", "rsapss-trailer", "a trailer that is not bc", |key, attest| {
        let mut encoded = pss_encode(SHA256, attest, 256, 32);
        encoded[255] = 0xcc;
        key.sign_encoded(RSAPSS, SHA256, &encoded)
    });
    pss("signature.invalid", "rsapss-padding", "a data block whose padding is not zeros", |key, attest| {
        let salt = [0xa5; 32];
        let hashed = hash(SHA256, &[&[0; 8], &hash(SHA256, &[attest]), &salt]);
        let mut block = [&[0; 190][..], &[1], &salt].concat();
        block[100] = 2;
        key.sign_encoded(RSAPSS, SHA256, &pss_mask(SHA256, &block, &hashed))
    });
    pss("signature.invalid", "rsapss-separator", "a data block without its 01", |key, attest| {
        let salt = [0xa5; 32];
        let hashed = hash(SHA256, &[&[0; 8], &hash(SHA256, &[attest]), &salt]);
        let block = [&[0; 190][..], &[2], &salt].concat();
        key.sign_encoded(RSAPSS, SHA256, &pss_mask(SHA256, &block, &hashed))
    });
    cases.reject_rsa("signature.scheme", "scheme-rsapss-valid", "RSAPSS, validly, by a key fixed to RSASSA", |s| {
        s.signature = Some(Box::new(|key, attest| key.sign_pss(SHA256, attest, 32)));
    });
    cases.reject_rsa("signature.invalid", "rsassa-is-pss", "PSS under the name of RSASSA: no padding is tried", |s| {
        s.signature =
            Some(Box::new(|key, attest| rsa_signature(RSASSA, SHA256, &key.sign_pss(SHA256, attest, 32)[6..])));
    });
}
