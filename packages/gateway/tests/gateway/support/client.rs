//! A client that verifies evidence with the real verifier and speaks the channel with the sender's half of HPKE.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{Digest, SHA256, SHA384, digest};
use aws_lc_rs::hkdf;
use blindllama_verifier::evidence::bundle::Bundle;
use blindllama_verifier::evidence::claims::Claims;
use blindllama_verifier::{AttestedKey, Input, Suite, Verdict, verify};
use bytes::{Buf, Bytes, BytesMut};
use hpke::aead::{AesGcm128, AesGcm256, ChaCha20Poly1305};
use hpke::kdf::HkdfSha256;
use hpke::kem::{X25519HkdfSha256, XWing};
use hpke::{Deserializable, Kem, OpModeS, Serializable};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::json;

use super::http::{Reply, Version, get, send};
use super::in_time;
use super::program::{AUDIENCE, Gateway, PCRS};
use super::swtpm::MEASURED;

pub const SUITES: [Suite; 6] = [
    Suite { kem_id: 0x20, kdf_id: 1, aead_id: 1 },
    Suite { kem_id: 0x20, kdf_id: 1, aead_id: 2 },
    Suite { kem_id: 0x20, kdf_id: 1, aead_id: 3 },
    Suite { kem_id: 0x647a, kdf_id: 1, aead_id: 1 },
    Suite { kem_id: 0x647a, kdf_id: 1, aead_id: 2 },
    Suite { kem_id: 0x647a, kdf_id: 1, aead_id: 3 },
];

pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

pub fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = |index: usize| u32::from(bytes.get(index).copied().unwrap_or_default());
    (0..(bytes.len() * 8).div_ceil(6))
        .map(|digit| {
            let at = digit * 6 / 8;
            let window = (bits(at) << 8 | bits(at + 1)) >> (10 - digit * 6 % 8);
            char::from(ALPHABET[(window & 63) as usize])
        })
        .collect()
}

/// One request for evidence.
pub struct Evidence {
    pub nonce: [u8; 32],
    pub bundle: Bytes,
}

impl Evidence {
    pub async fn of(gateway: &Gateway) -> Self {
        let nonce = random();
        let reply = get(&gateway.address, &Self::path(&nonce)).await;
        assert_eq!(reply.status, 200, "{:?}", reply.body);
        assert_eq!(reply.headers["content-type"], "application/cbor");
        assert_eq!(reply.headers["cache-control"], "no-store");
        Self { nonce, bundle: reply.body }
    }

    pub fn path(nonce: &[u8; 32]) -> String {
        format!("/blindllama/v1/evidence?nonce={}&v=1", base64url(nonce))
    }

    pub fn verify(&self, policy: &serde_json::Value) -> Verdict {
        self.verify_with(policy, &self.nonce, None)
    }

    pub fn verify_with(&self, policy: &serde_json::Value, nonce: &[u8; 32], static_part: Option<&[u8]>) -> Verdict {
        verify(&Input {
            evidence: &self.bundle,
            static_part,
            policy: policy.to_string().as_bytes(),
            audience: AUDIENCE,
            nonce,
            now_ms: now_ms(),
            allow_simulated: true,
            versions: &[1],
            suites: &SUITES,
            state: None,
            receipt: None,
        })
    }
}

/// A policy for `gateway` on a TPM whose PCR 0 was extended once by [`Swtpm::start`](super::Swtpm::start), the others never.
pub fn policy(gateway: &Gateway) -> serde_json::Value {
    policy_of(gateway, "sha256", &digest(&SHA256, &[[0; 32], [MEASURED; 32]].concat()))
}

/// The same over the bank of SHA-384.
pub fn policy_sha384(gateway: &Gateway) -> serde_json::Value {
    policy_of(gateway, "sha384", &digest(&SHA384, &[[0; 48], [MEASURED; 48]].concat()))
}

