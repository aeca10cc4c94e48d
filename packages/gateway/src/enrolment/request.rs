//! A request for enrolment: strict JSON and the signature over what it asks for (PROTOCOL.md §22.1).

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use blindllama_verifier::Code;
use blindllama_verifier::evidence::enrolment;
use serde::{Deserialize, Deserializer};

use crate::base64url::{decode, decode_32};
use crate::failure::Failure;
use crate::tpm::{Activation, Template};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: u64,
    challenge: String,
    key: String,
    signature: String,
    #[serde(default, deserialize_with = "present")]
    activate: Option<WireActivation>,
}

/// A member that is there has a value: no `null`.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<WireActivation>, D::Error> {
    WireActivation::deserialize(value).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireActivation {
    template: String,
    credential: String,
    secret: String,
}

pub(super) struct Request {
    pub(super) challenge: [u8; 32],
    key: [u8; 32],
    signature: Vec<u8>,
    /// None: what the TPM is.
    pub(super) activation: Option<Activation>,
}

impl Request {
    /// # Errors
    /// `enrol.request`.
    pub(super) fn read(body: &[u8]) -> Result<Self, Failure> {
        let wire: Wire = serde_json::from_slice(body).map_err(|_| Failure::new(Code::ENROL_REQUEST))?;
        Self::of(&wire).ok_or(Failure::new(Code::ENROL_REQUEST))
    }

    fn of(wire: &Wire) -> Option<Self> {
        let activation = match &wire.activate {
            None => None,
            Some(activate) => Some(Activation {
                template: Template::ALL.into_iter().find(|template| template.as_str() == activate.template)?,
                credential: decode(activate.credential.as_bytes()).filter(|bytes| matches!(bytes.len(), 1..=256))?,
                secret: decode(activate.secret.as_bytes()).filter(|bytes| matches!(bytes.len(), 1..=512))?,
            }),
        };
        let signature = decode(wire.signature.as_bytes()).filter(|signature| signature.len() == 64)?;
        let (challenge, key) = (decode_32(wire.challenge.as_bytes())?, decode_32(wire.key.as_bytes())?);
        (wire.version == 1).then_some(Self { challenge, key, signature, activation })
    }

    pub(super) fn is_signed_by_one_of(&self, keys: &[[u8; 32]]) -> bool {
        keys.contains(&self.key)
            && UnparsedPublicKey::new(&ED25519, self.key).verify(&self.message(), &self.signature).is_ok()
    }

    fn message(&self) -> Vec<u8> {
        let asked = self.activation.as_ref().map_or([&[][..]; 3], |activation| {
            [activation.template.as_str().as_bytes(), &activation.credential, &activation.secret]
        });
        enrolment::message(&self.challenge, asked)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use serde_json::{Value, json};

    use super::*;
    use crate::base64url::encode;

    const CONTEXT: &[u8] = b"blindllama/enrol/v1";

    fn signer() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
    }

    fn key() -> [u8; 32] {
        signer().public_key().as_ref().try_into().unwrap()
    }

    /// What the signature covers, written out.
    fn message(parts: [&[u8]; 5]) -> Vec<u8> {
        parts.iter().flat_map(|part| [&(part.len() as u32).to_be_bytes(), *part].concat()).collect()
    }

    fn describe() -> Value {
        let signature = signer().sign(&message([CONTEXT, &[1; 32], b"", b"", b""]));
        json!({ "version": 1, "challenge": encode(&[1; 32]), "key": encode(&key()), "signature": encode(signature.as_ref()) })
    }

    fn activate() -> Value {
        let signature = signer().sign(&message([CONTEXT, &[1; 32], b"rsa-2048", &[2; 4], &[3; 5]]));
        let mut request = describe();
        request["signature"] = encode(signature.as_ref()).into();
        request["activate"] =
            json!({ "template": "rsa-2048", "credential": encode(&[2; 4]), "secret": encode(&[3; 5]) });
        request
    }

    fn read(request: &Value) -> Result<Request, Failure> {
        Request::read(request.to_string().as_bytes())
    }

    #[test]
    fn a_signed_request_is_accepted_for_its_own_key_alone() {
        for request in [describe(), activate()] {
            let request = read(&request).unwrap();
            assert!(request.is_signed_by_one_of(&[[9; 32], key()]));
            assert!(!request.is_signed_by_one_of(&[[9; 32]]));
        }
    }

    #[test]
    fn the_signature_covers_everything_that_is_asked() {
        let other = Value::from(encode(&[4; 4]));
        for (pointer, value) in [
            ("/challenge", Value::from(encode(&[5; 32]))),
            ("/activate/template", "ecc-p256".into()),
            ("/activate/credential", other.clone()),
            ("/activate/secret", other),
        ] {
            let mut request = activate();
            *request.pointer_mut(pointer).unwrap() = value;
            assert!(!read(&request).unwrap().is_signed_by_one_of(&[key()]), "{pointer}");
        }
        let mut without = activate();
        without.as_object_mut().unwrap().remove("activate");
        assert!(!read(&without).unwrap().is_signed_by_one_of(&[key()]));
    }

    #[test]
    fn another_form_is_refused() {
        let long = |length| Value::from(encode(&vec![1; length]));
        for (pointer, value) in [
            ("/version", json!(2)),
            ("/challenge", json!("AA")),
            ("/key", json!("")),
            ("/signature", long(63)),
            ("/activate/template", json!("rsa-1024")),
            ("/activate/credential", json!("")),
            ("/activate/credential", long(257)),
            ("/activate/secret", long(513)),
            ("/activate/secret", json!("A=")),
            ("/activate", Value::Null),
        ] {
            let mut request = activate();
            *request.pointer_mut(pointer).unwrap() = value.clone();
            assert_eq!(read(&request).err(), Some(Failure::new(Code::ENROL_REQUEST)), "{pointer} {value}");
        }
        let mut more = describe();
        more["more"] = 1.into();
        let twice = describe().to_string().replacen('{', r#"{"version":1,"#, 1);
        for text in [more.to_string(), twice, "[]".into(), String::new()] {
            assert!(Request::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
