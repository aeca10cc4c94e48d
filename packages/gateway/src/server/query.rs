//! The query of an evidence request (PROTOCOL.md §2): strict, so that nothing can be hidden in it.

use blindllama_verifier::Code;

use crate::base64url::decode_32;
use crate::failure::Failure;

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EvidenceQuery {
    pub(super) nonce: [u8; 32],
    pub(super) versions: Vec<u64>,
    pub(super) have: Option<[u8; 32]>,
}

impl EvidenceQuery {
    /// Reads `nonce=N&v=V[&have=S]` in any order.
    ///
    /// # Errors
    /// `request.query` for a parameter that is unknown, repeated, missing or malformed.
    pub(super) fn parse(query: &str) -> Result<Self, Failure> {
        Self::read(query).ok_or(Failure::new(Code::REQUEST_QUERY))
    }

    fn read(query: &str) -> Option<Self> {
        let (mut nonce, mut versions, mut have) = (None, None, None);
        for parameter in query.split('&') {
            let (name, value) = parameter.split_once('=')?;
            let repeated = match name {
                "nonce" => nonce.replace(decode_32(value.as_bytes())?).is_some(),
                "v" => versions.replace(version_list(value)?).is_some(),
                "have" => have.replace(decode_32(value.as_bytes())?).is_some(),
                _ => return None,
            };
            if repeated {
                return None;
            }
        }
        Some(Self { nonce: nonce?, versions: versions?, have })
    }
}

/// 1 to 8 decimal numbers without leading zeros, separated by commas.
fn version_list(text: &str) -> Option<Vec<u64>> {
    let versions: Option<Vec<u64>> =
        text.split(',').map(|item| item.parse().ok().filter(|version: &u64| version.to_string() == item)).collect();
    versions.filter(|versions| versions.len() <= 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn counting() -> [u8; 32] {
        std::array::from_fn(|i| i as u8)
    }

    #[test]
    fn a_whole_query_is_read_in_any_order() {
        let expected = EvidenceQuery { nonce: counting(), versions: vec![1], have: None };
        assert_eq!(EvidenceQuery::parse(&format!("nonce={NONCE}&v=1")), Ok(expected));
        let ones = "_".repeat(42) + "8";
        let expected = EvidenceQuery { nonce: counting(), versions: vec![2, 1], have: Some([0xff; 32]) };
        assert_eq!(EvidenceQuery::parse(&format!("have={ones}&v=2,1&nonce={NONCE}")), Ok(expected));
    }

    #[test]
    fn anything_else_is_refused() {
        for query in [
            String::new(),
            format!("nonce={NONCE}"),
            "v=1".into(),
            format!("nonce={NONCE}&v=1&"),
            format!("nonce={NONCE}&v=1&x=1"),
            format!("nonce={NONCE}&nonce={NONCE}&v=1"),
            format!("nonce={NONCE}&v=1&v=1"),
            format!("nonce={NONCE}&v="),
            format!("nonce={NONCE}&v=01"),
            format!("nonce={NONCE}&v=+1"),
            format!("nonce={NONCE}&v=1, 2"),
            format!("nonce={NONCE}&v=1,"),
            format!("nonce={NONCE}&v=1,2,3,4,5,6,7,8,9"),
            format!("nonce={NONCE}=&v=1"),
            format!("nonce={}&v=1", &NONCE[..42]),
            format!("nonce={NONCE}A&v=1"),
            format!("nonce={}+&v=1", &NONCE[..42]),
            format!("nonce={NONCE}&v=1&have="),
            format!("Nonce={NONCE}&v=1"),
            format!("%6eonce={NONCE}&v=1"),
        ] {
            assert_eq!(EvidenceQuery::parse(&query), Err(Failure::new(Code::REQUEST_QUERY)), "{query}");
        }
    }
}
