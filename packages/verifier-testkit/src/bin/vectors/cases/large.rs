//! The most that machines are known to send: what `pnpm bench` takes for the worst case.

use super::{chain, event_log};
use crate::{
    certificates::{Chain, basic_constraints, purposes, signs, tag, tlv},
    cvm::certificate::key_info,
    event_type::EV_IPL,
    machine::{about, boot},
    scenario::Cases,
    tpm::SHA256,
};

/// sha256WithRSAEncryption (RFC 4055 §5).
const RSASSA_SHA256: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";

pub(crate) fn cases(cases: &mut Cases<'_>) {
    // One key in three certificates: finding primes takes a while, and verifiers do not remember keys.
    let authority = &cases.keys.rsa_4096;
    let why =
        "a key on RSA, certified by three authorities with RSA-4096, and a log of 30 KB that explains every quoted PCR";
    cases.accept_rsa("ok-large", why, |s| {
        let mut entries = boot();
        while event_log::log(&entries).len() < 30_000 {
            let command = format!("menuentry {} --class gnu-linux", entries.len());
            // Before the firmware is left.
            entries.insert(entries.len() - 2, about(8, EV_IPL, command.as_bytes(), format!("grub_cmd: {command}\0")));
        }
        event_log::run(s, &entries, event_log::log(&entries));

        let mut chain = Chain::new(2);
        for (index, draft) in chain.0.iter_mut().enumerate() {
            draft.key_info = key_info(if index == 0 { s.key } else { authority });
            draft.algorithm = RSASSA_SHA256.into();
            draft.not_after = tlv(tag::UTC_TIME, "300101000000Z");
        }
        chain.0[0].extensions = vec![basic_constraints(false, None), signs(), purposes(&[chain::AIK])];
        // After scheme, hash and size of TPMT_SIGNATURE.
        let signed = chain.0.iter().map(|draft| draft.sealed(&authority.sign(SHA256, &draft.to_be_signed())[6..]));
        chain::deliver(s, chain::authority(), &signed.collect::<Vec<_>>());
    });
}
