//! Requests opened and answers sealed, byte for byte: of a sender made here, and of draft-ietf-ohai-chunked-ohttp-08, Appendix A.
use ::hpke::aead::AesGcm128;
use ::hpke::kdf::HkdfSha256;
use ::hpke::kem::X25519HkdfSha256;
use ::hpke::{Deserializable, Kem, OpModeS, Serializable};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf;

use super::*;
use crate::ohttp::hpke::{AeadId, KemId, PrivateKey};

const HEADER: Header = [1, 0, 0x20, 0, 1, 0, 1];

/// One key, one suite, one memory.
struct OneKey {
    private: Arc<PrivateKey>,
    seen: Arc<ReplaySet>,
}

impl OneKey {
    fn new(private: PrivateKey) -> Arc<Self> {
        Self::remembering(Arc::new(private), 8)
    }

    /// A key whose memory has room for so many encapsulated keys.
    fn remembering(private: Arc<PrivateKey>, keys: usize) -> Arc<Self> {
        Arc::new(Self { private, seen: Arc::new(ReplaySet::new(keys)) })
    }
}

impl Keys for OneKey {
    type Epoch = ();

    fn encapsulated_length(&self, header: &Header) -> Result<usize, Failure> {
        if *header == HEADER { Ok(32) } else { Err(Failure::new(Code::CHANNEL_KEY_UNKNOWN)) }
    }

    fn receive(&self, header: &Header, encapsulated: &[u8]) -> Result<Received<()>, Failure> {
        let context = self.private.receive(AeadId::Aes128Gcm, encapsulated, header)?;
        Ok(Received { context, seen: Arc::clone(&self.seen), epoch: () })
    }
}

/// A request with what it must open to, and the answer to it.
struct Case {
    private: Arc<PrivateKey>,
    request: Vec<u8>,
    plaintexts: Vec<Vec<u8>>,
    response_nonce: Vec<u8>,
    response: Vec<Vec<u8>>,
}

fn open(keys: &Arc<OneKey>, pieces: &[&[u8]]) -> Result<Vec<Vec<u8>>, Failure> {
    let mut decapsulator = Decapsulator::new(Arc::clone(keys));
    let mut opened = Vec::new();
    for piece in pieces {
        decapsulator.push(&Bytes::copy_from_slice(piece));
        while let Some(chunk) = decapsulator.next_chunk()? {
            opened.push(chunk.to_vec());
        }
    }
    opened.push(decapsulator.finish()?.to_vec());
    assert!(decapsulator.sealer().is_ok(), "what was opened can be answered");
    Ok(opened)
}

impl Case {
    fn check(self) {
        let keys = |seen| OneKey::remembering(Arc::clone(&self.private), seen);
        let end = self.plaintexts.last().unwrap().len();
        for cut in 0..=self.request.len() {
            let (front, back) = self.request.split_at(cut);
            assert_eq!(open(&keys(8), &[front, back]).unwrap(), self.plaintexts, "split at {cut}");
            // A final chunk that lost some of its text still has room for a tag: it cannot be told from an altered one.
            let code = match self.request.len() - cut {
                0 => continue,
                missing if missing <= end => Code::CHANNEL_DECRYPT,
                _ => Code::CHANNEL_TRUNCATED,
            };
            assert_eq!(open(&keys(8), &[front]).unwrap_err().code, code, "cut at {cut}");
        }
        assert_eq!(open(&keys(0), &[&self.request]).unwrap_err().code, Code::CHANNEL_KEY_UNKNOWN, "no room");
        let once = keys(8);
        assert!(open(&once, &[&self.request]).is_ok());
        assert_eq!(open(&once, &[&self.request]).unwrap_err().code, Code::CHANNEL_REPLAYED);
        self.check_response();
    }

