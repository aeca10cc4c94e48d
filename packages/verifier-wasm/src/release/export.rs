//! Whether a verifier reads a document, for whoever makes or signs it. The export for `blindllama release`.

use super::{
    Manifest, Status,
    document::{Authentic, KEY_SET, MANIFEST, STATUS},
    key_set::KeySet,
};
use crate::{json::documents::Documents, rejection::Rejection};

/// The documents of PROTOCOL.md §19.1.
#[derive(Clone, Copy)]
enum Made {
    Manifest,
    KeySet,
    Status,
}

/// Reads a document as every verifier does that has verified its signatures.
///
/// # Errors
/// `release.syntax` or `release.invalid`, and the member at fault.
fn check(kind: Made, payload: &[u8]) -> Result<(), Rejection> {
    let documents = Documents::default();
    match kind {
        Made::Manifest => Manifest::decode(&Authentic::of_author(&MANIFEST, payload), &documents).map(|_| ()),
        Made::KeySet => KeySet::decode(&Authentic::of_author(&KEY_SET, payload), &documents).map(|_| ()),
        Made::Status => Status::decode(&Authentic::of_author(&STATUS, payload), &documents).map(|_| ()),
    }
}

#[cfg(feature = "inspect")]
mod wasm {
    #![expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]

    use alloc::string::String;

    use wasm_bindgen::{prelude::wasm_bindgen, throw_str};

    use super::{Made, check};
    use crate::{
        Code,
        json::writer::{ITEM, Writer},
    };

    /// Whether a verifier reads the text `payload` as a document of this kind, `release`, `key-set` or `status`, whoever signs it, as JSON:
    /// `{"code", "place"}`, with `ok` and an empty place where it does.
    #[wasm_bindgen(js_name = checkDocument)]
    #[must_use]
    pub fn check_document(kind: &str, payload: &[u8]) -> String {
        let kind = match kind {
            "release" => Made::Manifest,
            "key-set" => Made::KeySet,
            "status" => Made::Status,
            _ => throw_str("kind: release, key-set or status"),
        };
        let fault = check(kind, payload).err();
        Writer::value(|json| {
            json.object(ITEM, |json| {
                json.text("code", fault.as_ref().map_or(Code::OK, |fault| fault.code).as_str());
                json.text("place", fault.as_ref().map_or("", |fault| fault.place.as_str()));
            });
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use super::*;

    fn said(kind: Made, text: &str) -> (String, String) {
        check(kind, text.as_bytes()).map_or_else(
            |fault| (fault.code.as_str().to_string(), fault.place.as_str().to_string()),
            |()| (String::from("ok"), String::new()),
        )
    }

    #[test]
    fn documents_are_read_without_a_signature_and_faults_have_their_place() {
        let digest = "11".repeat(32);
        let part = [r#"{"name":"q35","pcrs":{"0":""#, &digest, r#""}}"#].concat();
        let manifest = |platforms: &str| {
            [
                r#"{"name":"chat","version":2,"minVersion":1,"notBefore":1,"notAfter":2,"sourceCommit":""#,
                &digest,
                r#"","imageDigest":""#,
                &digest,
                r#"","machine":"q35","bank":"sha256","platforms":["#,
                platforms,
                "]}",
            ]
            .concat()
        };
        assert_eq!(said(Made::Manifest, &manifest(&part)).0, "ok");
        let (code, place) = said(Made::Manifest, &manifest(&[&*part, &part].join(",")));
        assert_eq!((&*code, &*place), ("release.invalid", "manifest platforms"));
        assert_eq!(said(Made::Status, r#"{"date":1}"#).0, "ok");
        let (code, place) = said(Made::Status, r#"{"date":1,"revokedReleases":["11"]}"#);
        assert_eq!((&*code, &*place), ("release.syntax", "status revokedReleases[0]"));
        let set = |previous: &str| {
            let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
            let set = r#","keys":[{"key":"KEY","role":"developer"}],"threshold":{"developer":1},"notAfter":9}"#;
            ["{\"previous\":\"", previous, "\"", &set.replace("KEY", key)].concat()
        };
        assert_eq!(said(Made::KeySet, &set(&digest)).0, "ok");
        assert_eq!(said(Made::KeySet, &set("11")).0, "release.syntax");
        assert_eq!(said(Made::KeySet, "{}").0, "release.syntax");
    }
}
