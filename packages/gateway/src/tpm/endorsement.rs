//! Endorsement keys (TCG EK Credential Profile for TPM Family 2.0): their certificates, and the activation of credentials that are
//! encrypted to one of them (TPM 2.0 Part 1 §24).

use blindllama_verifier::Code;
use tss_esapi::abstraction::AsymmetricAlgorithmSelection;
use tss_esapi::abstraction::ek::{create_ek_public_from_default_template_2, retrieve_ek_pubcert};
use tss_esapi::attributes::SessionAttributesBuilder;
use tss_esapi::constants::SessionType;
use tss_esapi::constants::response_code::Tss2ResponseCodeKind;
use tss_esapi::handles::{AuthHandle, KeyHandle, NvIndexTpmHandle, ObjectHandle, SessionHandle, TpmHandle};
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::ecc::EccCurve;
use tss_esapi::interface_types::key_bits::RsaKeyBits;
use tss_esapi::interface_types::resource_handles::Hierarchy;
use tss_esapi::interface_types::session_handles::{AuthSession, PolicySession};
use tss_esapi::structures::{Digest, EncryptedSecret, IdObject, Nonce, Public, SymmetricDefinition};
use tss_esapi::{Context, Error, Result, WrapperErrorKind};

use super::nv;
use super::retry::retry;
use crate::failure::Failure;

/// A standard endorsement key (PROTOCOL.md §22.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// L-1
    Rsa2048,
    /// L-2
    EccP256,
    /// H-3
    EccP384,
}

impl Template {
    /// In the order in which they are told.
    pub const ALL: [Self; 3] = [Self::Rsa2048, Self::EccP256, Self::EccP384];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa-2048",
            Self::EccP256 => "ecc-p256",
            Self::EccP384 => "ecc-p384",
        }
    }

    const fn algorithm(self) -> AsymmetricAlgorithmSelection {
        match self {
            Self::Rsa2048 => AsymmetricAlgorithmSelection::Rsa(RsaKeyBits::Rsa2048),
            Self::EccP256 => AsymmetricAlgorithmSelection::Ecc(EccCurve::NistP256),
            Self::EccP384 => AsymmetricAlgorithmSelection::Ecc(EccCurve::NistP384),
        }
    }

    /// Where its certificate is.
    const fn nv_index(self) -> u32 {
        match self {
            Self::Rsa2048 => 0x01c0_0002,
            Self::EccP256 => 0x01c0_000a,
            Self::EccP384 => 0x01c0_0016,
        }
    }

    /// Whether the policy of the key is asked for; the others have an empty auth value.
    const fn needs_policy(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::EccP256)
    }
}

/// A credential, and the endorsement key that it is encrypted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The endorsement key.
    pub template: Template,
    /// TPMS_ID_OBJECT (Part 2 §12.4.2).
    pub credential: Vec<u8>,
    /// Content of TPM2B_ENCRYPTED_SECRET (Part 2 §11.4.33).
    pub secret: Vec<u8>,
}

/// The certificates of this TPM's endorsement keys, as they stand in NVRAM.
pub(super) fn certificates(context: &mut Context) -> Result<Vec<(Template, Vec<u8>)>> {
    let mut found = Vec::new();
    for template in Template::ALL {
        let index = NvIndexTpmHandle::new(template.nv_index())?;
        if nv::is_defined(context, TpmHandle::NvIndex(index))? {
            found.push((template, retry(|| retrieve_ek_pubcert(context, template.algorithm()))?));
        }
    }
    Ok(found)
}

