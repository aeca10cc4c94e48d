//! Requests and answers as they travel (PROTOCOL.md §24.5): one octet, then fields with their lengths. Anything else is no message.

use blindllama_verifier::Code;

use crate::failure::Failure;
use crate::tpm::{Activation, Template};

/// Bytes of a request.
pub(in crate::tpm) const MAX_REQUEST: usize = 1024;

/// Bytes of an answer: certificates of endorsement keys are the longest.
pub(in crate::tpm) const MAX_ANSWER: usize = 64 * 1024;

/// Bytes of the detail of a failure.
const MAX_DETAIL: usize = 1024;

/// More fields than any message has.
const MAX_FIELDS: usize = 16;

const DONE: u8 = 0;
const FAILED: u8 = 1;

/// What the gateway may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tpm) enum Request {
    Describe,
    Quote([u8; 32]),
    Read,
    Measure([u8; 32]),
    Endorsements,
    Activate(Activation),
}

impl Request {
    pub(in crate::tpm) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Describe => encode(1, &[]),
            Self::Quote(data) => encode(2, &[data]),
            Self::Read => encode(3, &[]),
            Self::Measure(key) => encode(4, &[key]),
            Self::Endorsements => encode(5, &[]),
            Self::Activate(Activation { template, credential, secret }) => {
                encode(6, &[template.as_str().as_bytes(), credential, secret])
            }
        }
    }

    /// None for anything that is no request.
    pub(in crate::tpm) fn decode(message: &[u8]) -> Option<Self> {
        let (number, fields) = decode(message, MAX_REQUEST)?;
        match (number, fields.as_slice()) {
            (1, []) => Some(Self::Describe),
            (2, [data]) => Some(Self::Quote((*data).try_into().ok()?)),
            (3, []) => Some(Self::Read),
            (4, [key]) => Some(Self::Measure((*key).try_into().ok()?)),
            (5, []) => Some(Self::Endorsements),
            (6, [template, credential, secret])
                if (1..=256).contains(&credential.len()) && (1..=512).contains(&secret.len()) =>
            {
                let template = Template::ALL.into_iter().find(|known| known.as_str().as_bytes() == *template)?;
                Some(Self::Activate(Activation { template, credential: credential.to_vec(), secret: secret.to_vec() }))
            }
            _ => None,
        }
    }
}

/// The answer to a request that succeeded, or failed. An answer that would be too long is a failure.
pub(in crate::tpm) fn answer(result: Result<Vec<Vec<u8>>, Failure>) -> Vec<u8> {
    let failure = match result {
        Ok(fields) => {
            let message = encode(DONE, &fields.iter().map(Vec::as_slice).collect::<Vec<_>>());
            if message.len() <= MAX_ANSWER && fields.len() <= MAX_FIELDS {
                return message;
            }
            Failure::with(Code::GATEWAY_INTERNAL, "an answer of the attester is longer than 64 KiB")
        }
        Err(failure) => failure,
    };
    let detail: String =
        failure.detail.chars().scan(0_usize, |length, char| within(length, char, MAX_DETAIL)).collect();
    encode(FAILED, &[failure.code.as_str().as_bytes(), detail.as_bytes()])
}

/// The next character of a text, while it has at most `most` bytes with it.
fn within(length: &mut usize, char: char, most: usize) -> Option<char> {
    *length = length.saturating_add(char.len_utf8());
    (*length <= most).then_some(char)
}

/// What an answer holds: its fields, or the attester's failure. None for anything that is no answer.
pub(in crate::tpm) fn outcome(message: &[u8]) -> Option<Result<Vec<Vec<u8>>, Failure>> {
    let (kind, fields) = decode(message, MAX_ANSWER)?;
    match (kind, fields.as_slice()) {
        (DONE, fields) => Some(Ok(fields.iter().map(|field| field.to_vec()).collect())),
        (FAILED, [code, detail]) if detail.len() <= MAX_DETAIL => {
            let detail = std::str::from_utf8(detail).ok()?.to_owned();
            Some(Err(Failure::with(code_of(code)?, detail)))
        }
        _ => None,
    }
}

/// A code that an attester may tell.
fn code_of(name: &[u8]) -> Option<Code> {
    let may = |code: &Code| {
        code.as_str().starts_with("tpm.") || matches!(*code, Code::ENROL_ACTIVATION | Code::GATEWAY_INTERNAL)
    };
    Code::ALL.iter().copied().find(|code| may(code) && code.as_str().as_bytes() == name)
}

