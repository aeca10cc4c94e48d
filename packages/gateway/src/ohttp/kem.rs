//! Private keys of the channel and what they decapsulate, and the other half, with which a gateway sends to another one:
//! DHKEM(X25519, HKDF-SHA256) of RFC 9180 §4.1 in base mode, and the hybrid MLKEM768-X25519 of draft-ietf-hpke-pq-04, also known as X-Wing.
//!
//! AWS-LC makes the keys where it keeps them, uses them, and overwrites them when it frees them. There is no way to import or export one.
//! The seed from which a key pair of X-Wing can be derived is of use to who stores it: here both halves are random.

use aws_lc_rs::agreement::{self, UnparsedPublicKey, agree};
use aws_lc_rs::digest::{SHA3_256, digest};
use aws_lc_rs::kem::{self, DecapsulationKey, EncapsulationKey, ML_KEM_768};
use blindllama_verifier::Code;
use zeroize::Zeroizing;

use super::kdf::{Block, Labeled, Prk};
use crate::failure::Failure;
use crate::scrub::scrubbed;

/// Length of a public key, an encapsulated key and a shared point of X25519, in bytes.
const X25519: usize = 32;

/// Length of a ciphertext of ML-KEM-768 (FIPS 203 §8), in bytes.
const ML_KEM_CIPHERTEXT: usize = 1088;

/// `XWingLabel` (draft-connolly-cfrg-xwing-kem §5.3).
const X_WING_LABEL: &[u8] = br"\.//^\";

/// A key encapsulation mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KemId {
    /// DHKEM(X25519, HKDF-SHA256), 0x0020 (RFC 9180 §7.1).
    X25519,
    /// MLKEM768-X25519, also known as X-Wing, 0x647a (draft-ietf-hpke-pq-04 §4): safe while either of its halves is.
    MlKem768X25519,
}

impl KemId {
    /// Its number in the registry.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::X25519 => 0x0020,
            Self::MlKem768X25519 => 0x647a,
        }
    }

    /// Length of an encapsulated key (Nenc), in bytes.
    #[must_use]
    pub const fn encapsulated_key_length(self) -> usize {
        match self {
            Self::X25519 => X25519,
            Self::MlKem768X25519 => ML_KEM_CIPHERTEXT + X25519,
        }
    }
}

/// `Encap` (RFC 9180 §4.1) to the public key `public`: the encapsulated key and the shared secret. None for a public key of another length,
/// one that is no key of ML-KEM-768 (FIPS 203 §7.2), or a point of low order.
pub(super) fn encapsulate(kem: KemId, public: &[u8]) -> Option<(Vec<u8>, Block)> {
    scrubbed(|| match kem {
        KemId::X25519 => {
            let ephemeral = Classical::generate()?;
            let point = ephemeral.agree(public.try_into().ok()?)?;
            let secret = dh_shared_secret(&point, &ephemeral.public, public);
            Some((ephemeral.public.to_vec(), secret))
        }
        KemId::MlKem768X25519 => {
            let (encapsulation_key, peer) = public.split_last_chunk::<X25519>()?;
            let encapsulation_key = EncapsulationKey::new(&ML_KEM_768, encapsulation_key).ok()?;
            let (ciphertext, post_quantum) = encapsulation_key.encapsulate().ok()?;
            let ephemeral = Classical::generate()?;
            let classical = ephemeral.agree(peer)?;
            let secret = combine(post_quantum.as_ref(), &classical, &ephemeral.public, peer)?;
            Some(([ciphertext.as_ref(), &ephemeral.public].concat(), secret))
        }
    })
}

/// `ExtractAndExpand` of DHKEM(X25519, HKDF-SHA256) (RFC 9180 §4.1).
fn dh_shared_secret(point: &Block, encapsulated: &[u8], public: &[u8]) -> Block {
    let [high, low] = KemId::X25519.number().to_be_bytes();
    let suite = [b'K', b'E', b'M', high, low];
    let labeled = Labeled(&suite);
    let secret = Prk::new(&labeled.extract(&[], b"eae_prk", point.as_slice()));
    labeled.expand(&secret, b"shared_secret", &[encapsulated, public].concat(), 32)
}

