//! TPMS_ATTEST: what no TPM would sign, signed all the same.

use serde_json::json;

use crate::{
    scenario::Cases,
    tpm::{SHA256, selections, sized},
};

pub(crate) fn cases(cases: &mut Cases<'_>) {
    cases.reject("attest.magic", "bad-magic", "a magic number that differs in one bit, validly signed", |s| {
        s.attest.magic ^= 1
    });
    cases.reject("signature.invalid", "attest-bit-flipped", "a quote of which one bit was changed afterwards", |s| {
        s.patch_signed = Some(Box::new(|attest| attest[70] ^= 1));
    });
    cases.reject("attest.magic", "magic-zero", "no magic number, validly signed", |s| s.attest.magic = 0);
    cases.reject("attest.magic", "attest-tpm2b-wrapped", "TPM2B_ATTEST in place of TPMS_ATTEST", |s| {
        s.patch_attest = Some(Box::new(|attest| *attest = sized(attest)));
    });
    let others = [
        (0x8014_u16, "nv"),
        (0x8015, "command-audit"),
        (0x8016, "session-audit"),
        (0x8017, "certify"),
        (0x8019, "time"),
        (0x801a, "creation"),
        (0x801c, "nv-digest"),
    ];
    for (kind, name) in others {
        cases.reject("attest.type", &format!("type-{name}"), "another attestation with the body of a quote", |s| {
            s.attest.kind = kind
        });
    }
    let mut syntax = |name: &str, why: &str, patch: fn(&mut Vec<u8>)| {
        cases.reject("attest.syntax", name, why, |s| s.patch_attest = Some(Box::new(patch)));
    };
    syntax("attest-tail", "a byte after the quote, covered by the signature", |attest| attest.push(0));
    syntax("attest-truncated", "a byte too few, covered by the signature", |attest| attest.truncate(attest.len() - 1));
    syntax("attest-magic-alone", "nothing after the magic number", |attest| attest.truncate(4));
    syntax("attest-short", "less than a magic number", |attest| attest.truncate(3));
    syntax("attest-signer-overrun", "qualifiedSigner longer than what is left", |attest| attest[6..8].fill(0xff));
    syntax("attest-extra-overrun", "extraData longer than what is left", |attest| attest[42..44].fill(0xff));
    syntax("attest-digest-overrun", "pcrDigest longer than what is left", |attest| {
        let at = attest.len() - 34;
        attest[at..at + 2].fill(0xff);
    });
    for safe in [2, 0x33, 0xff] {
        cases.reject("attest.syntax", &format!("safe-{safe}"), "clockInfo.safe is 0 or 1", |s| s.attest.safe = safe);
    }
    cases.reject("attest.clock_unsafe", "safe-0-required", "the policy demands a clock that has not gone back", |s| {
        s.attest.safe = 0;
        s.policy["requireSafeClock"] = json!(true);
    });
    cases.reject("attest.syntax", "sel-count-17", "more selections than there can be banks", |s| {
        s.selections = Some(selections(&vec![(SHA256, vec![0x11, 0x58, 0]); 17]));
    });
    cases.reject("attest.syntax", "sel-count-max", "2^32 - 1 selections", |s| {
        let mut list = selections(&[(SHA256, vec![0x11, 0x58, 0])]);
        list[..4].fill(0xff);
        s.selections = Some(list);
    });
    cases.reject("attest.syntax", "sizeofselect-255", "a selection longer than what is left", |s| {
        let mut list = selections(&[(SHA256, vec![0x11, 0x58, 0])]);
        list[6] = 0xff;
        s.selections = Some(list);
    });
}