fn encode(first: u8, fields: &[&[u8]]) -> Vec<u8> {
    let mut message = vec![first];
    for field in fields {
        message.extend(u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        message.extend(*field);
    }
    message
}

fn decode(message: &[u8], most: usize) -> Option<(u8, Vec<&[u8]>)> {
    let (first, mut rest) = message.split_first().filter(|_| message.len() <= most)?;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let (length, more) = rest.split_first_chunk()?;
        let (field, more) = more.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        if fields.len() == MAX_FIELDS {
            return None;
        }
        fields.push(field);
        rest = more;
    }
    Some((*first, fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activation() -> Request {
        let (credential, secret) = (vec![1; 256], vec![2; 512]);
        Request::Activate(Activation { template: Template::EccP384, credential, secret })
    }

    #[test]
    fn every_request_survives_its_way() {
        let all = [
            Request::Describe,
            Request::Quote([7; 32]),
            Request::Read,
            Request::Measure([8; 32]),
            Request::Endorsements,
            activation(),
        ];
        for request in all {
            let message = request.encode();
            assert!(message.len() <= MAX_REQUEST, "{request:?}");
            assert_eq!(Request::decode(&message), Some(request.clone()));
            // Neither shorter, nor with anything behind it.
            for length in 0..message.len() {
                assert_eq!(Request::decode(&message[..length]), None, "{request:?}, {length} bytes");
            }
            assert_eq!(Request::decode(&[&message[..], &[0]].concat()), None);
            assert_eq!(Request::decode(&[&message[..], &[0; 4]].concat()), None, "a field too many");
        }
    }

    #[test]
    fn requests_of_another_form_are_none() {
        let long = |length| vec![1; length];
        for (first, fields) in [
            (0, vec![]),
            (7, vec![]),
            (255, vec![]),
            (2, vec![long(31)]),
            (2, vec![long(33)]),
            (4, vec![long(64)]),
            (6, vec![b"rsa-1024".to_vec(), long(1), long(1)]),
            (6, vec![b"rsa-2048".to_vec(), long(0), long(1)]),
            (6, vec![b"rsa-2048".to_vec(), long(257), long(1)]),
            (6, vec![b"rsa-2048".to_vec(), long(1), long(513)]),
        ] {
            let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
            assert_eq!(Request::decode(&encode(first, &fields)), None, "{first} {fields:?}");
        }
        assert_eq!(Request::decode(&[2, 0xff, 0xff, 0xff, 0xff]), None, "a length without its bytes");
        assert_eq!(Request::decode(&vec![1; MAX_REQUEST + 1]), None);
    }

    #[test]
    fn an_answer_tells_its_fields_or_why_there_are_none() {
        let fields = vec![vec![], vec![1, 2, 3]];
        assert_eq!(outcome(&answer(Ok(fields.clone()))), Some(Ok(fields)));
        let failure = Failure::with(Code::TPM_PCRS, "PCR 15: ü".repeat(200));
        let Some(Err(told)) = outcome(&answer(Err(failure.clone()))) else { panic!("a failure") };
        assert_eq!(told.code, Code::TPM_PCRS);
        assert!(told.detail.len() <= MAX_DETAIL && failure.detail.starts_with(told.detail.as_ref()));
        let Some(Err(long)) = outcome(&answer(Ok(vec![vec![0; MAX_ANSWER]]))) else { panic!("a failure") };
        assert_eq!(long.code, Code::GATEWAY_INTERNAL);
    }

    #[test]
    fn answers_of_another_form_are_none() {
        for (first, fields) in [
            (2, vec![]),
            (FAILED, vec![&b"tpm.pcrs"[..]]),
            (FAILED, vec![&b"tpm.unknown"[..], b""]),
            // A code that says nothing of a TPM.
            (FAILED, vec![&b"ok"[..], b""]),
            (FAILED, vec![&b"channel.key_unknown"[..], b""]),
            (FAILED, vec![&b"tpm.pcrs"[..], b"\xff"]),
            (FAILED, vec![&b"tpm.pcrs"[..], &[b'a'; MAX_DETAIL + 1]]),
        ] {
            assert_eq!(outcome(&encode(first, &fields)), None, "{first} {fields:?}");
        }
        assert_eq!(outcome(&vec![0; MAX_ANSWER + 1]), None);
        assert_eq!(outcome(&encode(DONE, &[&[][..]; MAX_FIELDS + 1])), None);
    }
}
