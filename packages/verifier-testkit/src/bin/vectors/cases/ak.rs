//! The attestation key: syntax, algorithms, trust, assurance, attributes, qualified name.

use crypto_bigint::U2048;
use serde_json::json;

use crate::{
    scenario::{Cases, Scenario},
    tpm::{self, SHA1, SHA256, sized},
};

pub(crate) fn cases(cases: &mut Cases<'_>) {
    syntax(cases);
    algorithms(cases);
    members_in_order(cases);
    trust(cases);
    attributes(cases);
    qualified_name(cases);
}

fn syntax(cases: &mut Cases<'_>) {
    let mut syntax = |name: &str, why: &str, patch: fn(&mut Vec<u8>)| {
        cases.reject("ak.syntax", &format!("pub-{name}"), why, |s| s.patch_public = Some(Box::new(patch)));
    };
    syntax("trailing", "a byte after TPMT_PUBLIC", |public| public.push(0));
    syntax("truncated", "a byte too few", |public| public.truncate(public.len() - 1));
    syntax("policy-overrun", "an authPolicy longer than what is left", |public| public[8..10].fill(0xff));
    syntax("policy-length", "an authPolicy of another length than nameAlg's", |public| {
        drop(public.splice(8..10, [0, 1, 7]));
    });
    syntax("unique-overrun", "a coordinate longer than what is left", |public| {
        let at = public.len() - 34;
        public[at..at + 2].fill(0xff);
    });
    syntax("coordinate-short", "a coordinate without its leading zero", |public| {
        let at = public.len() - 34;
        drop(public.splice(at..at + 3, [0, 31]));
    });
    // Its size, 0x0058, is no TPM_ALG_ID of a key.
    cases.reject("ak.algorithm", "pub-tpm2b-wrapped", "TPM2B_PUBLIC in place of TPMT_PUBLIC", |s| {
        s.patch_public = Some(Box::new(|public| {
            // The hash after the size is then the type of the key.
            *public = sized(public);
        }));
    });
    cases.reject_rsa("ak.syntax", "pub-rsa-key-bits", "keyBits that are not those of the modulus", |s| {
        s.area.parameters[..2].copy_from_slice(&3072_u16.to_be_bytes());
    });
}

fn algorithms(cases: &mut Cases<'_>) {
    cases.reject("ak.algorithm", "pub-spki", "a SubjectPublicKeyInfo in place of TPMT_PUBLIC", |s| {
        s.patch_public = Some(Box::new(|public| *public = [&[0x30, 0x59, 0x30, 0x13][..], &[0; 87]].concat()));
    });
    cases.reject("ak.algorithm", "pub-keyed-hash", "a key that is neither RSA nor ECC", |s| s.area.kind = 0x0008);
    cases.reject("ak.algorithm", "pub-name-sha1", "a Name of SHA-1", |s| {
        s.patch_public = Some(Box::new(|public| public[2..4].copy_from_slice(&SHA1.to_be_bytes())));
    });
    cases.reject("ak.algorithm", "pub-scheme-sha1", "a scheme of SHA-1", |s| {
        s.patch_public = Some(Box::new(|public| public[14..16].copy_from_slice(&SHA1.to_be_bytes())));
    });
    for (id, name) in
        [(0x0010_u16, "null"), (0x001a, "ecdaa"), (0x001b, "sm2"), (0x001c, "ecschnorr"), (0x0005, "hmac")]
    {
        cases.reject("ak.algorithm", &format!("pub-scheme-{name}"), "a key without one accepted scheme", |s| {
            s.area.scheme = id
        });
    }
    cases.reject_rsa("ak.algorithm", "pub-scheme-rsaes", "an RSA key for encryption", |s| s.area.scheme = 0x0015);
    cases.reject("ak.algorithm", "pub-symmetric", "a storage key", |s| s.area.symmetric = 0x0006);
    for (id, name) in [(0x0005_u16, "p521"), (0x0010, "bn-p256"), (0x0020, "sm2-p256")] {
        cases.reject("ak.algorithm", &format!("pub-curve-{name}"), "a curve that is not accepted", |s| {
            s.area.parameters[..2].copy_from_slice(&id.to_be_bytes());
        });
    }
    cases.reject("ak.algorithm", "pub-kdf", "a key with a KDF", |s| s.area.parameters[2..].copy_from_slice(&[0, 0x20]));
    for exponent in [3_u32, 17, 65537] {
        cases.reject_rsa(
            "ak.algorithm",
            &format!("pub-exponent-{exponent}"),
            "only 65537, which is written as 0",
            |s| {
                s.area.parameters[2..].copy_from_slice(&exponent.to_be_bytes());
            },
        );
    }
    for bits in [1024_u16, 2040, 4104] {
        cases.reject_rsa("ak.modulus", &format!("pub-modulus-{bits}"), "a modulus of another size", |s| {
            s.area.parameters[..2].copy_from_slice(&bits.to_be_bytes());
            s.area.unique = sized(&vec![0xc5; usize::from(bits / 8)]);
        });
    }
    cases.reject_rsa("ak.modulus", "pub-modulus-even", "an even modulus", |s| {
        *s.area.unique.last_mut().unwrap() &= 0xfe
    });
    cases.reject_rsa("ak.modulus", "pub-modulus-small", "a modulus whose first bit is 0", |s| s.area.unique[2] &= 0x7f);
    cases.reject_rsa("ak.modulus", "pub-modulus-roca", "a modulus of the generator of CVE-2017-15361", |s| {
        s.area.unique = sized(&roca_modulus());
    });
    cases
        .reject("ak.point", "point-off-curve", "a point beside the curve", |s| *s.area.unique.last_mut().unwrap() ^= 1);
    cases.reject("ak.point", "point-zero", "(0, 0), which stands for infinity elsewhere", |s| {
        s.area.unique = [sized(&[0; 32]), sized(&[0; 32])].concat();
    });
    cases.reject("ak.point", "point-beyond-field", "a coordinate beyond the field", |s| {
        s.area.unique = [sized(&[0xff; 32]), sized(&[0xff; 32])].concat();
    });
}

