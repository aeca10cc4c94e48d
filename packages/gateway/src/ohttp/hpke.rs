//! HPKE base mode (RFC 9180) for DHKEM(X25519, HKDF-SHA256) and the hybrid MLKEM768-X25519 (draft-ietf-hpke-pq): key pairs and
//! the receiver's context.

use blindllama_verifier::Code;
use bytes::BytesMut;
use hpke::aead::{Aead, AeadCtxR, AeadTag, AesGcm128, AesGcm256, ChaCha20Poly1305};
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, Serializable};
use zeroize::Zeroizing;

use super::framing::Header;
use super::x25519::X25519HkdfSha256;
use super::{REQUEST_LABEL, RESPONSE_LABEL, TAG};
use crate::failure::Failure;

/// HKDF-SHA256, RFC 9180 §7.2.
pub const HKDF_SHA256: u16 = 0x0001;

/// A key encapsulation mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KemId {
    /// DHKEM(X25519, HKDF-SHA256), 0x0020 (RFC 9180 §7.1).
    X25519,
    /// MLKEM768-X25519, also known as X-Wing, 0x647a (draft-ietf-hpke-pq §4): safe while either of its halves is.
    MlKem768X25519,
}

impl KemId {
    /// Its number in the registry.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::X25519 => <X25519HkdfSha256 as Kem>::KEM_ID,
            Self::MlKem768X25519 => <XWing as Kem>::KEM_ID,
        }
    }

    /// Length of an encapsulated key (Nenc), in bytes.
    #[must_use]
    pub const fn encapsulated_key_length(self) -> usize {
        match self {
            Self::X25519 => 32,
            Self::MlKem768X25519 => 1120,
        }
    }
}

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

/// A private key of one epoch. It exists in memory only and is overwritten when dropped; there is no way to import or
/// export one.
#[cfg_attr(test, derive(Clone))]
pub struct PrivateKey(Inner);

#[cfg_attr(test, derive(Clone))]
enum Inner {
    X25519(<X25519HkdfSha256 as Kem>::PrivateKey),
    // A seed; the rest of the key is expanded for each use.
    MlKem768X25519(Box<<XWing as Kem>::PrivateKey>),
}

impl PrivateKey {
    /// Makes a key pair from the system's random numbers; returns the private key and the public one (Npk = 32 or 1216 bytes).
    ///
    /// # Errors
    /// `gateway.internal` when the system has no random numbers.
    pub fn generate(kem: KemId) -> Result<(Self, Vec<u8>), Failure> {
        // Nsk of both.
        let mut seed = Zeroizing::new([0; 32]);
        crate::random::fill(seed.as_mut_slice())?;
        Ok(Self::derive(kem, seed.as_slice()))
    }

    /// `DeriveKeyPair` (RFC 9180 §7.1.3, draft-ietf-hpke-pq §4).
    fn derive(kem: KemId, seed: &[u8]) -> (Self, Vec<u8>) {
        match kem {
            KemId::X25519 => {
                let (private, public) = X25519HkdfSha256::derive_keypair(seed);
                (Self(Inner::X25519(private)), public.to_bytes().to_vec())
            }
            KemId::MlKem768X25519 => {
                let (private, public) = XWing::derive_keypair(seed);
                (Self(Inner::MlKem768X25519(Box::new(private))), public.to_bytes().to_vec())
            }
        }
    }

    /// The X25519 key of a published vector. The product has no way to import a key.
    #[cfg(test)]
    pub(crate) fn of_vector(bytes: &[u8]) -> Self {
        Self(Inner::X25519(<X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(bytes).unwrap()))
    }

    /// `SetupBaseR` (RFC 9180 §5.1.1) with the `info` of draft-08 §3.1: label, a zero byte, the header as received.
    ///
    /// # Errors
    /// `channel.decrypt` for an encapsulated key that gives no shared secret (one of another length, a low-order point).
    pub fn receive(&self, aead: AeadId, encapsulated: &[u8], header: &Header) -> Result<Context, Failure> {
        let info = [REQUEST_LABEL, &[0], header].concat();
        let opener = match &self.0 {
            Inner::X25519(key) => set_up::<X25519HkdfSha256>(key, aead, encapsulated, &info),
            Inner::MlKem768X25519(key) => set_up::<XWing>(key, aead, encapsulated, &info),
        };
        Ok(Context { opener: opener?, aead })
    }
}

fn set_up<K: Kem + Send + Sync + 'static>(
    key: &K::PrivateKey,
    aead: AeadId,
    encapsulated: &[u8],
    info: &[u8],
) -> Result<Box<dyn Opener>, Failure> {
    match aead {
        AeadId::Aes128Gcm => opener::<AesGcm128, K>(key, encapsulated, info),
        AeadId::Aes256Gcm => opener::<AesGcm256, K>(key, encapsulated, info),
        AeadId::ChaCha20Poly1305 => opener::<ChaCha20Poly1305, K>(key, encapsulated, info),
    }
}

fn opener<A: Aead + Send + Sync + 'static, K: Kem + Send + Sync + 'static>(
    key: &K::PrivateKey,
    encapsulated: &[u8],
    info: &[u8],
) -> Result<Box<dyn Opener>, Failure> {
    let refused = |_| Failure::new(Code::CHANNEL_DECRYPT);
    let encapsulated = K::EncappedKey::from_bytes(encapsulated).map_err(refused)?;
    let context = hpke::setup_receiver::<A, HkdfSha256, K>(&OpModeR::Base, key, &encapsulated, info);
    Ok(Box::new(context.map_err(refused)?))
}

/// The receiver's context of one request: opens its chunks in their order, exports the response secret.
pub struct Context {
    opener: Box<dyn Opener>,
    aead: AeadId,
}

impl Context {
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
        let opened = match chunk.len().checked_sub(TAG) {
            Some(length) => {
                let tag = chunk.split_off(length);
                self.opener.open(chunk, aad, &tag)
            }
            None => false,
        };
        if opened {
            return Ok(());
        }
        chunk.clear();
        Err(Failure::new(Code::CHANNEL_DECRYPT))
    }

    /// The response secret (draft-08 §3.2): `Export("message/bhttp chunked response", max(Nn, Nk))`.
    ///
    /// # Errors
    /// `gateway.internal`: cannot happen with these lengths.
    pub fn response_secret(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let mut secret = Zeroizing::new(vec![0; self.aead.key_length()]);
        if self.opener.export(RESPONSE_LABEL, &mut secret) {
            return Ok(secret);
        }
        Err(Failure::new(Code::GATEWAY_INTERNAL))
    }
}

/// What a context does, whatever its suite.
trait Opener: Send + Sync {
    fn open(&mut self, ciphertext: &mut [u8], aad: &[u8], tag: &[u8]) -> bool;
    fn export(&self, label: &[u8], secret: &mut [u8]) -> bool;
}

impl<A: Aead + Send + Sync, K: Kem + Send + Sync> Opener for AeadCtxR<A, HkdfSha256, K> {
    fn open(&mut self, ciphertext: &mut [u8], aad: &[u8], tag: &[u8]) -> bool {
        AeadTag::<A>::from_bytes(tag).is_ok_and(|tag| self.open_inout_detached(ciphertext.into(), aad, &tag).is_ok())
    }

    fn export(&self, label: &[u8], secret: &mut [u8]) -> bool {
        Self::export(self, label, secret).is_ok()
    }
}

#[cfg(test)]
mod tests;
