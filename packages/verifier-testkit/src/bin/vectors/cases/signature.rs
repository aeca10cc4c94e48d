//! TPMT_SIGNATURE: syntax, scheme, values, and what only a lax verifier accepts.

mod p384;
mod pss;

use crate::{
    keys::{Key, digest_info, ecdsa_signature, rsa_signature},
    scenario::Cases,
    tpm::{RSAPSS, RSASSA, SHA1, SHA256, SHA384, hash, sized},
};

/// The order of P-256.
const ORDER: &[u8; 32] = b"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\
    \xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";

type Sign = fn(&Key, &[u8]) -> Vec<u8>;

pub(crate) fn cases(cases: &mut Cases<'_>) {
    let mut ecc = |code: &str, name: &str, why: &str, sign: Sign| {
        cases.reject(code, name, why, |s| s.signature = Some(Box::new(sign)));
    };
    ecc("signature.syntax", "sig-trailing-byte", "a byte after TPMT_SIGNATURE", |key, attest| {
        [key.sign(SHA256, attest), vec![0]].concat()
    });
    ecc("signature.syntax", "sig-truncated", "a byte too few", |key, attest| key.sign(SHA256, attest)[..71].to_vec());
    ecc("signature.syntax", "sig-overrun", "s longer than what is left", |key, attest| {
        let mut signature = key.sign(SHA256, attest);
        signature[38..40].fill(0xff);
        signature
    });
    // The size of the wrapped structure is read as a scheme that no key has.
    ecc("signature.scheme", "sig-tpm2b-wrapped", "wrapped in a TPM2B", |key, attest| sized(&key.sign(SHA256, attest)));
    ecc("signature.invalid", "sig-of-other-message", "a signature of the same key over something else", |key, _| {
        key.sign(SHA256, b"something else")
    });
    ecc("signature.value", "sig-r-zero", "r = 0", |_, _| ecdsa_signature(SHA256, &[0; 32], &[1; 32]));
    ecc("signature.value", "sig-s-zero", "s = 0", |_, _| ecdsa_signature(SHA256, &[1; 32], &[0; 32]));
    ecc("signature.value", "sig-r-order", "r = n", |_, _| ecdsa_signature(SHA256, ORDER, &[1; 32]));
    ecc("signature.value", "sig-s-order", "s = n", |_, _| ecdsa_signature(SHA256, &[1; 32], ORDER));
    ecc("signature.value", "sig-r-33", "r with a leading zero too many", |key, attest| {
        let signature = key.sign(SHA256, attest);
        ecdsa_signature(SHA256, &[&[0], &signature[6..38]].concat(), &signature[40..])
    });
    ecc("signature.value", "sig-r-31", "r of 31 bytes", |key, attest| {
        let signature = key.sign(SHA256, attest);
        ecdsa_signature(SHA256, &signature[7..38], &signature[40..])
    });
    ecc("signature.value", "sig-empty", "r and s of no bytes", |_, _| ecdsa_signature(SHA256, &[], &[]));
    for (id, name) in
        [(0x0010_u16, "null"), (0x001a, "ecdaa"), (0x001b, "sm2"), (0x001c, "ecschnorr"), (0x0005, "hmac")]
    {
        cases.reject("signature.scheme", &format!("scheme-{name}"), "a scheme that is not the key's", |s| {
            s.signature = Some(Box::new(move |key, attest| {
                let mut signature = key.sign(SHA256, attest);
                signature[..2].copy_from_slice(&id.to_be_bytes());
                signature
            }));
        });
    }
    cases.reject("signature.scheme", "scheme-hash-mismatch", "another hash than the key's, validly signed", |s| {
        s.signature = Some(Box::new(|key, attest| key.sign(SHA384, attest)));
    });
    cases.reject("signature.scheme", "sig-hash-sha1", "SHA-1", |s| {
        s.signature = Some(Box::new(|key, attest| {
            let mut signature = key.sign(SHA256, attest);
            signature[2..4].copy_from_slice(&SHA1.to_be_bytes());
            signature
        }));
    });
    cases.reject("signature.scheme", "key-alg-mismatch", "an RSA signature for an ECC key", |s| {
        s.signature = Some(Box::new(|_, _| rsa_signature(RSASSA, SHA256, &[1; 256])));
    });
    cases.reject("signature.scheme", "scheme-rsapss", "an RSAPSS signature for an ECC key", |s| {
        s.signature = Some(Box::new(|_, _| rsa_signature(RSAPSS, SHA256, &[1; 256])));
    });
    rsa(cases);
    padding(cases);
    pss::cases(cases);
    p384::cases(cases);
}