fn policy_of(gateway: &Gateway, bank: &str, golden: &Digest) -> serde_json::Value {
    let rules: serde_json::Map<_, _> =
        PCRS.iter().map(|index| (index.to_string(), if *index == 0 { "golden" } else { "untouched" }.into())).collect();
    let golden: String = golden.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "version": 1,
        "anchors": [{ "kind": "simulated", "name": gateway.start_text("ak_name"), "hierarchy": "endorsement" }],
        "acceptAssurance": ["simulated"],
        "acceptUpstream": [gateway.start_text("upstream")],
        // The software TPM of these tests has no firmware: nothing but PCR 0 was measured.
        "pcrs": { "bank": bank, "rules": rules, "allowPartialCoverage": true },
        "releases": [{
            "name": "test",
            "pcrs": { "0": golden },
            "configDigests": [gateway.start_text("config_digest")],
        }],
    })
}

/// The key of a gateway, proven.
pub struct Attested {
    pub key: AttestedKey,
    pub receipt_key: [u8; 32],
    pub address: String,
}

impl Attested {
    /// With the suite that everybody has.
    pub async fn to(gateway: &Gateway) -> Self {
        Self::with(gateway, &json!(["x25519-sha256-aes128gcm"])).await
    }

    /// With the suites that the policy admits; null for whatever the gateway offers first.
    pub async fn with(gateway: &Gateway, suites: &serde_json::Value) -> Self {
        let mut policy = policy(gateway);
        if !suites.is_null() {
            policy["suites"] = suites.clone();
        }
        let evidence = Evidence::of(gateway).await;
        match evidence.verify(&policy) {
            Verdict::Passed { key, .. } => {
                let claims = Bundle::decode(&evidence.bundle).unwrap().claims;
                let receipt_key = *Claims::decode(claims).unwrap().receipt_key.expect("this gateway writes receipts");
                Self { key, receipt_key, address: gateway.address.clone() }
            }
            failed => panic!("{}", failed.to_json()),
        }
    }

    pub fn path(&self) -> String {
        format!("/blindllama/v1/o/{}", self.key.instance)
    }

    pub fn header(&self) -> [u8; 7] {
        let Suite { kem_id, kdf_id, aead_id } = self.key.suite;
        let mut header = [self.key.key_id; 7];
        header[1..3].copy_from_slice(&kem_id.to_be_bytes());
        header[3..5].copy_from_slice(&kdf_id.to_be_bytes());
        header[5..].copy_from_slice(&aead_id.to_be_bytes());
        header
    }

    /// Seals `chunks`, the last of which is the final one.
    pub fn seal(&self, chunks: &[&[u8]]) -> Sealed {
        let header = self.header();
        match self.key.suite.kem_id {
            0x20 => seal_for::<X25519HkdfSha256>(&self.key, &header, chunks),
            _ => seal_for::<XWing>(&self.key, &header, chunks),
        }
    }

    /// Posts the bytes of an encapsulated request.
    pub async fn post(&self, version: Version, body: impl Into<Bytes>) -> hyper::Result<http::Response<Incoming>> {
        send(&self.address, version, self.request(Full::new(body.into()))).await
    }

    pub fn request<B>(&self, body: B) -> Request<B> {
        Request::post(format!("http://{}{}", self.address, self.path()))
            .header("host", &self.address)
            .header("content-type", "message/ohttp-chunked-req")
            .body(body)
            .unwrap()
    }

    /// Sends a message and reads the answer to its authenticated end.
    pub async fn ask(&self, message: &Message) -> Answer {
        let sealed = self.seal(&[&message.encode()]);
        let response = self.post(Version::Http1, sealed.body.clone()).await.unwrap();
        Answer::read(sealed, response).await
    }

    /// Sends bytes that must be refused outside the encapsulation.
    pub async fn refused(&self, body: impl Into<Bytes>) -> Reply {
        let reply = Reply::read(self.post(Version::Http1, body).await.unwrap()).await;
        assert!(reply.status.is_client_error() || reply.status.is_server_error());
        reply
    }
}

fn seal_for<K: Kem>(key: &AttestedKey, header: &[u8], chunks: &[&[u8]]) -> Sealed {
    match key.suite.aead_id {
        1 => seal::<AesGcm128, K>(key, 16, header, chunks),
        2 => seal::<AesGcm256, K>(key, 32, header, chunks),
        _ => seal::<ChaCha20Poly1305, K>(key, 32, header, chunks),
    }
}

