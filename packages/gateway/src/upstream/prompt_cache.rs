//! What keeps one visitor's prompt from making another's answer faster (PROTOCOL.md §11.1).

use blindllama_verifier::evidence::claims::PromptCache;

use super::json_member::JsonMember;
use crate::base64url;
use crate::failure::Failure;
use crate::random;

/// What the operator says of the model server, and what the gateway adds to each prompt for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheBarrier {
    /// Nothing is added, and nothing is claimed.
    Shared,
    /// `"cache_salt"`, fresh with each request: vLLM and SGLang use again only what has the same salt.
    Salted,
    /// `"cache_prompt": false`: llama.cpp uses nothing again that an earlier request left in the slot.
    Off,
    /// Nothing is added: the server keeps nothing.
    None,
}

impl CacheBarrier {
    /// Every kind, in the order of its number in the configuration digest (PROTOCOL.md §12).
    pub const ALL: [Self; 4] = [Self::Shared, Self::Salted, Self::Off, Self::None];

    /// The name in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Salted => "salted",
            Self::Off => "off",
            Self::None => "none",
        }
    }

    /// What the claims say (PROTOCOL.md §4).
    #[must_use]
    pub const fn claim(self) -> PromptCache {
        match self {
            Self::Shared => PromptCache::Shared,
            Self::Salted => PromptCache::Salted,
            Self::Off | Self::None => PromptCache::None,
        }
    }

    /// The member that the JSON object of one prompt gets; None for none.
    ///
    /// # Errors
    /// `gateway.internal` when the system has no random numbers.
    pub fn member(self) -> Result<Option<JsonMember>, Failure> {
        Ok(match self {
            Self::Salted => {
                let salt = base64url::encode(&random::bytes::<32>()?);
                Some(JsonMember::new("cache_salt", format!("\"{salt}\"")))
            }
            Self::Off => Some(JsonMember::new("cache_prompt", "false".into())),
            Self::Shared | Self::None => None,
        })
    }
}
