//! The requests that are forwarded (PROTOCOL.md §11). Paths are compared byte by byte, so that nothing else can be reached by another
//! spelling; what stands for an id is forwarded as it was spelled, where it means one id in every reading.

use std::fmt;

/// What the content of a request is, for the cache of prompts (PROTOCOL.md §11.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// No prompt: nothing of it comes into a cache of prompts.
    Plain,
    /// A prompt in a JSON object; servers read both `cache_salt` and `cache_prompt` of it.
    Prompt,
    /// A prompt in a JSON object, of which no server is known to read `cache_prompt`.
    Salted,
    /// A prompt that no member keeps apart: in another format, in a file that was stored before, or for a server that is not known to read
    /// the member.
    Apart,
}

/// Where a request names its model (PROTOCOL.md §11.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelPlace {
    /// Nowhere.
    None,
    /// Nowhere; its answer lists the models.
    List,
    /// In the path.
    Path,
    /// In the member `model` of a JSON object.
    Json,
    /// Where this gateway does not look: in a form, or in a file that was stored before.
    Hidden,
}

/// Every route that a gateway may forward.
const KNOWN: [(&str, &str, Content); 28] = [
    ("POST", "/v1/chat/completions", Content::Prompt),
    ("POST", "/v1/completions", Content::Prompt),
    ("POST", "/v1/responses", Content::Prompt),
    ("POST", "/v1/embeddings", Content::Salted),
    ("POST", "/v1/moderations", Content::Salted),
    ("GET", "/v1/models", Content::Plain),
    ("GET", "/v1/models/{id}", Content::Plain),
    ("POST", "/v1/files", Content::Plain),
    ("GET", "/v1/files", Content::Plain),
    ("GET", "/v1/files/{id}", Content::Plain),
    ("GET", "/v1/files/{id}/content", Content::Plain),
    ("DELETE", "/v1/files/{id}", Content::Plain),
    ("POST", "/v1/batches", Content::Apart),
    ("GET", "/v1/batches", Content::Plain),
    ("GET", "/v1/batches/{id}", Content::Plain),
    ("POST", "/v1/batches/{id}/cancel", Content::Plain),
    ("POST", "/v1/audio/speech", Content::Apart),
    ("POST", "/v1/audio/transcriptions", Content::Apart),
    ("POST", "/v1/audio/translations", Content::Apart),
    ("POST", "/v1/images/generations", Content::Apart),
    ("POST", "/v1/images/edits", Content::Apart),
    ("POST", "/v1/images/variations", Content::Apart),
    ("POST", "/v1/rerank", Content::Apart),
    ("POST", "/rerank", Content::Apart),
    ("POST", "/v1/score", Content::Apart),
    ("POST", "/score", Content::Apart),
    // Of vLLM and llama.cpp: they compute nothing that a cache keeps.
    ("POST", "/tokenize", Content::Plain),
    ("POST", "/detokenize", Content::Plain),
];

const PLACEHOLDER: &str = "{id}";

const FILES: &str = "/v1/files";

/// Ids below this path alone may have a slash, as `meta-llama%2FLlama-3.1-8B`. Others have routes behind them, as `/v1/files/{id}/content`,
/// and servers that decode a path before they compare it would take `{id}%2Fcontent` for one.
const MODELS: &str = "/v1/models/";

/// A method and a path, one segment of which may be a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    method: &'static str,
    path: &'static str,
    content: Content,
}

/// What the content of such a request is; that of an unknown one is taken for a prompt.
#[must_use]
pub fn content_of(method: &str, path: &str) -> Content {
    KNOWN.into_iter().map(Route::of).find(|route| route.admits(method, path)).map_or(Content::Apart, Route::content)
}

/// Where such a request names its model; of an unknown one that cannot be seen.
#[must_use]
pub fn model_place(method: &str, path: &str) -> ModelPlace {
    let route = KNOWN.into_iter().map(Route::of).find(|route| route.admits(method, path));
    route.map_or(ModelPlace::Hidden, Route::model_place)
}