/// TPM2_ActivateCredential (Part 3 §12.5) with the attestation key and the endorsement key of the template, which is made for it and
/// flushed.
///
/// # Errors
/// `enrol.activation` for a credential of another key, `tpm.key` for everything else.
pub(super) fn activate(
    context: &mut Context,
    attestation_key: KeyHandle,
    activation: Activation,
) -> std::result::Result<Vec<u8>, Failure> {
    let Activation { template, credential, secret } = activation;
    let failed = |error: Error| {
        let code = if is_about_the_credential(error) { Code::ENROL_ACTIVATION } else { Code::TPM_KEY };
        Failure::with(code, error.to_string())
    };
    let credential = IdObject::try_from(credential).map_err(|_| Failure::new(Code::ENROL_ACTIVATION))?;
    let secret = EncryptedSecret::try_from(secret).map_err(|_| Failure::new(Code::ENROL_ACTIVATION))?;
    let endorsement_key = make(context, template).map_err(|error| Failure::with(Code::TPM_KEY, error.to_string()))?;
    let activated = authorized(context, template, |context, session| {
        retry(|| {
            context.execute_with_sessions((Some(AuthSession::Password), Some(session), None), |context| {
                context.activate_credential(attestation_key, endorsement_key, credential.clone(), secret.clone())
            })
        })
    });
    let flushed = retry(|| context.flush_context(endorsement_key.into()));
    let value = activated.map_err(failed)?;
    flushed.map_err(|error| Failure::with(Code::TPM_KEY, error.to_string()))?;
    Ok(value.value().to_vec())
}

/// What endorsement keys are made from.
pub(super) fn templates() -> Result<Vec<Public>> {
    Template::ALL
        .into_iter()
        .map(|template| create_ek_public_from_default_template_2(template.algorithm(), None))
        .collect()
}

fn make(context: &mut Context, template: Template) -> Result<KeyHandle> {
    let public = create_ek_public_from_default_template_2(template.algorithm(), None)?;
    let created = retry(|| {
        context.execute_with_session(Some(AuthSession::Password), |context| {
            context.create_primary(Hierarchy::Endorsement, public.clone(), None, None, None, None)
        })
    })?;
    Ok(created.key_handle)
}

/// Runs `command` with a session that authorizes the endorsement key, and ends the session.
fn authorized<T>(
    context: &mut Context,
    template: Template,
    command: impl FnOnce(&mut Context, AuthSession) -> Result<T>,
) -> Result<T> {
    if !template.needs_policy() {
        return command(context, AuthSession::Password);
    }
    let kind = (SessionType::Policy, SymmetricDefinition::Null, HashingAlgorithm::Sha256);
    let session = retry(|| {
        context.execute_without_session(|context| context.start_auth_session(None, None, None, kind.0, kind.1, kind.2))
    })?
    .ok_or(Error::WrapperError(WrapperErrorKind::WrongValueFromTpm))?;
    let outcome = endorsed(context, session).and_then(|()| command(context, session));
    let flushed = retry(|| context.flush_context(ObjectHandle::from(SessionHandle::from(session))));
    outcome.and_then(|value| flushed.map(|()| value))
}

/// TPM2_PolicySecret of the endorsement hierarchy, whose auth value is empty (profile, §B.6.2: policy A).
fn endorsed(context: &mut Context, session: AuthSession) -> Result<()> {
    // Else the TPM ends the session with its first use, behind the back of tss-esapi.
    let (attributes, mask) = SessionAttributesBuilder::new().with_continue_session(true).build();
    context.tr_sess_set_attributes(session, attributes, mask)?;
    let session = PolicySession::try_from(session)?;
    retry(|| {
        context.execute_with_session(Some(AuthSession::Password), |context| {
            context.policy_secret(
                session,
                AuthHandle::Endorsement,
                Nonce::default(),
                Digest::default(),
                Nonce::default(),
                None,
            )
        })
    })
    .map(drop)
}

/// Whether the TPM refused the credential itself: another Name or another endorsement key (Part 3 §12.5.1). libtpms says TPM_RC_FAILURE
/// where OAEP does not decode; a TPM in failure mode would not have made the endorsement key a moment before.
fn is_about_the_credential(error: Error) -> bool {
    let Error::Tss2Error(code) = error else { return false };
    matches!(
        code.kind(),
        Some(
            Tss2ResponseCodeKind::Integrity
                | Tss2ResponseCodeKind::Value
                | Tss2ResponseCodeKind::Size
                | Tss2ResponseCodeKind::EccPoint
                | Tss2ResponseCodeKind::Insufficient
                | Tss2ResponseCodeKind::Failure
        )
    )
}
