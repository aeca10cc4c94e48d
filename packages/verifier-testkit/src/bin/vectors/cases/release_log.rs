//! That a release stands in a log, and that witnesses saw it there.

use serde_json::json;

use crate::{
    log::{Logged, line},
    releases::{DAY_MS, KEYS_END_MS, Known, Released, first_set, key_set, key_set_id, public, remembered},
    scenario::{Cases, NOW_MS, Scenario},
};

fn with(change: impl FnOnce(&mut Logged)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut released = Released::logged();
        change(released.log());
        released.release(s);
    }
}

fn replace(log: &mut Logged, from: &'static str, to: &'static str) {
    log.patch = Some(Box::new(move |proof| {
        let patched = proof.replacen(from, to, 1);
        assert_ne!(patched, proof, "nothing to replace");
        patched
    }));
}

/// What log and witnesses signed.
fn text(proof: &str) -> String {
    let checkpoint = proof.split_once("\n\n").unwrap().1;
    checkpoint.split_once("\n\n").unwrap().0.to_owned() + "\n"
}

pub(crate) fn cases(cases: &mut Cases<'_>) {
    accepted(cases);
    format(cases);
    signatures(cases);
    inclusion(cases);
    others(cases);
    policy(cases);
}

/// A key set that succeeds the pinned one, a manifest and a status, each in the log.
fn all_logged(change: impl FnOnce(&mut Released)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut released = Released { log: Some(Logged::new()), ..Released::with_status() };
        let next = key_set(&[("dave", "developer"), ("adam", "auditor")], json!({ "developer": 1, "auditor": 1 }));
        released.rotate(next, &["dora", "adam"]);
        released.manifest.signers = vec!["dave", "adam"];
        released.status().signers = vec!["dave", "adam"];
        change(&mut released);
        released.release(s);
    }
}

/// Documents other than the manifest.
fn others(cases: &mut Cases<'_>) {
    cases.accept("ok-tlog-all", "key set, manifest and status stand in the log", all_logged(|_| {}));
    cases.accept(
        "ok-tlog-passed-over",
        "a key set of older pages needs no proof: it decides nothing here",
        all_logged(|r| {
            r.pin(0);
            r.key_set_log.deliver = false;
        }),
    );
    let mut other = |code: &str, name: &str, why: &str, change: fn(&mut Released)| {
        cases.reject(code, &format!("tlog-{name}"), why, all_logged(change));
    };
    other("release.log_missing", "key-set-missing", "a successor that nobody could see", |r| {
        r.key_set_log.deliver = false;
    });
    other("release.log_missing", "status-missing", "a status that nobody could see", |r| r.status_log.deliver = false);
    other("release.log_inclusion", "key-set-other", "another key set in its place", |r| {
        r.key_set_log.entry = Some(b"another".to_vec());
    });
    other("release.log_inclusion", "status-other", "another status in its place", |r| {
        r.status_log.entry = Some(b"another".to_vec());
    });
    other("release.log_witness", "key-set-unseen", "a successor that one witness saw", |r| {
        r.key_set_log.witnesses.truncate(1);
    });
    other("release.log_witness", "status-unseen", "a status that one witness saw", |r| {
        r.status_log.witnesses.truncate(1);
    });
    cases.reject("release.log_missing", "memory-unlogged-status", "what a status says that nobody could see", |s| {
        all_logged(|r| {
            r.status().json["minVersion"] = 13.into();
            r.status_log.deliver = false;
        })(s);
        unremembered(s, |known| known.current = successor());
    });
    cases.reject("release.log_missing", "memory-unlogged-keys", "a successor that nobody could see", |s| {
        all_logged(|r| r.key_set_log.deliver = false)(s);
        s.state = Some(vec![]);
    });
    cases.reject(
        "release.log_missing",
        "memory-unlogged-release",
        "the floor of a manifest that nobody could see",
        |s| {
            all_logged(|r| r.log().deliver = false)(s);
            unremembered(s, |known| {
                known.current = successor();
                known.date_ms = NOW_MS - DAY_MS;
            });
        },
    );
}

fn successor() -> [u8; 32] {
    let mut next = key_set(&[("dave", "developer"), ("adam", "auditor")], json!({ "developer": 1, "auditor": 1 }));
    next["notAfter"] = KEYS_END_MS.into();
    key_set_id(&next)
}