/// The decoded id behind `/v1/models/` in `path`.
#[must_use]
pub fn decoded_id(path: &str) -> Option<String> {
    path.split('?').next().and_then(|path| path.strip_prefix(MODELS)).and_then(id_of)
}

/// Whether the path is one of the Realtime API, whose WebSocket and WebRTC no message of HTTP can carry (PROTOCOL.md §15).
#[must_use]
pub fn is_realtime(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or(path);
    path.strip_prefix("/v1/realtime").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Route {
    const fn of((method, path, content): (&'static str, &'static str, Content)) -> Self {
        Self { method, path, content }
    }

    /// The route written as `METHOD /path`, if it is one that a gateway may forward.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (method, path) = text.split_once(' ')?;
        KNOWN.into_iter().map(Self::of).find(|known| (known.method, known.path) == (method, path))
    }

    /// What the content of its requests is.
    #[must_use]
    pub const fn content(self) -> Content {
        self.content
    }

    /// Where its requests name their model.
    #[must_use]
    pub fn model_place(self) -> ModelPlace {
        match (self.method, self.path) {
            ("GET", "/v1/models") => ModelPlace::List,
            ("GET", "/v1/models/{id}") => ModelPlace::Path,
            (
                "POST",
                "/v1/batches"
                | "/v1/audio/transcriptions"
                | "/v1/audio/translations"
                | "/v1/images/edits"
                | "/v1/images/variations",
            ) => ModelPlace::Hidden,
            // Files hold requests that a batch would run.
            _ if self.path.starts_with(FILES) || self.path.starts_with("/v1/batches") => ModelPlace::None,
            _ => ModelPlace::Json,
        }
    }

    /// Whether its requests show, use, change or delete what an account of the model server keeps. Name and size of a file, to those who
    /// know its id, are not meant.
    #[must_use]
    pub fn shows_account(self) -> bool {
        let in_files = self.path.starts_with(FILES) && self.method != "POST" && self.path != "/v1/files/{id}";
        in_files || self.method == "DELETE" || self.path.starts_with("/v1/batches")
    }

    /// Whether its requests need the server that an earlier one was run at: one of several would not know the file or the batch.
    #[must_use]
    pub fn needs_same_server(self) -> bool {
        self.path.starts_with(FILES) || self.path.starts_with("/v1/batches")
    }

    /// Whether a request of this method and path, with its query, is on the route.
    #[must_use]
    pub fn admits(self, method: &str, path: &str) -> bool {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let matches = match self.path.split_once(PLACEHOLDER) {
            Some((before, behind)) => path
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(behind))
                .and_then(id_of)
                .is_some_and(|id| before == MODELS || !id.contains('/')),
            None => path == self.path,
        };
        method == self.method && matches && query.is_none_or(is_query)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Names of the parameters that the routes have, with those of Azure and of lists. Others may carry a key, or mean something that nobody
/// thought of.
const PARAMETERS: [&str; 8] = ["api-version", "after", "before", "limit", "order", "purpose", "include", "include[]"];

/// Longest query, in bytes.
const LONGEST_QUERY: usize = 1024;

/// Whether `text` is a query of known parameters, each in the characters of RFC 3986 §3.4 but `;`: some servers read it as `&`, and what
/// stands behind it would be a parameter that is on no list.
fn is_query(text: &str) -> bool {
    text.len() <= LONGEST_QUERY
        && !text.contains(';')
        && text.split('&').all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.bytes().all(|byte| is_plain(byte) || matches!(byte, b'%' | b'/' | b'[' | b']'));
            value && PARAMETERS.iter().any(|known| *known == name.replace("%5B", "[").replace("%5D", "]"))
        })
}

/// The id that `text` stands for: one path segment (RFC 3986 §3.3) that names one thing, whoever decodes it and when. No part between its
/// slashes is a dot segment. Servers that know parameters of a path leave out what stands behind `;`. None where it names no one thing.
fn id_of(text: &str) -> Option<String> {
    let decoded = percent_decoded(text)?;
    let is_one =
        !decoded.chars().any(|character| character.is_control() || matches!(character, '%' | '\\' | '?' | '#' | ';'))
            && decoded.split('/').all(|part| !matches!(part.trim(), "" | "." | ".."));
    is_one.then_some(decoded)
}