fn seal<A: hpke::aead::Aead, K: Kem>(key: &AttestedKey, nk: usize, header: &[u8], chunks: &[&[u8]]) -> Sealed {
    let info = [&b"message/bhttp chunked request\0"[..], header].concat();
    let public = K::PublicKey::from_bytes(&key.public_key).unwrap();
    let (enc, mut context) = hpke::setup_sender::<A, HkdfSha256, K>(&OpModeS::Base, &public, &info).unwrap();
    let enc = enc.to_bytes().to_vec();
    let mut body = [header, &enc].concat();
    let (last, others) = chunks.split_last().expect("a final chunk");
    for chunk in others {
        varint(chunk.len() + 16, &mut body);
        body.extend(context.seal(chunk, b"").unwrap());
    }
    body.push(0);
    body.extend(context.seal(last, b"final").unwrap());
    let mut secret = vec![0; nk];
    context.export(b"message/bhttp chunked response", &mut secret).unwrap();
    Sealed { body, enc, secret, aead: key.suite.aead_id }
}

pub fn varint(value: usize, out: &mut Vec<u8>) {
    match value {
        0..0x40 => out.push(value as u8),
        0x40..0x4000 => out.extend((value as u16 | 0x4000).to_be_bytes()),
        _ => out.extend((value as u32 | 0x8000_0000).to_be_bytes()),
    }
}

/// An encapsulated request, and what opens its answer.
#[derive(Clone)]
pub struct Sealed {
    pub body: Vec<u8>,
    enc: Vec<u8>,
    secret: Vec<u8>,
    aead: u16,
}

impl Sealed {
    pub fn opener(&self) -> Opener {
        Opener { sealed: self.clone(), keys: None, buffer: BytesMut::new(), chunks: 0, ended: false }
    }
}

/// Opens an answer as it comes.
pub struct Opener {
    sealed: Sealed,
    keys: Option<(LessSafeKey, [u8; 12])>,
    buffer: BytesMut,
    chunks: u64,
    ended: bool,
}

impl Opener {
    /// Adds bytes; returns the chunks that are complete. The final one only comes from [`Self::finish`].
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.buffer.extend_from_slice(bytes);
        if self.keys.is_none() && self.buffer.len() >= self.sealed.secret.len() {
            let nonce = self.buffer.split_to(self.sealed.secret.len());
            self.keys = Some(self.derive(&nonce));
        }
        let mut chunks = Vec::new();
        while self.keys.is_some() && !self.ended {
            let Some((length, size)) = blindllama_gateway::varint::peek(&self.buffer) else { break };
            let length = length as usize;
            if length == 0 {
                self.buffer.advance(size);
                self.ended = true;
            } else if self.buffer.len() >= size + length {
                self.buffer.advance(size);
                let chunk = self.buffer.split_to(length);
                chunks.push(self.open(chunk, b""));
            } else {
                break;
            }
        }
        chunks
    }

    /// The final chunk, when the body ended; None when there is none.
    pub fn finish(mut self) -> Option<Vec<u8>> {
        let rest = self.buffer.split();
        self.ended.then(|| self.open(rest, b"final"))
    }

    fn derive(&self, response_nonce: &[u8]) -> (LessSafeKey, [u8; 12]) {
        struct Length(usize);
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                self.0
            }
        }
        let salt = [&self.sealed.enc, response_nonce].concat();
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, &salt).extract(&self.sealed.secret);
        let expand = |info: &[u8], length| {
            let mut out = vec![0; length];
            prk.expand(&[info], Length(length)).unwrap().fill(&mut out).unwrap();
            out
        };
        let algorithm = match self.sealed.aead {
            1 => &AES_128_GCM,
            2 => &AES_256_GCM,
            _ => &CHACHA20_POLY1305,
        };
        let key = UnboundKey::new(algorithm, &expand(b"key", self.sealed.secret.len())).unwrap();
        (LessSafeKey::new(key), expand(b"nonce", 12).try_into().unwrap())
    }

    fn open(&mut self, mut chunk: BytesMut, aad: &[u8]) -> Vec<u8> {
        let (key, base) = self.keys.as_ref().unwrap();
        let mut nonce = *base;
        for (byte, counter) in nonce[4..].iter_mut().zip(self.chunks.to_be_bytes()) {
            *byte ^= counter;
        }
        self.chunks += 1;
        let nonce = Nonce::assume_unique_for_key(nonce);
        key.open_in_place(nonce, Aad::from(aad), &mut chunk).expect("a chunk that opens").to_vec()
    }
}

