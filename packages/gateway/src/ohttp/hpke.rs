//! HPKE base mode (RFC 9180) with HKDF-SHA256: the context of the receiver, and that of the sender.

use blindllama_verifier::Code;
use bytes::BytesMut;
use zeroize::Zeroizing;

pub use super::kem::{KemId, PrivateKey};

use super::cipher::{ChunkCipher, NONCE};
use super::framing::Header;
use super::kdf::{Block, Labeled, Prk};
use super::kem::encapsulate;
use super::suite::Suite;
use super::{REQUEST_LABEL, RESPONSE_LABEL};
use crate::failure::Failure;
use crate::scrub::scrubbed;

/// HKDF-SHA256, RFC 9180 §7.2.
pub const HKDF_SHA256: u16 = 0x0001;

/// `mode_base` of RFC 9180 §5.
const BASE: u8 = 0;

/// An AEAD of RFC 9180 §7.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AeadId {
    /// AES-128-GCM, 0x0001.
    Aes128Gcm,
    /// AES-256-GCM, 0x0002.
    Aes256Gcm,
    /// ChaCha20-Poly1305, 0x0003.
    ChaCha20Poly1305,
}

impl AeadId {
    /// Its number in the registry.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Aes128Gcm => 0x0001,
            Self::Aes256Gcm => 0x0002,
            Self::ChaCha20Poly1305 => 0x0003,
        }
    }

    /// Length of its key (Nk), in bytes. Its nonce (Nn) has 12 bytes in every case.
    #[must_use]
    pub const fn key_length(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }
}

impl PrivateKey {
    /// `SetupBaseR` (RFC 9180 §5.1.1) with the `info` of draft-08 §3.1: label, a zero byte, the header as received.
    ///
    /// # Errors
    /// `channel.decrypt` for an encapsulated key that gives no shared secret (one of another length, a low-order point).
    pub fn receive(&self, aead: AeadId, encapsulated: &[u8], header: &Header) -> Result<Context, Failure> {
        let info = info(header);
        scrubbed(|| {
            let secret = self.decapsulate(encapsulated)?;
            Context::schedule(self.kem(), aead, &secret, &info)
        })
        .ok_or(Failure::new(Code::CHANNEL_DECRYPT))
    }
}

/// `SetupBaseS` (RFC 9180 §5.1.1) with the same `info`: the encapsulated key and the sender's context.
///
/// # Errors
/// `gateway.internal` for a public key that is none of the KEM: an attested one has passed the verifier.
pub(super) fn send(suite: Suite, public: &[u8], header: &Header) -> Result<(Vec<u8>, Context), Failure> {
    scrubbed(|| {
        let (encapsulated, secret) = encapsulate(suite.kem, public)?;
        Some((encapsulated, Context::schedule(suite.kem, suite.aead, &secret, &info(header))?))
    })
    .ok_or(Failure::with(Code::GATEWAY_INTERNAL, "the channel key of the upstream"))
}

/// The `info` of draft-08 §3.1.
fn info(header: &Header) -> Vec<u8> {
    [REQUEST_LABEL, &[0], header].concat()
}

/// `suite_id` of RFC 9180 §5.1: "HPKE" and the numbers of KEM, KDF and AEAD.
type SuiteId = [u8; 10];

fn suite_id(kem: KemId, aead: AeadId) -> SuiteId {
    let [k0, k1] = kem.number().to_be_bytes();
    let [h0, h1] = HKDF_SHA256.to_be_bytes();
    let [a0, a1] = aead.number().to_be_bytes();
    [b'H', b'P', b'K', b'E', k0, k1, h0, h1, a0, a1]
}

/// The context of one request: opens or seals its chunks in their order, exports the response secret.
pub struct Context {
    cipher: ChunkCipher,
    /// Behind a pointer: a copy that a move leaves would outlive it.
    exporter_secret: Box<Block>,
    suite: SuiteId,
    aead: AeadId,
}

impl Context {
    /// `KeySchedule` (RFC 9180 §5.1) of base mode, whose `psk` and `psk_id` are empty.
    fn schedule(kem: KemId, aead: AeadId, shared_secret: &Block, info: &[u8]) -> Option<Self> {
        let suite = suite_id(kem, aead);
        let labeled = Labeled(&suite);
        let psk_id_hash = labeled.extract(&[], b"psk_id_hash", &[]);
        let info_hash = labeled.extract(&[], b"info_hash", info);
        let context = [[BASE].as_slice(), psk_id_hash.as_slice(), info_hash.as_slice()].concat();
        let secret = Prk::new(&labeled.extract(shared_secret.as_slice(), b"secret", &[]));
        let key = labeled.expand(&secret, b"key", &context, u16::try_from(aead.key_length()).ok()?);
        let nonce = labeled.expand(&secret, b"base_nonce", &context, u16::try_from(NONCE).ok()?);
        let cipher = ChunkCipher::new(aead, key.as_slice(), nonce.as_slice())?;
        let exporter_secret = Box::new(labeled.expand(&secret, b"exp", &context, 32));
        Some(Self { cipher, exporter_secret, suite, aead })
    }

    /// The AEAD that request and response use.
    #[must_use]
    pub const fn aead(&self) -> AeadId {
        self.aead
    }

    /// Opens the next chunk in place; afterwards `chunk` holds the plaintext.
    ///
    /// # Errors
    /// `channel.decrypt`; `chunk` is then empty.
    pub fn open(&mut self, chunk: &mut BytesMut, aad: &[u8]) -> Result<(), Failure> {
        let opened = self.cipher.open(aad, chunk);
        chunk.truncate(opened.unwrap_or_default());
        if opened.is_some() { Ok(()) } else { Err(Failure::new(Code::CHANNEL_DECRYPT)) }
    }

    /// What seals the chunks of the request.
    pub(super) fn into_cipher(self) -> ChunkCipher {
        self.cipher
    }

    /// The response secret (draft-08 §3.2): `Export("message/bhttp chunked response", max(Nn, Nk))`.
    ///
    /// # Errors
    /// `gateway.internal`: cannot happen with these lengths.
    pub fn response_secret(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.export(RESPONSE_LABEL, self.aead.key_length()).ok_or(Failure::new(Code::GATEWAY_INTERNAL))
    }

    /// `Export` (RFC 9180 §5.3) of at most 32 bytes.
    fn export(&self, label: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
        let number = u16::try_from(length).ok()?;
        let secret = Labeled(&self.suite).expand(&Prk::new(&self.exporter_secret), b"sec", label, number);
        secret.get(..length).map(|secret| Zeroizing::new(secret.to_vec()))
    }
}

#[cfg(test)]
mod tests;