    /// Opens the answer with keys derived here, and seals it again byte for byte.
    fn check_response(&self) {
        let encapsulated = &self.request[7..39];
        let context = self.private.receive(AeadId::Aes128Gcm, encapsulated, &HEADER).unwrap();
        let secret = context.response_secret().unwrap();
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, &[encapsulated, &self.response_nonce].concat()).extract(&secret);
        let mut key = [0; 16];
        fill(&prk, b"key", &mut key);
        let mut nonce = [0; 12];
        fill(&prk, b"nonce", &mut nonce);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let mut sealer = Sealer::derive(AeadId::Aes128Gcm, &secret, encapsulated, &self.response_nonce).unwrap();
        let (last, others) = self.response.split_last().unwrap();
        let mut sealed = BytesMut::new();
        let mut expected = self.response_nonce.clone();
        for (index, ciphertext) in others.iter().enumerate() {
            let plaintext = opened(&key, nonce, index, b"", ciphertext);
            sealer.seal(&[&plaintext], &mut sealed).unwrap();
            expected.push(u8::try_from(ciphertext.len()).unwrap());
            expected.extend(ciphertext);
        }
        let plaintext = opened(&key, nonce, others.len(), b"final", last);
        sealer.seal_final(&[&plaintext], &mut sealed).unwrap();
        expected.push(0);
        expected.extend(last);
        assert_eq!(sealed, expected[..]);
    }
}

fn fill(prk: &hkdf::Prk, info: &[u8], out: &mut [u8]) {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    prk.expand(&[info], Length(out.len())).unwrap().fill(out).unwrap();
}

fn opened(key: &LessSafeKey, mut nonce: [u8; 12], index: usize, aad: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    nonce[11] ^= u8::try_from(index).unwrap();
    let mut chunk = ciphertext.to_vec();
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.open_in_place(nonce, Aad::from(aad), &mut chunk).expect("opens").to_vec()
}

/// A request of this test's own sender.
fn own_request(plaintexts: &[&[u8]]) -> (PrivateKey, Vec<u8>, Vec<u8>) {
    let (private, public) = PrivateKey::generate(KemId::X25519).unwrap();
    let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&public).unwrap();
    let info = [&b"message/bhttp chunked request\0"[..], &HEADER].concat();
    let (enc, mut sender) =
        ::hpke::setup_sender::<AesGcm128, HkdfSha256, X25519HkdfSha256>(&OpModeS::Base, &public, &info).unwrap();
    let mut request = [&HEADER[..], &enc.to_bytes()].concat();
    let (last, others) = plaintexts.split_last().unwrap();
    for plaintext in others {
        request.push(u8::try_from(plaintext.len() + 16).unwrap());
        request.extend(sender.seal(plaintext, b"").unwrap());
    }
    request.push(0);
    request.extend(sender.seal(last, b"final").unwrap());
    let mut secret = vec![0; 16];
    sender.export(b"message/bhttp chunked response", &mut secret).unwrap();
    (private, request, secret)
}

#[test]
fn a_request_is_opened_and_answered_wherever_its_bytes_are_split() {
    let plaintexts: [&[u8]; 3] = [b"twelve bytes", b"and some more", b"end"];
    let (private, request, secret) = own_request(&plaintexts);
    let response_nonce = vec![9; 16];
    let mut sealer = Sealer::derive(AeadId::Aes128Gcm, &secret, &request[7..39], &response_nonce).unwrap();
    let (mut first, mut last) = (BytesMut::new(), BytesMut::new());
    sealer.seal(&[b"answer"], &mut first).unwrap();
    sealer.seal_final(&[], &mut last).unwrap();
    Case {
        private: Arc::new(private),
        request,
        plaintexts: plaintexts.map(<[u8]>::to_vec).into(),
        response_nonce,
        response: vec![first[17..].to_vec(), last[1..].to_vec()],
    }
    .check();
}