/// An answer inside the encapsulation, whole.
pub struct Answer {
    pub message: bhttp::Message,
    /// Plaintexts, the final one last.
    pub chunks: Vec<Vec<u8>>,
}

impl Answer {
    pub async fn read(sealed: Sealed, response: http::Response<Incoming>) -> Self {
        let (parts, body) = response.into_parts();
        let body = in_time("the end of the answer", body.collect()).await.expect("a whole body").to_bytes();
        assert_eq!(parts.status, 200, "{body:?}");
        assert_eq!(parts.headers["content-type"], "message/ohttp-chunked-res");
        assert_eq!(parts.headers["cache-control"], "no-store");
        assert_eq!(parts.headers["incremental"], "?1");
        let mut opener = sealed.opener();
        let mut chunks = opener.push(&body);
        chunks.push(opener.finish().expect("a final chunk"));
        let message = bhttp::Message::read_bhttp(&mut std::io::Cursor::new(chunks.concat())).unwrap();
        Self { message, chunks }
    }

    pub fn status(&self) -> u16 {
        self.message.control().status().unwrap().code()
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        self.message.header().get(name.as_bytes()).map(|value| std::str::from_utf8(value).unwrap())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(self.message.content()).unwrap()
    }

    /// The code of an answer that the gateway made itself, in all the places where it says it.
    pub fn code(&self) -> &str {
        let code = self.field("blindllama-code").expect("an answer of the gateway itself");
        assert_eq!(self.field("content-type"), Some("application/problem+json"));
        let problem: serde_json::Value = serde_json::from_str(self.text()).unwrap();
        assert_eq!((&problem["code"], &problem["error"]["code"]), (&code.into(), &code.into()));
        assert_eq!(problem["status"], self.status());
        code
    }
}

/// A request inside the encapsulation. By default one that the gateway runs.
#[derive(Clone)]
pub struct Message {
    pub method: String,
    pub scheme: String,
    pub authority: String,
    pub path: String,
    pub fields: Vec<(String, String)>,
    pub content: Vec<u8>,
}

impl Message {
    pub fn post(path: &str, content: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", path, content)
    }

    pub fn get(path: &str) -> Self {
        Self::new("GET", path, "")
    }

    fn new(method: &str, path: &str, content: impl Into<Vec<u8>>) -> Self {
        let fields = [("date", http_date(0)), ("idempotency-key", base64url(&random::<16>()))];
        Self {
            method: method.into(),
            scheme: "https".into(),
            authority: "ohttp.invalid".into(),
            path: path.into(),
            fields: fields.map(|(name, value)| (name.into(), value)).into(),
            content: content.into(),
        }
    }

    /// Replaces the fields of this name by one with `value`; None removes them.
    pub fn with(mut self, name: &str, value: impl Into<Option<&'static str>>) -> Self {
        self.fields.retain(|(known, _)| known != name);
        if let Some(value) = value.into() {
            self.fields.push((name.into(), value.into()));
        }
        self
    }

    /// The indeterminate-length form, which takes any bytes as they are.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![2];
        let vector = |bytes: &[u8], out: &mut Vec<u8>| {
            varint(bytes.len(), out);
            out.extend(bytes);
        };
        for part in [&self.method, &self.scheme, &self.authority, &self.path] {
            vector(part.as_bytes(), &mut out);
        }
        for (name, value) in &self.fields {
            vector(name.as_bytes(), &mut out);
            vector(value.as_bytes(), &mut out);
        }
        out.push(0);
        if !self.content.is_empty() {
            vector(&self.content, &mut out);
        }
        out.extend([0, 0]);
        out
    }
}

/// Now, moved by `offset_ms`, as IMF-fixdate.
pub fn http_date(offset_ms: i64) -> String {
    let now = now_ms().checked_add_signed(offset_ms).unwrap();
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(now))
}