/// A first visit, of which no floor is remembered.
fn unremembered(s: &mut Scenario<'_>, change: fn(&mut Known)) {
    let mut known = Known::of(key_set_id(&first_set()));
    change(&mut known);
    s.state = Some(vec![]);
    s.next_state = Some(remembered(&[known]));
}

fn accepted(cases: &mut Cases<'_>) {
    cases.accept("ok-tlog", "in the log, seen by two of three witnesses", with(|_| {}));
    for (size, index) in [(1, 0), (2, 0), (2, 1), (3, 2), (5, 4), (6, 5), (7, 0), (7, 6), (8, 3), (65, 64), (100, 37)] {
        cases.accept(
            &format!("ok-tlog-{index}-of-{size}"),
            "a place in a tree",
            with(|log| {
                (log.size, log.index) = (size, index);
            }),
        );
    }
    cases.accept(
        "ok-tlog-all-witnesses",
        "all, where all have to",
        with(|log| {
            log.demand["threshold"] = 3.into();
            log.witnesses = vec!["witness.example/c", "witness.example/b", "witness.example/a"];
        }),
    );
    cases.accept(
        "ok-tlog-one-witness",
        "the one witness that there is",
        with(|log| {
            log.demand["threshold"] = 1.into();
            log.demand["witnesses"].as_array_mut().unwrap().truncate(1);
        }),
    );
    cases.accept(
        "ok-tlog-other-lines",
        "lines of keys that the policy does not know",
        with(|log| {
            log.patch = Some(Box::new(|proof| {
                let unknown = line("witness.example/z", &text(&proof), Some(1));
                let same_name = line("witness.example/c", &text(&proof), None);
                proof + &unknown + &same_name + "\u{2014} ecdsa.example AAAAAAA=\n"
            }));
        }),
    );
    cases.accept(
        "ok-tlog-extra",
        "extra data, which nobody signed, are read over",
        with(|log| {
            replace(log, "index", "extra Zm8=\nindex");
        }),
    );
    cases.accept("ok-tlog-extension", "a checkpoint with a line more", with(|log| log.extension = "an extension\n"));
    cases.accept(
        "ok-tlog-witness-twice",
        "a witness that signed twice, at two times",
        with(|log| {
            log.patch = Some(Box::new(|proof| {
                let again = line("witness.example/a", &text(&proof), Some(0));
                proof + &again
            }));
        }),
    );
}

fn format(cases: &mut Cases<'_>) {
    let mut format = |name: &str, why: &str, change: fn(&mut Logged)| {
        cases.reject("release.log_format", &format!("tlog-format-{name}"), why, with(change));
    };
    format("headerless", "the form before v1, without its first line", |log| {
        replace(log, "c2sp.org/tlog-proof@v1\n", "");
    });
    format("v2", "another version", |log| replace(log, "@v1", "@v2"));
    format("crlf", "lines that end in CR LF", |log| replace(log, "@v1\n", "@v1\r\n"));
    format("index-zero", "an index with a leading zero", |log| replace(log, "index 4", "index 04"));
    format("index-sign", "an index with a sign", |log| replace(log, "index 4", "index +4"));
    format("index-2-63", "an index that no tree has", |log| replace(log, "index 4", "index 9223372036854775808"));
    format("index-missing", "no index", |log| replace(log, "index 4\n", ""));
    format("extra-twice", "extra data twice", |log| replace(log, "index", "extra Zm8=\nextra Zm8=\nindex"));
    format("extra-base64", "extra data in no base64", |log| replace(log, "index", "extra Zm8\nindex"));
    format("hash-short", "a hash of 31 bytes", |log| {
        replace(log, "index 4\n", "index 4\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n");
    });
    format("hash-spare-bits", "a hash in a second encoding", |log| {
        replace(log, "index 4\n", "index 4\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n");
    });
    format("64-hashes", "a path that no tree has", |log| log.path = |path| path.resize(64, [0; 32]));
    format("no-signatures", "a checkpoint that nobody signed", |log| {
        log.patch = Some(Box::new(|proof| proof.split_once("\n\u{2014}").unwrap().0.to_owned()));
    });
    format("no-newline", "a last line without an end", |log| {
        log.patch = Some(Box::new(|proof| proof.trim_end().to_owned()));
    });
    format("trailing", "an empty line after the signatures", |log| {
        log.patch = Some(Box::new(|proof| proof + "\n"));
    });
    format("hyphen", "a signature line that begins with a hyphen", |log| replace(log, "\u{2014}", "-"));
    format("tab", "a control character", |log| log.extension = "a\tb\n");
    format("signature-short", "a signature of four bytes", |log| {
        log.patch = Some(Box::new(|proof| proof + "\u{2014} witness.example AAAAAA==\n"));
    });
    format("65-signatures", "more lines than anybody reads", |log| {
        log.patch = Some(Box::new(|proof| proof + &"\u{2014} witness.example AAAAAAA=\n".repeat(63)));
    });
    format("size-sign", "a size with a sign", |log| log.patch_text = |text| text.replacen("\n6\n", "\n+6\n", 1));
    format("root-short", "a root of 16 bytes", |log| {
        log.patch_text = |text| {
            let mut lines: Vec<&str> = text.split('\n').collect();
            lines[2] = "AAAAAAAAAAAAAAAAAAAAAA==";
            lines.join("\n")
        };
    });
    format("origin-empty", "a checkpoint of no log", |log| log.origin = "");
    cases.reject("release.log_missing", "tlog-missing", "no proof in the evidence", with(|log| log.deliver = false));
}

