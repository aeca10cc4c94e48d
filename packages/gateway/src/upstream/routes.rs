//! The requests that are forwarded (PROTOCOL.md §11). Paths are compared byte by byte and never decoded, so that nothing else can
//! be reached by another spelling.

use std::fmt;

const KNOWN: [(&str, &str); 7] = [
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/completions"),
    ("POST", "/v1/embeddings"),
    ("POST", "/v1/responses"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/{id}"),
    ("POST", "/v1/files"),
];

const PLACEHOLDER: &str = "{id}";

/// A method and a path, the last segment of which may be a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    method: &'static str,
    path: &'static str,
}

impl Route {
    /// The route written as `METHOD /path`, if it is one that a gateway may forward.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (method, path) = text.split_once(' ')?;
        KNOWN.into_iter().find(|known| *known == (method, path)).map(|(method, path)| Self { method, path })
    }

    /// Whether a request of this method and path is on the route.
    #[must_use]
    pub fn admits(self, method: &str, path: &str) -> bool {
        let matches = match self.path.strip_suffix(PLACEHOLDER) {
            Some(prefix) => path.strip_prefix(prefix).is_some_and(is_segment),
            None => path == self.path,
        };
        method == self.method && matches
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Whether `text` is one path segment (RFC 3986 §3.3) that means itself: no percent-encoding, no dot segment.
fn is_segment(text: &str) -> bool {
    let plain = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'.'
                    | b'_'
                    | b'~'
                    | b'!'
                    | b'$'
                    | b'&'
                    | b'\''
                    | b'('
                    | b')'
                    | b'*'
                    | b'+'
                    | b','
                    | b';'
                    | b'='
                    | b':'
                    | b'@'
            )
    };
    !matches!(text, "" | "." | "..") && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(text: &str) -> Route {
        Route::parse(text).unwrap()
    }

    #[test]
    fn only_known_routes_can_be_configured() {
        for (method, path) in KNOWN {
            assert_eq!(route(&format!("{method} {path}")).to_string(), format!("{method} {path}"));
        }
        for text in ["GET /slots", "GET /metrics", "GET /v1/chat/completions", "POST  /v1/files", "/v1/models", ""] {
            assert_eq!(Route::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_path_matches_in_one_spelling_only() {
        let chat = route("POST /v1/chat/completions");
        assert!(chat.admits("POST", "/v1/chat/completions"));
        for path in [
            "/v1/chat/completions/",
            "//v1/chat/completions",
            "/v1//chat/completions",
            "/v1/./chat/completions",
            "/v1/x/../chat/completions",
            "/v1/chat%2fcompletions",
            "/v1/chat/completion%73",
            "/V1/chat/completions",
            "/v1/chat/completions?x=1",
            "/v1/chat/completions#x",
            "/v1/../slots",
            "http://other.example/v1/chat/completions",
            "",
        ] {
            assert!(!chat.admits("POST", path), "{path}");
        }
        assert!(!chat.admits("GET", "/v1/chat/completions"));
        assert!(!chat.admits("post", "/v1/chat/completions"));
    }

    #[test]
    fn a_placeholder_stands_for_one_plain_segment() {
        let model = route("GET /v1/models/{id}");
        for id in ["smollm2", "gpt-4.1_mini~x", "ft:gpt:acme"] {
            assert!(model.admits("GET", &format!("/v1/models/{id}")), "{id}");
        }
        for id in ["", ".", "..", "a/b", "a%2fb", "..%2f..%2fslots", "a?b", "a#b", "a b", "a\\b", "ä", "a\0"] {
            assert!(!model.admits("GET", &format!("/v1/models/{id}")), "{id}");
        }
    }
}
