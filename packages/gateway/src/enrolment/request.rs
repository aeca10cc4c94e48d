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
    #[serde(default, deserialize_with = "present")]
    chain: Option<Vec<String>>,
}

/// A member that is there has a value: no `null`.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireActivation {
    template: String,
    credential: String,
    secret: String,
}

/// What a request asks for.
pub(super) enum Action {
    /// What the TPM is.
    Describe,
    /// To decrypt a credential.
    Activate(Activation),
    /// To show certificates of the attestation key, DER, leaf to root.
    Install(Vec<Vec<u8>>),
}

pub(super) struct Request {
    pub(super) challenge: [u8; 32],
    key: [u8; 32],
    signature: Vec<u8>,
    pub(super) action: Action,
}

impl Request {
    /// # Errors
    /// `enrol.request`.
    pub(super) fn read(body: &[u8]) -> Result<Self, Failure> {
        let wire: Wire = serde_json::from_slice(body).map_err(|_| Failure::new(Code::ENROL_REQUEST))?;
        Self::of(&wire).ok_or(Failure::new(Code::ENROL_REQUEST))
    }

    fn of(wire: &Wire) -> Option<Self> {
        let action = match (&wire.activate, &wire.chain) {
            (None, None) => Action::Describe,
            (Some(activate), None) => Action::Activate(Activation {
                template: Template::ALL.into_iter().find(|template| template.as_str() == activate.template)?,
                credential: decode(activate.credential.as_bytes()).filter(|bytes| matches!(bytes.len(), 1..=256))?,
                secret: decode(activate.secret.as_bytes()).filter(|bytes| matches!(bytes.len(), 1..=512))?,
            }),
            // As in a configured chain (PROTOCOL.md §17.2).
            (None, Some(chain)) if matches!(chain.len(), 2..=8) => {
                Action::Install(chain.iter().map(|text| decode(text.as_bytes())).collect::<Option<_>>()?)
            }
            _ => return None,
        };
        let signature = decode(wire.signature.as_bytes()).filter(|signature| signature.len() == 64)?;
        let (challenge, key) = (decode_32(wire.challenge.as_bytes())?, decode_32(wire.key.as_bytes())?);
        (wire.version == 1).then_some(Self { challenge, key, signature, action })
    }

    pub(super) fn is_signed_by_one_of(&self, keys: &[[u8; 32]]) -> bool {
        keys.contains(&self.key)
            && UnparsedPublicKey::new(&ED25519, self.key).verify(&self.message(), &self.signature).is_ok()
    }

    fn message(&self) -> Vec<u8> {
        match &self.action {
            Action::Describe => enrolment::message(&self.challenge, [&[]; 3]),
            Action::Activate(Activation { template, credential, secret }) => {
                enrolment::message(&self.challenge, [template.as_str().as_bytes(), credential, secret])
            }
            Action::Install(chain) => enrolment::chain_message(&self.challenge, chain.iter().map(Vec::as_slice)),
        }
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

    fn install() -> Value {
        let signed = message([b"blindllama/enrol-chain/v1", &[1; 32], &[2; 4], &[3; 5], &[4; 6]]);
        let mut request = describe();
        request["signature"] = encode(signer().sign(&signed).as_ref()).into();
        request["chain"] = json!([encode(&[2; 4]), encode(&[3; 5]), encode(&[4; 6])]);
        request
    }

    fn read(request: &Value) -> Result<Request, Failure> {
        Request::read(request.to_string().as_bytes())
    }

    #[test]
    fn a_signed_request_is_accepted_for_its_own_key_alone() {
        for request in [describe(), activate(), install()] {
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
        for place in 0..3 {
            let mut request = install();
            request["chain"][place] = encode(&[9; 4]).into();
            assert!(!read(&request).unwrap().is_signed_by_one_of(&[key()]), "certificate {place}");
        }
        let mut shorter = install();
        shorter["chain"].as_array_mut().unwrap().pop();
        assert!(!read(&shorter).unwrap().is_signed_by_one_of(&[key()]));
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
        for chain in [json!([]), json!([encode(&[2])]), json!(vec![encode(&[2]); 9]), json!(["A=", "AA"]), Value::Null]
        {
            let mut request = install();
            request["chain"] = chain.clone();
            assert_eq!(read(&request).err(), Some(Failure::new(Code::ENROL_REQUEST)), "{chain}");
        }
        let mut both = activate();
        both["chain"] = install()["chain"].clone();
        assert_eq!(read(&both).err(), Some(Failure::new(Code::ENROL_REQUEST)), "one thing at a time");
        let mut more = describe();
        more["more"] = 1.into();
        let twice = describe().to_string().replacen('{', r#"{"version":1,"#, 1);
        for text in [more.to_string(), twice, "[]".into(), String::new()] {
            assert!(Request::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
