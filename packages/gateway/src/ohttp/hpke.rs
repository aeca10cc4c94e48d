//! HPKE base mode (RFC 9180) for DHKEM(X25519, HKDF-SHA256): key pairs and the receiver's context.

use blindllama_verifier::Code;
use bytes::BytesMut;
use hpke::aead::{Aead, AeadCtxR, AeadTag, AesGcm128, AesGcm256, ChaCha20Poly1305};
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, Serializable};
use zeroize::Zeroizing;

use super::framing::Header;
use super::{REQUEST_LABEL, RESPONSE_LABEL, TAG};
use crate::failure::Failure;

/// DHKEM(X25519, HKDF-SHA256), RFC 9180 §7.1.
pub const X25519: u16 = 0x0020;

/// HKDF-SHA256, RFC 9180 §7.2.
pub const HKDF_SHA256: u16 = 0x0001;

/// Length of an encapsulated X25519 key (Nenc), in bytes.
pub const ENCAPSULATED_KEY: usize = 32;

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
pub struct PrivateKey(<X25519HkdfSha256 as Kem>::PrivateKey);

impl PrivateKey {
    /// Makes a key pair from the system's random numbers; returns the private key and the public one (Npk = 32 bytes).
    ///
    /// # Errors
    /// `gateway.internal` when the system has no random numbers.
    pub fn generate() -> Result<(Self, Vec<u8>), Failure> {
        let mut seed = Zeroizing::new([0; 32]);
        crate::random::fill(seed.as_mut_slice())?;
        let (private, public) = X25519HkdfSha256::derive_keypair(seed.as_slice());
        Ok((Self(private), public.to_bytes().to_vec()))
    }

    /// The key of a published vector. The product has no way to import a key.
    #[cfg(test)]
    pub(crate) fn of_vector(bytes: &[u8]) -> Self {
        Self(<X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(bytes).unwrap())
    }

    /// `SetupBaseR` (RFC 9180 §5.1.1) with the `info` of draft-08 §3.1: label, a zero byte, the header as received.
    ///
    /// # Errors
    /// `channel.decrypt` for an encapsulated key that gives no shared secret (a low-order point).
    pub fn receive(&self, aead: AeadId, encapsulated: &[u8], header: &Header) -> Result<Context, Failure> {
        let info = [REQUEST_LABEL, &[0], header].concat();
        let opener: Box<dyn Opener> = match aead {
            AeadId::Aes128Gcm => self.opener::<AesGcm128>(encapsulated, &info)?,
            AeadId::Aes256Gcm => self.opener::<AesGcm256>(encapsulated, &info)?,
            AeadId::ChaCha20Poly1305 => self.opener::<ChaCha20Poly1305>(encapsulated, &info)?,
        };
        Ok(Context { opener, aead })
    }

    fn opener<A: Aead + 'static>(&self, encapsulated: &[u8], info: &[u8]) -> Result<Box<dyn Opener>, Failure>
    where
        AeadCtxR<A, HkdfSha256, X25519HkdfSha256>: Opener,
    {
        let refused = |_| Failure::new(Code::CHANNEL_DECRYPT);
        let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).map_err(refused)?;
        let context =
            hpke::setup_receiver::<A, HkdfSha256, X25519HkdfSha256>(&OpModeR::Base, &self.0, &encapsulated, info);
        Ok(Box::new(context.map_err(refused)?))
    }
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

/// What a context does, whatever its AEAD.
trait Opener: Send + Sync {
    fn open(&mut self, ciphertext: &mut [u8], aad: &[u8], tag: &[u8]) -> bool;
    fn export(&self, label: &[u8], secret: &mut [u8]) -> bool;
}

macro_rules! opener {
    ($($aead:ty),+) => { $(
        impl Opener for AeadCtxR<$aead, HkdfSha256, X25519HkdfSha256> {
            fn open(&mut self, ciphertext: &mut [u8], aad: &[u8], tag: &[u8]) -> bool {
                AeadTag::<$aead>::from_bytes(tag)
                    .is_ok_and(|tag| self.open_inout_detached(ciphertext.into(), aad, &tag).is_ok())
            }

            fn export(&self, label: &[u8], secret: &mut [u8]) -> bool {
                Self::export(self, label, secret).is_ok()
            }
        }
    )+ };
}

opener!(AesGcm128, AesGcm256, ChaCha20Poly1305);