/// The text that a segment stands for; None where it is no segment.
fn percent_decoded(segment: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first == b'%' {
            let (digits, behind) = rest.split_at_checked(2)?;
            let digits =
                std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()))?;
            decoded.push(u8::from_str_radix(digits, 16).ok()?);
            rest = behind;
        } else if is_plain(*first) {
            decoded.push(*first);
        } else {
            return None;
        }
    }
    String::from_utf8(decoded).ok()
}

/// `pchar` without percent-encoding (RFC 3986 §3.3).
const fn is_plain(byte: u8) -> bool {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(text: &str) -> Route {
        Route::parse(text).unwrap()
    }

    #[test]
    fn only_known_routes_can_be_configured() {
        for (method, path, _) in KNOWN {
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
            "/v1/chat/completions?api-version=1&key=2",
            "/v1/chat/completions?api-version=1 HTTP/1.1",
            "/v1/chat/completions?api-version=1#x",
            "/v1/chat/completions?",
            "/v1/chat/completions?limit=1;key=2",
            "/v1/chat/completions?limit=1&after=a;b",
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
    fn a_query_has_known_parameters_alone() {
        let chat = route("POST /v1/chat/completions");
        for query in
            ["api-version=2024-10-21", "limit=20&after=model%2F1&order=desc", "include[]=a&include%5B%5D=b", "limit"]
        {
            assert!(chat.admits("POST", &format!("/v1/chat/completions?{query}")), "{query}");
        }
        let long = format!("/v1/chat/completions?after={}", "x".repeat(LONGEST_QUERY));
        assert!(!chat.admits("POST", &long));
    }

    #[test]
    fn a_placeholder_stands_for_one_id() {
        let model = route("GET /v1/models/{id}");
        for id in [
            "smollm2",
            "gpt-4.1_mini~x",
            "ft:gpt:acme",
            "meta-llama%2FLlama-3.1-8B",
            "a%2fb",
            "qwen2.5%20coder",
            "%C3%A9",
            "a?limit=1",
        ] {
            assert!(model.admits("GET", &format!("/v1/models/{id}")), "{id}");
        }
        for id in [
            "",
            ".",
            "..",
            "a/b",
            "a%2f",
            "%2fa",
            "a%2f%2fb",
            "..%2f..%2fslots",
            "a%2f..%2f..%2fslots",
            "%2e%2e%2fslots",
            "a%2f%2E",
            "a?b",
            "a#b",
            "a b",
            "a\\b",
            "ä",
            "a\0",
            "a%",
            "a%2",
            "a%zz",
            "a%+1",
            "a%00",
            "a%0d%0ax",
            "a%5c..",
            "a%252f..",
            "a%3fb",
            "a%23b",
            "a;b",
            "a%3bb",
            "..;",
            "%ff",
            "a%2f%20%2fb",
        ] {
            assert!(!model.admits("GET", &format!("/v1/models/{id}")), "{id}");
        }
    }

    /// Behind the id of a file is a route of its own: the content.
    #[test]
    fn the_id_of_a_file_has_no_slash_in_any_spelling() {
        let file = route("GET /v1/files/{id}");
        for id in ["file-abc123", "a.b_c~d", "file%2Dabc", "%C3%A9", "a%20b", "file-1?limit=1"] {
            assert!(file.admits("GET", &format!("/v1/files/{id}")), "{id}");
        }
        for id in [
            "",
            "file-1/content",
            "file-1%2Fcontent",
            "file-1%2fcontent",
            "file-1%252Fcontent",
            "file-1;x",
            "..",
            "%2e",
        ] {
            assert!(!file.admits("GET", &format!("/v1/files/{id}")), "{id}");
        }
        assert!(!file.admits("DELETE", "/v1/files/file-1"));
        assert!(!file.admits("POST", "/v1/files/file-1"));
        assert!(!file.admits("GET", "/v1/files"));
    }

    #[test]
    fn a_placeholder_may_stand_before_the_end() {
        let content = route("GET /v1/files/{id}/content");
        assert!(content.admits("GET", "/v1/files/file-1/content"));
        assert!(content.admits("GET", "/v1/files/a%20b/content?api-version=1"));
        for path in [
            "/v1/files/content",
            "/v1/files//content",
            "/v1/files/file-1/content/",
            "/v1/files/file-1/content/content",
            "/v1/files/file-1/x/content",
            "/v1/files/file-1%2Fx/content",
            "/v1/files/../content",
            "/v1/files/%2e%2e/content",
            "/v1/files/file-1;x/content",
            "/v1/files/file-1/conten%74",
            "/v1/files/file-1",
        ] {
            assert!(!content.admits("GET", path), "{path}");
        }
        assert!(route("POST /v1/batches/{id}/cancel").admits("POST", "/v1/batches/batch_1/cancel"));
        assert!(!route("POST /v1/batches").admits("POST", "/v1/batches/batch_1/cancel"));
    }

    /// An id that could be read as another route would be one that is perhaps not configured.
    #[test]
    fn no_request_is_on_two_routes() {
        for (method, path, _) in KNOWN {
            let path = path.replace(PLACEHOLDER, "x-1");
            let admitting = KNOWN.into_iter().map(Route::of).filter(|route| route.admits(method, &path)).count();
            assert_eq!(admitting, 1, "{method} {path}");
        }
    }

    #[test]
    fn what_an_account_keeps_is_shown_by_these_routes_alone() {
        let shown: Vec<String> = KNOWN
            .into_iter()
            .map(Route::of)
            .filter(|route| route.shows_account())
            .map(|route| route.to_string())
            .collect();
        let expected = [
            "GET /v1/files",
            "GET /v1/files/{id}/content",
            "DELETE /v1/files/{id}",
            "POST /v1/batches",
            "GET /v1/batches",
            "GET /v1/batches/{id}",
            "POST /v1/batches/{id}/cancel",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn each_route_has_its_place_for_the_model() {
        let places = |place: ModelPlace| {
            let routes = KNOWN.into_iter().map(Route::of).filter(move |route| route.model_place() == place);
            routes.map(|route| route.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(places(ModelPlace::List), ["GET /v1/models"]);
        assert_eq!(places(ModelPlace::Path), ["GET /v1/models/{id}"]);
        assert_eq!(places(ModelPlace::Hidden).len(), 5, "forms and batches");
        assert_eq!(places(ModelPlace::None).len(), 8, "files, and what asks for batches");
        assert!(places(ModelPlace::Json).iter().all(|route| route.starts_with("POST ")));
        assert_eq!(model_place("POST", "/v1/chat/completions?api-version=1"), ModelPlace::Json);
        assert_eq!(model_place("POST", "/unknown"), ModelPlace::Hidden);
    }

    #[test]
    fn realtime_is_told_by_its_path() {
        for path in ["/v1/realtime", "/v1/realtime?model=x", "/v1/realtime/sessions", "/v1/realtime/calls?x"] {
            assert!(is_realtime(path), "{path}");
        }
        for path in ["/v1/realtimes", "/v1/chat/completions", "/V1/realtime", "/x?/v1/realtime", ""] {
            assert!(!is_realtime(path), "{path}");
        }
    }

    #[test]
    fn what_is_a_prompt_follows_from_the_route_and_an_unknown_one_is() {
        for (method, path, content) in [
            ("POST", "/v1/chat/completions?api-version=1", Content::Prompt),
            ("POST", "/v1/moderations", Content::Salted),
            ("POST", "/v1/audio/transcriptions", Content::Apart),
            ("POST", "/v1/batches", Content::Apart),
            ("POST", "/v1/files?purpose=assistants", Content::Plain),
            ("POST", "/tokenize", Content::Plain),
            ("GET", "/v1/files/file-1/content", Content::Plain),
            ("DELETE", "/v1/files/file-1", Content::Plain),
            ("POST", "/v1/other", Content::Apart),
        ] {
            assert_eq!(content_of(method, path), content, "{method} {path}");
        }
    }
}