/// Two faults of one TPMT_PUBLIC: the member that stands first names the code (PROTOCOL.md §6).
fn members_in_order(cases: &mut Cases<'_>) {
    let mut rsa = |code: &'static str, name: &str, why: &str, change: fn(&mut Scenario<'_>)| {
        cases.reject_rsa(code, &format!("pub-then-{name}"), why, change);
    };
    rsa("ak.algorithm", "trailing", "an exponent that is written out, and a byte after TPMT_PUBLIC", |s| {
        s.area.parameters[2..].copy_from_slice(&65537_u32.to_be_bytes());
        s.patch_public = Some(Box::new(|public| public.push(0)));
    });
    rsa("ak.modulus", "trailing-modulus", "an even modulus, and a byte after TPMT_PUBLIC", |s| {
        *s.area.unique.last_mut().unwrap() &= 0xfe;
        s.patch_public = Some(Box::new(|public| public.push(0)));
    });
    rsa("ak.syntax", "range", "1024 bits, which a modulus of 2048 bits has not", |s| {
        s.area.parameters[..2].copy_from_slice(&1024_u16.to_be_bytes());
    });
    let mut ecc = |code: &'static str, name: &str, why: &str, change: fn(&mut Scenario<'_>)| {
        cases.reject(code, &format!("pub-then-{name}"), why, change);
    };
    ecc("ak.algorithm", "type", "an unknown nameAlg, and an unknown type before it", |s| {
        s.area.kind = 0x0008;
        s.patch_public = Some(Box::new(|public| {
            public[2..4].copy_from_slice(&SHA1.to_be_bytes());
            public[8..10].fill(0xff);
        }));
    });
    ecc("ak.syntax", "policy", "an unknown type, and an authPolicy of another length than nameAlg's", |s| {
        s.area.kind = 0x0008;
        s.patch_public = Some(Box::new(|public| drop(public.splice(8..10, [0, 1, 7]))));
    });
    ecc("ak.point", "trailing-point", "a point beside the curve, and a byte after TPMT_PUBLIC", |s| {
        *s.area.unique.last_mut().unwrap() ^= 1;
        s.patch_public = Some(Box::new(|public| public.push(0)));
    });
}

/// `65537 + 2^k * M` of 2048 bits, M the product of the primes through 701: it has the fingerprint, though no factors are known.
fn roca_modulus() -> Vec<u8> {
    let primes = (2_u32..=701).filter(|number| (2..*number).all(|divisor| number % divisor != 0));
    let product = primes.fold(U2048::ONE, |product, prime| product.wrapping_mul(&U2048::from_u32(prime)));
    product.shl(2048 - product.bits()).wrapping_add(&U2048::from_u32(65537)).to_be_bytes().to_vec()
}