/// draft-ietf-ohai-chunked-ohttp-08, Appendix A: the receiver's private key, the encapsulated request and the response.
mod appendix_a {
    pub(super) const PRIVATE_KEY: &str = "1c190d72acdbe4dbc69e680503bb781a932c70a12c8f3754434c67d8640d8698";
    /// Header, encapsulated key, two chunks and the final one, each behind its length.
    pub(super) const REQUEST: [&str; 5] = [
        "01002000010001",
        "8811eb457e100811c40a0aa71340a1b81d804bb986f736f2f566a7199761a032",
        "1c2ad24942d4d692563012f2980c8fef437a336b9b2fc938ef77a5834f",
        "1d2e33d8fd25577afe31bd1c79d094f76b6250ae6549b473ecd950501311",
        "001c6c1395d0ef7c1022297966307b8a7f",
    ];
    pub(super) const RESPONSE_NONCE: &str = "bcce7f4cb921309ba5d62edf1769ef09";
    /// Without their lengths; the last one is final.
    pub(super) const RESPONSE_CHUNKS: [&str; 3] = [
        "79bf1cc87fa0e2c02de4546945aa3d1e48",
        "b348b5bd4c594c16b6170b07b475845d1f32",
        "ed9d8a796617a5b27265f4d73247f639",
    ];
}

#[test]
fn the_vectors_of_the_draft_hold() {
    let request = unhex(&appendix_a::REQUEST.concat());
    assert_eq!(request[..7], HEADER);
    let private = Arc::new(PrivateKey::of_vector(KemId::X25519, &unhex(appendix_a::PRIVATE_KEY)).0);
    let plaintexts = open(&OneKey::remembering(Arc::clone(&private), 8), &[&request]).unwrap();
    assert_eq!(plaintexts.iter().map(Vec::len).collect::<Vec<_>>(), [12, 13, 0]);
    Case {
        private,
        request,
        plaintexts,
        response_nonce: unhex(appendix_a::RESPONSE_NONCE),
        response: appendix_a::RESPONSE_CHUNKS.map(unhex).into(),
    }
    .check();
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn nothing_more_is_released_after_an_error() {
    let (private, mut request, _) = own_request(&[b"first", b"second", b"end"]);
    request[39 + 22 + 3] ^= 1;
    let mut decapsulator = Decapsulator::new(OneKey::new(private));
    decapsulator.push(&Bytes::from(request));
    assert_eq!(decapsulator.next_chunk().unwrap().unwrap(), b"first"[..]);
    for _ in 0..2 {
        assert_eq!(decapsulator.next_chunk().unwrap_err().code, Code::CHANNEL_DECRYPT);
    }
    assert_eq!(decapsulator.finish().unwrap_err().code, Code::CHANNEL_DECRYPT);
}

#[test]
fn a_chunk_cannot_pass_for_the_final_one_nor_the_other_way_round() {
    let (private, request, _) = own_request(&[b"only"]);
    // The final chunk's bytes behind a length of their own, then an empty end.
    let as_chunk = [&request[..39], &[20], &request[40..], &[0], &[0; 16]].concat();
    assert_eq!(open(&OneKey::new(private), &[&as_chunk]).unwrap_err().code, Code::CHANNEL_DECRYPT);
    let (private, request, _) = own_request(&[b"only", b""]);
    let as_final = [&request[..39], &[0], &request[40..60]].concat();
    assert_eq!(open(&OneKey::new(private), &[&as_final]).unwrap_err().code, Code::CHANNEL_DECRYPT);
}

#[test]
fn there_is_no_answer_before_a_chunk_was_opened() {
    let (private, request, _) = own_request(&[b"first", b"end"]);
    let mut decapsulator = Decapsulator::new(OneKey::new(private));
    decapsulator.push(&Bytes::copy_from_slice(&request[..50]));
    assert!(decapsulator.next_chunk().unwrap().is_none());
    assert_eq!(decapsulator.sealer().err().unwrap().code, Code::GATEWAY_INTERNAL);
}

#[test]
fn every_answer_has_a_response_nonce_of_its_own() {
    let (private, request, _) = own_request(&[b"question"]);
    let mut decapsulator = Decapsulator::new(OneKey::new(private));
    decapsulator.push(&Bytes::from(request));
    assert!(decapsulator.next_chunk().unwrap().is_none());
    decapsulator.finish().unwrap();
    // The nonce travels in front of the first chunk.
    let nonces = [0, 1].map(|_| {
        let mut out = BytesMut::new();
        decapsulator.sealer().unwrap().seal_final(&[], &mut out).unwrap();
        out[..16].to_vec()
    });
    assert_ne!(nonces[0], nonces[1]);
    assert!(nonces.iter().all(|nonce| *nonce != [0; 16]));
}