fn signatures(cases: &mut Cases<'_>) {
    cases.reject(
        "release.log_origin",
        "tlog-origin",
        "a checkpoint of another log, seen by the same witnesses",
        with(|log| {
            log.origin = "log.example/other";
        }),
    );
    let mut log_signature = |name: &str, why: &str, change: fn(&mut Logged)| {
        cases.reject("release.log_signature", &format!("tlog-signature-{name}"), why, with(change));
    };
    log_signature("size", "another size than the log signed", |log| replace(log, "\n6\n", "\n7\n"));
    log_signature("extension", "a line that the log did not sign", |log| {
        log.patch = Some(Box::new(|proof| proof.replacen("\n\n\u{2014}", "\nmore\n\n\u{2014}", 1)));
    });
    log_signature("missing", "witnesses alone", |log| {
        log.patch = Some(Box::new(|proof| {
            let own = proof.lines().find(|line| line.starts_with("\u{2014} log.example")).unwrap().to_owned();
            proof.replace(&(own + "\n"), "")
        }));
    });
    log_signature("as-witness", "the log signed as a witness does", |log| {
        log.patch = Some(Box::new(|proof| {
            let own = proof.lines().find(|line| line.starts_with("\u{2014} log.example")).unwrap().to_owned();
            proof.replace(&(own + "\n"), &line("log.example/chat", &text(&proof), Some(1)))
        }));
    });
    log_signature("wrong-one-more", "a good one and a wrong one", |log| {
        log.patch = Some(Box::new(|proof| proof + &line("log.example/chat", "other", None)));
    });

    let mut witness = |name: &str, why: &str, change: fn(&mut Logged)| {
        cases.reject("release.log_witness", &format!("tlog-witness-{name}"), why, with(change));
    };
    witness("missing", "no witness saw it", |log| log.witnesses = vec![]);
    witness("one", "one witness, where two have to", |log| log.witnesses.truncate(1));
    witness("unknown", "a witness that the policy does not know", |log| {
        log.witnesses = vec!["witness.example/a", "witness.example/z"];
    });
    witness("twice", "one witness twice, where two have to", |log| {
        log.witnesses = vec!["witness.example/a", "witness.example/a"];
    });
    witness("time", "another time than was signed", |log| {
        log.witnesses = vec!["witness.example/b"];
        log.patch = Some(Box::new(|proof| {
            let signed = line("witness.example/a", &text(&proof), Some(7));
            // The eighth byte of the time, behind the id of the key: seven becomes eight.
            let value = signed.rsplit(' ').next().unwrap();
            let mut changed: Vec<char> = value.chars().collect();
            changed[15] = if changed[15] == 'H' { 'I' } else { 'H' };
            proof + &signed.replace(value, &changed.into_iter().collect::<String>())
        }));
    });
    witness("time-2-63", "a time that no clock has", |log| log.time = 1 << 63);
    witness("as-log", "a witness that signed as a log does, under its own id", |log| {
        log.witnesses = vec!["witness.example/b"];
        log.patch = Some(Box::new(|proof| proof.clone() + &line("witness.example/a", &text(&proof), None)));
    });
    witness("other-text", "a witness of another checkpoint", |log| {
        log.witnesses = vec!["witness.example/b"];
        log.patch = Some(Box::new(|proof| proof + &line("witness.example/a", "log.example/chat\n6\n", Some(1))));
    });
    witness("one-wrong", "enough good witnesses and a wrong signature of the third", |log| {
        log.patch = Some(Box::new(|proof| proof + &line("witness.example/c", "other", Some(1))));
    });
}