/// `Combiner` of draft-connolly-cfrg-xwing-kem §5.3: the point that was sent and the point of the receiver stand behind the two secrets.
fn combine(
    post_quantum: &[u8],
    classical: &Block,
    encapsulated: &[u8; X25519],
    public: &[u8; X25519],
) -> Option<Block> {
    let parts = [post_quantum, classical.as_slice(), encapsulated, public, X_WING_LABEL];
    let combined = digest(&SHA3_256, &Zeroizing::new(parts.concat()));
    combined.as_ref().try_into().ok().map(Zeroizing::new)
}

/// A private key of one epoch. It exists in memory only and is overwritten when dropped; there is no way to import or
/// export one.
pub struct PrivateKey(Inner);

enum Inner {
    X25519(Classical),
    MlKem768X25519(Hybrid),
}

impl PrivateKey {
    /// Makes a key pair; returns the private key and the public one (Npk = 32 or 1216 bytes).
    ///
    /// # Errors
    /// `gateway.internal` when the system has no random numbers.
    pub fn generate(kem: KemId) -> Result<(Self, Vec<u8>), Failure> {
        scrubbed(|| match kem {
            KemId::X25519 => Classical::generate().map(|key| {
                let public = key.public.to_vec();
                (Self(Inner::X25519(key)), public)
            }),
            KemId::MlKem768X25519 => Hybrid::generate().map(|(key, public)| (Self(Inner::MlKem768X25519(key)), public)),
        })
        .ok_or(Failure::with(Code::GATEWAY_INTERNAL, "a channel key"))
    }

    pub(super) const fn kem(&self) -> KemId {
        match self.0 {
            Inner::X25519(_) => KemId::X25519,
            Inner::MlKem768X25519(_) => KemId::MlKem768X25519,
        }
    }

    /// `Decap`; None for an encapsulated key that gives no shared secret (one of another length, a low-order point).
    pub(super) fn decapsulate(&self, encapsulated: &[u8]) -> Option<Block> {
        match &self.0 {
            Inner::X25519(key) => key.decapsulate(encapsulated),
            Inner::MlKem768X25519(key) => key.decapsulate(encapsulated),
        }
    }
}

/// A key pair of X25519.
struct Classical {
    private: agreement::PrivateKey,
    public: [u8; X25519],
}

impl Classical {
    fn generate() -> Option<Self> {
        agreement::PrivateKey::generate(&agreement::X25519).ok().and_then(Self::new)
    }

    fn new(private: agreement::PrivateKey) -> Option<Self> {
        let public = private.compute_public_key().ok()?.as_ref().try_into().ok()?;
        Some(Self { private, public })
    }

    /// The shared point; None where it is zero, as RFC 9180 §7.1.4 demands.
    fn agree(&self, peer: &[u8; X25519]) -> Option<Block> {
        let peer = UnparsedPublicKey::new(&agreement::X25519, peer);
        agree(&self.private, peer, (), |point| point.try_into().map(Zeroizing::new).map_err(|_| ())).ok()
    }

    /// `Decap` of RFC 9180 §4.1.
    fn decapsulate(&self, encapsulated: &[u8]) -> Option<Block> {
        let point = self.agree(encapsulated.try_into().ok()?)?;
        Some(dh_shared_secret(&point, encapsulated, &self.public))
    }
}

/// A key pair of MLKEM768-X25519.
struct Hybrid {
    post_quantum: DecapsulationKey<kem::AlgorithmId>,
    classical: Classical,
}

impl Hybrid {
    /// The key pair and its public key: that of ML-KEM-768, then that of X25519.
    fn generate() -> Option<(Self, Vec<u8>)> {
        let post_quantum = DecapsulationKey::generate(&ML_KEM_768).ok()?;
        let classical = Classical::generate()?;
        let encapsulation_key = post_quantum.encapsulation_key().ok()?.key_bytes().ok()?;
        let public = [encapsulation_key.as_ref(), &classical.public].concat();
        Some((Self { post_quantum, classical }, public))
    }

    /// `Decapsulate` of draft-connolly-cfrg-xwing-kem §5.5. A ciphertext of ML-KEM that nobody made gives a secret that nobody knows; a
    /// point of low order gives none, and AWS-LC takes a ciphertext of the one length alone.
    fn decapsulate(&self, encapsulated: &[u8]) -> Option<Block> {
        let (ciphertext, point) = encapsulated.split_last_chunk::<X25519>()?;
        let classical = self.classical.agree(point)?;
        let post_quantum = self.post_quantum.decapsulate(ciphertext.into()).ok()?;
        combine(post_quantum.as_ref(), &classical, point, &self.classical.public)
    }
}

#[cfg(test)]
mod tests;