fn trust(cases: &mut Cases<'_>) {
    cases.reject("ak.untrusted", "unknown-key", "a perfect key that nobody vouches for", |s| {
        s.policy["anchors"][0]["name"] = format!("000b{}", "44".repeat(32)).into();
    });
    cases.reject("ak.untrusted", "unknown-key-renamed", "the Name covers every byte of the public area", |s| {
        let trusted = tpm::name(SHA256, &[&s.public()]);
        s.policy["anchors"][0]["name"] = crate::text::hex(&trusted).into();
        s.area.attributes |= 0x400;
    });
    cases.reject("ak.assurance", "assurance-operator-ca", "an assurance that the policy does not list", |s| {
        s.policy["anchors"][0]["assurance"] = "operator-ca".into();
    });
    cases.reject("ak.assurance", "assurance-not-listed", "an assurance that the policy does not list", |s| {
        s.policy["acceptAssurance"] = json!(["cvm-bound"]);
    });
    let simulated = json!([{ "kind": "simulated", "name": "", "hierarchy": "endorsement" }]);
    cases.reject("ak.simulated", "simulated-not-listed", "the caller alone does not allow a simulated TPM", |s| {
        s.policy["anchors"] = simulated.clone();
        s.allow_simulated = true;
    });
    cases.reject("ak.simulated", "simulated-not-allowed", "the policy alone does not allow a simulated TPM", |s| {
        s.policy["anchors"] = simulated.clone();
        s.policy["acceptAssurance"] = json!(["simulated", "hardware-tpm"]);
    });
    cases.reject("ak.simulated", "simulated-first", "the first anchor that matches decides, not the best", |s| {
        let real = s.policy["anchors"][0].clone();
        s.policy["anchors"] = json!([simulated[0], real]);
    });
}

fn attributes(cases: &mut Cases<'_>) {
    let required = [("fixed-tpm", 1), ("fixed-parent", 4), ("data-origin", 5), ("restricted", 16), ("sign", 18)];
    for (name, bit) in required {
        cases.reject("ak.attributes", &format!("attr-without-{name}"), "an attribute that must be set", |s| {
            s.area.attributes &= !(1 << bit);
        });
    }
    let forbidden = [
        ("reserved-0", 0),
        ("reserved-3", 3),
        ("firmware-limited", 8),
        ("svn-limited", 9),
        ("encrypted-duplication", 11),
        ("decrypt", 17),
        ("x509-sign", 19),
        ("reserved-31", 31),
    ];
    cases.accept("ok-attr-st-clear", "a key whose saved contexts end with the next TPM2_Startup(CLEAR)", |s| {
        s.area.attributes |= 1 << 2;
    });
    for (name, bit) in forbidden {
        cases.reject("ak.attributes", &format!("attr-with-{name}"), "an attribute that must be clear", |s| {
            s.area.attributes |= 1 << bit;
        });
    }
    cases.reject(
        "ak.attributes",
        "unrestricted-forged",
        "an unrestricted key signs whatever begins with the TPM's magic",
        |s| {
            s.area.attributes = 0x0004_0072;
            s.attest.clock = 0;
        },
    );
}

fn qualified_name(cases: &mut Cases<'_>) {
    for (name, handle) in
        [("owner", [0x40, 0, 0, 0x01]), ("null", [0x40, 0, 0, 0x07]), ("platform", [0x40, 0, 0, 0x0c])]
    {
        cases.reject("ak.qualified_name", &format!("hierarchy-{name}"), "the same key in another hierarchy", |s| {
            let name = tpm::name(SHA256, &[&s.public()]);
            s.qualified_signer = Some(tpm::name(SHA256, &[&handle, &name]));
        });
    }
    cases.reject("ak.qualified_name", "hierarchy-name", "the Name in place of the qualified Name", |s| {
        s.qualified_signer = Some(tpm::name(SHA256, &[&s.public()]));
    });
    cases.reject("ak.qualified_name", "hierarchy-empty", "no qualified Name", |s| s.qualified_signer = Some(vec![]));
    cases.reject("ak.qualified_name", "hierarchy-child", "a key below another primary", |s| {
        let name = tpm::name(SHA256, &[&s.public()]);
        s.qualified_signer = Some(tpm::name(SHA256, &[&[0, 11, 1, 2, 3], &name]));
    });
}