fn inclusion(cases: &mut Cases<'_>) {
    let mut inclusion = |name: &str, why: &str, change: fn(&mut Logged)| {
        cases.reject("release.log_inclusion", &format!("tlog-inclusion-{name}"), why, with(change));
    };
    inclusion("other-entry", "the proof of another manifest", |log| log.entry = Some(b"another release".to_vec()));
    inclusion("bare-manifest", "the manifest without its type", |log| {
        log.entry = Some(Released::new().manifest.text().into_bytes());
    });
    inclusion("without-signatures", "what was signed, and by nobody", |log| {
        log.entry = Some(Released::new().manifest.message());
    });
    inclusion("other-signers", "the manifest, signed by another auditor", |log| {
        let mut manifest = Released::new().manifest;
        manifest.signers = vec!["dora", "anna"];
        log.entry = Some(manifest.entry());
    });
    inclusion("index", "another place", |log| replace(log, "index 4", "index 5"));
    inclusion("index-outside", "a place behind the end", |log| replace(log, "index 4", "index 6"));
    inclusion("index-beyond-width", "a place behind the end, the same from the right", |log| {
        replace(log, "index 4", "index 12");
    });
    inclusion("index-of-next-tree", "a place behind the end of a full tree, which has the same path there", |log| {
        (log.size, log.index) = (8, 3);
        replace(log, "index 3", "index 11");
    });
    inclusion("size-of-next-tree", "twice the entries, so that the path ends below the root", |log| {
        (log.size, log.index, log.claimed_size) = (8, 3, Some(16));
    });
    inclusion("size", "a size that the log did sign", |log| log.claimed_size = Some(7));
    inclusion("size-8", "a larger tree of the same root", |log| log.claimed_size = Some(9));
    inclusion("empty-tree", "a tree without entries", |log| log.claimed_size = Some(0));
    inclusion("root", "a root that the log did sign", |log| log.claimed_root = Some([0; 32]));
    inclusion("path-short", "a hash is missing", |log| log.path = |path| path.truncate(path.len() - 1));
    inclusion("path-long", "a hash too many", |log| log.path = |path| path.push([0; 32]));
    inclusion("path-order", "hashes in another order", |log| log.path = |path| path.reverse());
    inclusion("path-none", "no hashes", |log| log.path = Vec::clear);
    inclusion("path-bit", "one bit of a hash", |log| log.path = |path| path[0][0] ^= 1);
}

fn policy(cases: &mut Cases<'_>) {
    for (name, code, change) in [
        ("syntax-log-unknown", "policy.syntax", (|log| log["note"] = "".into()) as fn(&mut serde_json::Value)),
        ("syntax-log-no-witnesses", "policy.syntax", |log| log["witnesses"] = json!([])),
        ("syntax-log-threshold-0", "policy.syntax", |log| log["threshold"] = 0.into()),
        ("syntax-log-threshold-4", "policy.syntax", |log| log["threshold"] = 4.into()),
        ("invalid-log-threshold-minority", "policy.invalid", |log| log["threshold"] = 1.into()),
        ("invalid-log-threshold-half", "policy.invalid", |log| {
            let fourth = json!({ "name": "witness.example/d", "key": public("witness.example/d") });
            log["witnesses"].as_array_mut().unwrap().push(fourth);
        }),
        ("syntax-log-origin-plus", "policy.syntax", |log| log["origin"] = "log+chat".into()),
        ("syntax-log-witness-space", "policy.syntax", |log| log["witnesses"][0]["name"] = "witness a".into()),
        ("syntax-log-key", "policy.syntax", |log| log["key"] = "00".into()),
        ("invalid-log-weak-key", "policy.invalid", |log| log["key"] = format!("01{}", "00".repeat(31)).into()),
        ("invalid-log-witness-names", "policy.invalid", |log| {
            log["witnesses"][1]["name"] = log["witnesses"][0]["name"].clone();
        }),
        ("invalid-log-witness-keys", "policy.invalid", |log| {
            log["witnesses"][1]["key"] = log["witnesses"][0]["key"].clone();
        }),
        ("invalid-log-own-witness", "policy.invalid", |log| {
            log["witnesses"][0]["key"] = public("log.example/chat").into();
        }),
    ] {
        cases.reject(
            code,
            &format!("policy-{name}"),
            "demands on a log that cannot be",
            with(|log| {
                change(&mut log.demand);
            }),
        );
    }
}
