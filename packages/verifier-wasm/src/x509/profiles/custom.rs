//! A fleet's own attestation CA, which certifies a key after TPM2_ActivateCredential.

use super::is_for_attestation;
use crate::{Code, x509::Path};

pub(super) fn check(path: &Path<'_>) -> Result<(), Code> {
    is_for_attestation(path)
}
