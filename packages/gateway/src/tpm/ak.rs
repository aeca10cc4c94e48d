//! The attestation key: a restricted signing primary of the endorsement hierarchy (TPM 2.0 Part 3 §24.1), the same at every
//! start because a primary follows from the hierarchy's seed and the template; or a key that the TPM holds already.

use tss_esapi::Context;
use tss_esapi::attributes::ObjectAttributes;
use tss_esapi::handles::{KeyHandle, PersistentTpmHandle, TpmHandle};
use tss_esapi::interface_types::algorithm::{HashingAlgorithm, PublicAlgorithm};
use tss_esapi::interface_types::ecc::EccCurve;
use tss_esapi::interface_types::key_bits::RsaKeyBits;
use tss_esapi::interface_types::resource_handles::Hierarchy;
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::structures::{
    EccPoint, EccScheme, HashScheme, KeyDerivationFunctionScheme, Public, PublicBuilder, PublicEccParametersBuilder,
    PublicKeyRsa, PublicRsaParametersBuilder, RsaExponent, RsaScheme, SymmetricDefinitionObject,
};

use super::retry::retry;
use super::{KeyKind, KeySource, endorsement, leftover};

/// The key, ready to sign.
pub(super) fn load(context: &mut Context, source: KeySource) -> tss_esapi::Result<KeyHandle> {
    match source {
        KeySource::Primary(kind) => create(context, kind),
        KeySource::Persistent(handle) => find(context, handle),
    }
}

fn create(context: &mut Context, kind: KeyKind) -> tss_esapi::Result<KeyHandle> {
    let template = template(kind)?;
    let mut ours = endorsement::templates()?;
    ours.push(template.clone());
    // A TPM that does not tell what is loaded may still make the key.
    let _ = leftover::flush(context, &ours);
    let created = retry(|| {
        // An empty password, not an HMAC session: a quote under the latter takes thirteen times as long.
        context.execute_with_session(Some(AuthSession::Password), |context| {
            context.create_primary(Hierarchy::Endorsement, template.clone(), None, None, None, None)
        })
    })?;
    Ok(created.key_handle)
}

/// Its auth value is the empty one that a new object of ESYS has.
fn find(context: &mut Context, handle: u32) -> tss_esapi::Result<KeyHandle> {
    let handle = TpmHandle::Persistent(PersistentTpmHandle::new(handle)?);
    let object = retry(|| context.execute_without_session(|context| context.tr_from_tpm_public(handle)))?;
    Ok(object.into())
}

/// The template of the key: `objectAttributes` 0x00050472, one fixed scheme (PROTOCOL.md §6).
fn template(kind: KeyKind) -> tss_esapi::Result<Public> {
    let attributes = ObjectAttributes::builder()
        .with_fixed_tpm(true)
        .with_fixed_parent(true)
        .with_sensitive_data_origin(true)
        .with_user_with_auth(true)
        .with_no_da(true)
        .with_restricted(true)
        .with_sign_encrypt(true)
        .build()?;
    let template =
        Public::builder().with_name_hashing_algorithm(HashingAlgorithm::Sha256).with_object_attributes(attributes);
    match kind {
        KeyKind::EccP256 => ecc(template, EccCurve::NistP256, HashingAlgorithm::Sha256),
        KeyKind::EccP384 => ecc(template, EccCurve::NistP384, HashingAlgorithm::Sha384),
        KeyKind::Rsa2048 => rsa(template, RsaScheme::RsaSsa(HashScheme::new(HashingAlgorithm::Sha256))),
        KeyKind::Rsapss2048 => rsa(template, RsaScheme::RsaPss(HashScheme::new(HashingAlgorithm::Sha256))),
    }
}

fn ecc(template: PublicBuilder, curve: EccCurve, hash: HashingAlgorithm) -> tss_esapi::Result<Public> {
    template
        .with_public_algorithm(PublicAlgorithm::Ecc)
        .with_ecc_parameters(
            PublicEccParametersBuilder::new()
                .with_symmetric(SymmetricDefinitionObject::Null)
                .with_ecc_scheme(EccScheme::EcDsa(HashScheme::new(hash)))
                .with_curve(curve)
                .with_key_derivation_function_scheme(KeyDerivationFunctionScheme::Null)
                .with_is_signing_key(true)
                .with_restricted(true)
                .build()?,
        )
        .with_ecc_unique_identifier(EccPoint::default())
        .build()
}

fn rsa(template: PublicBuilder, scheme: RsaScheme) -> tss_esapi::Result<Public> {
    template
        .with_public_algorithm(PublicAlgorithm::Rsa)
        .with_rsa_parameters(
            PublicRsaParametersBuilder::new()
                .with_symmetric(SymmetricDefinitionObject::Null)
                .with_scheme(scheme)
                .with_key_bits(RsaKeyBits::Rsa2048)
                // 0 on the wire stands for 65537 (Part 2 §12.2.3.5).
                .with_exponent(RsaExponent::ZERO_EXPONENT)
                .with_is_signing_key(true)
                .with_restricted(true)
                .build()?,
        )
        .with_rsa_unique_identifier(PublicKeyRsa::default())
        .build()
}