fn rsa(cases: &mut Cases<'_>) {
    let mut rsa = |code: &str, name: &str, why: &str, sign: Sign| {
        cases.reject_rsa(code, name, why, |s| s.signature = Some(Box::new(sign)));
    };
    rsa("signature.scheme", "key-alg-mismatch-rsa", "an ECC signature for an RSA key", |_, _| {
        ecdsa_signature(SHA256, &[1; 32], &[1; 32])
    });
    rsa("signature.scheme", "scheme-rsapss-over-rsassa", "RSAPSS for a key that is fixed to RSASSA", |key, attest| {
        let mut signature = key.sign(SHA256, attest);
        signature[..2].copy_from_slice(&0x0016_u16.to_be_bytes());
        signature
    });
    rsa(
        "signature.invalid",
        "sig-rsa-of-other-message",
        "a signature of the same key over something else",
        |key, _| key.sign(SHA256, b"something else"),
    );
    rsa("signature.value", "sig-rsa-modulus", "a signature of n", |key, _| {
        rsa_signature(RSASSA, SHA256, &key.modulus())
    });
    rsa("signature.value", "sig-rsa-max", "a signature beyond n", |_, _| rsa_signature(RSASSA, SHA256, &[0xff; 256]));
    rsa("signature.value", "sig-rsa-long", "a leading zero too many", |key, attest| {
        rsa_signature(RSASSA, SHA256, &[&[0], &key.sign(SHA256, attest)[6..]].concat())
    });
    rsa("signature.value", "sig-rsa-short", "a byte too few", |key, attest| {
        rsa_signature(RSASSA, SHA256, &key.sign(SHA256, attest)[7..])
    });
    rsa("signature.value", "sig-rsa-empty", "no bytes", |_, _| rsa_signature(RSASSA, SHA256, &[]));
    rsa("signature.invalid", "sig-rsa-zero", "a signature of 0", |_, _| rsa_signature(RSASSA, SHA256, &[0; 256]));
    rsa("signature.invalid", "sig-rsa-one", "a signature of 1", |_, _| {
        let mut one = [0; 256];
        one[255] = 1;
        rsa_signature(RSASSA, SHA256, &one)
    });
}

/// EMSA-PKCS1-v1_5 (RFC 8017 §9.2) has one encoding; verifiers that parse it were fooled by these.
fn padding(cases: &mut Cases<'_>) {
    let mut padding = |name: &str, why: &str, encoded: fn(&[u8]) -> Vec<u8>| {
        cases.reject_rsa("signature.invalid", &format!("padding-{name}"), why, |s| {
            s.signature =
                Some(Box::new(move |key, attest| key.sign_encoded(RSASSA, SHA256, &encoded(&hash(SHA256, &[attest])))));
        });
    };
    padding("garbage-after", "seven bytes of padding, then garbage after the digest", |digest| {
        let start = [&[0, 1][..], &[0xff; 8], &[0], digest_info(SHA256), digest].concat();
        [&start[..], &vec![0x55; 256 - start.len()]].concat()
    });
    padding("without-null", "an AlgorithmIdentifier without its NULL", |digest| {
        let info = b"\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20";
        pkcs1(1, 0xff, &[&info[..], digest].concat())
    });
    padding("ber-length", "a length of DigestInfo in BER", |digest| {
        let info = b"\x30\x81\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
        pkcs1(1, 0xff, &[&info[..], digest].concat())
    });
    padding("bare-digest", "a digest without DigestInfo", |digest| pkcs1(1, 0xff, digest));
    padding("other-hash", "the DigestInfo of another hash", |digest| {
        pkcs1(1, 0xff, &[digest_info(SHA384), digest].concat())
    });
    padding("block-type-2", "padding of encryption", |digest| pkcs1(2, 0xff, &[digest_info(SHA256), digest].concat()));
    padding("block-type-0", "padding of zeros", |digest| pkcs1(0, 0x00, &[digest_info(SHA256), digest].concat()));
    padding("one-byte-off", "a padding byte that is not ff", |digest| {
        let mut encoded = pkcs1(1, 0xff, &[digest_info(SHA256), digest].concat());
        encoded[100] = 0xfe;
        encoded
    });
}

fn pkcs1(block_type: u8, padding: u8, info: &[u8]) -> Vec<u8> {
    [&[0, block_type][..], &vec![padding; 256 - 3 - info.len()], &[0], info].concat()
}
