//! The oldest version that still counts, and who remembers it.

use super::with;
use crate::{
    releases::{Known, Released, first_set, key_set_id, remembered},
    scenario::{Cases, Scenario},
};

fn state(floors: &[([u8; 32], u64)]) -> Vec<u8> {
    let known = |&(keys, floor): &([u8; 32], u64)| Known { floor, ..Known::of(keys) };
    remembered(&floors.iter().map(known).collect::<Vec<_>>())
}

/// State of releases alone: the key is not compared, because the anchor names no hierarchy.
fn remembering(s: &mut Scenario<'_>, kept: &[u8], next: Option<Vec<u8>>) {
    s.policy["anchors"][0].as_object_mut().unwrap().remove("hierarchy");
    s.state = Some(kept.to_vec());
    s.next_state = next;
}

pub(super) fn cases(cases: &mut Cases<'_>) {
    let id = key_set_id(&first_set());
    cases.accept("ok-floor-remembered", "the oldest version that is still accepted is remembered", move |s| {
        with(|_| {})(s);
        remembering(s, &[], Some(state(&[(id, 9)])));
    });
    cases.accept("ok-floor-at", "a version that is the floor, which never sinks", move |s| {
        with(|_| {})(s);
        remembering(s, &state(&[(id, 12)]), Some(state(&[(id, 12)])));
    });
    cases.accept("ok-floor-of-others", "a floor of other keys, in its order", move |s| {
        with(|_| {})(s);
        remembering(s, &state(&[([0; 32], 99)]), Some(state(&[([0; 32], 99), (id, 9)])));
    });
    cases.accept("ok-floor-not-of-pinned", "a pinned release is not compared and raises nothing", move |s| {
        Released { deliver: false, ..Released::new() }.extend(s);
        remembering(s, &state(&[(id, 99)]), Some(state(&[(id, 99)])));
    });
    cases.accept("ok-floor-of-status", "the floor that the status states is remembered", move |s| {
        let mut released = Released::with_status();
        released.status().json["minVersion"] = 11.into();
        released.release(s);
        let next = Known { floor: 11, date_ms: released.status().json["date"].as_u64().unwrap(), ..Known::of(id) };
        remembering(s, &state(&[(id, 10)]), Some(remembered(&[next])));
    });
    cases.reject(
        "release.below_floor",
        "floor-of-state",
        "a newer release withdrew this one, at an earlier visit",
        move |s| {
            with(|_| {})(s);
            remembering(s, &state(&[(id, 13)]), None);
        },
    );
    cases.reject(
        "release.below_floor",
        "floor-of-policy",
        "the policy withdrew it",
        with(|r| {
            r.keys["minVersion"] = 13.into();
        }),
    );
    cases.accept(
        "ok-floor-of-policy",
        "the very version that the policy asks for",
        with(|r| {
            r.keys["minVersion"] = 12.into();
        }),
    );
    cases.reject("release.below_floor", "floor-of-status", "the status withdrew it", |s| {
        let mut released = Released::with_status();
        released.status().json["minVersion"] = 13.into();
        released.release(s);
    });
    cases.reject("state.full", "floor-65", "no room for the floor of another set of keys", |s| {
        with(|_| {})(s);
        let others: Vec<_> = (0..64).map(|i| ([i; 32], 1)).collect();
        remembering(s, &state(&others), None);
    });
}
