use alloc::vec;

use super::*;
use crate::{evidence::cbor::Value, tpm::Attest};

fn seen(name: u8, reset_count: u64, restart_count: u64, clock: u64, firmware_version: u64) -> AkState {
    let state = encoded(&[(name, [reset_count, restart_count, clock, firmware_version])]);
    State::decode(&state).unwrap().aks.remove(0)
}

fn encoded(aks: &[(u8, [u64; 4])]) -> Vec<u8> {
    let ak = |(name, [reset_count, restart_count, clock, firmware_version]): &(u8, [u64; 4])| {
        Value::map([
            (0, [*name; 34].into()),
            (1, (*reset_count).into()),
            (2, (*restart_count).into()),
            (3, (*clock).into()),
            (4, (*firmware_version).into()),
        ])
    };
    with(1, Value::array(aks.iter().map(ak)))
}

fn with(key: u64, value: Value) -> Vec<u8> {
    let members = [(0, 1.into()), (1, Value::Array(vec![])), (2, Value::Array(vec![]))];
    Value::map(members.into_iter().chain([(key, value)])).encode()
}

fn withdrawn(keys: u8) -> Value {
    Value::map([(0, [keys; 32].into()), (1, 7.into()), (2, 8.into()), (3, [9; 32].into())])
}

#[test]
fn what_is_written_is_read_back() {
    let mut state = State::decode(&[]).unwrap();
    assert_eq!(state, State::default());
    state.remember(seen(1, 2, 3, 4, 5));
    state.remember(seen(2, 0, 0, u64::MAX, u64::MAX));
    assert_eq!(State::decode(&state.encode()), Ok(state));
    let with_sets = with(2, Value::Array(vec![withdrawn(1), withdrawn(2)]));
    assert_eq!(State::decode(&with_sets).unwrap().encode(), with_sets);
}

#[test]
fn what_is_not_exactly_a_state_is_refused() {
    let good = encoded(&[(1, [0; 4])]);
    State::decode(&good).unwrap();
    let too_many: Vec<_> = (0..65).map(|name| (name, [0; 4])).collect();
    let mut longer = good.clone();
    longer.push(0);
    for bad in [
        &good[..good.len() - 1],
        &longer,
        &[0xa0],
        &with(0, 2.into()),
        &with(3, 0.into()),
        &encoded(&[(1, [0; 4]), (2, [0; 4]), (1, [0; 4])]),
        &encoded(&[(1, [1 << 32, 0, 0, 0])]),
        &encoded(&[(1, [0, 1 << 32, 0, 0])]),
        &encoded(&too_many),
        &with(
            1,
            Value::array([Value::map([
                (0, [0; 33].into()),
                (1, 0.into()),
                (2, 0.into()),
                (3, 0.into()),
                (4, 0.into()),
            ])]),
        ),
        &with(2, Value::Array(vec![withdrawn(2), withdrawn(1)])),
        &with(2, Value::Array(vec![withdrawn(1), withdrawn(1)])),
        &with(2, Value::array([Value::map([(0, [1; 32].into()), (1, 7.into())])])),
        &with(64, Value::Bytes(vec![0; MAX_STATE])),
    ] {
        assert_eq!(State::decode(bad), Err(Code::STATE_ENCODING), "{bad:02x?}");
    }
}

#[test]
fn extensions_are_passed_over_and_not_carried_on() {
    let extended = with(64, "later".into());
    assert_eq!(State::decode(&extended).unwrap().encode(), with(0, 1.into()));
}

#[test]
fn a_machine_that_went_back_is_told_by_the_first_sign() {
    let mut state = State::default();
    state.remember(seen(1, 2, 1, 100, 7));
    for (reset, restart, clock, firmware, expected) in [
        (2, 1, 100, 7, None),
        (2, 1, 101, 8, None),
        (3, 0, 0, 7, None),
        (2, 2, 0, 7, None),
        (2, 0, 101, 7, Some(Code::STATE_TPM_CLEARED)),
        (1, 9, 101, 6, Some(Code::STATE_TPM_CLEARED)),
        (0, 0, 0, 7, Some(Code::STATE_TPM_CLEARED)),
        (2, 1, 99, 6, Some(Code::STATE_CLOCK_BACK)),
        (2, 1, 100, 6, Some(Code::STATE_FIRMWARE_BACK)),
        (3, 0, 0, 6, Some(Code::STATE_FIRMWARE_BACK)),
    ] {
        assert_eq!(state.regression(&seen(1, reset, restart, clock, firmware)), expected, "{reset} {restart} {clock}");
    }
    assert_eq!(state.regression(&seen(2, 0, 0, 0, 0)), None, "another key");
}

#[test]
fn the_key_seen_last_stands_last_and_the_oldest_of_65_is_forgotten() {
    let mut state = State::default();
    (0..64).for_each(|name| state.remember(seen(name, 0, 0, 0, 0)));
    state.remember(seen(0, 0, 0, 1, 0));
    state.remember(seen(64, 0, 0, 0, 0));
    let names: Vec<u8> = state.aks.iter().map(|ak| ak.name[0]).collect();
    assert_eq!(names, (2..64).chain([0, 64]).collect::<Vec<u8>>());
}

#[test]
fn the_clock_of_an_answer_that_arrived_late_is_not_remembered_but_a_cleared_tpm_is() {
    let mut state = State::default();
    state.remember(seen(1, 2, 1, 100, 7));
    state.remember(seen(1, 2, 1, 50, 7));
    assert_eq!(state.aks, [seen(1, 2, 1, 100, 7)]);
    state.remember(seen(1, 0, 0, 50, 6));
    assert_eq!(state.aks, [seen(1, 0, 0, 50, 6)]);
}

#[test]
fn a_quote_is_remembered_as_the_tpm_states_it() {
    let attest = [
        &b"\xff\x54\x43\x47\x80\x18\x00\x00\x00\x00"[..],
        &100_u64.to_be_bytes(),
        &2_u32.to_be_bytes(),
        &1_u32.to_be_bytes(),
        &[1],
        &7_u64.to_be_bytes(),
        b"\x00\x00\x00\x00\x00\x00",
    ]
    .concat();
    let attest = Attest::decode(&attest).unwrap();
    assert_eq!(AkState::of(vec![1; 34], &attest), seen(1, 2, 1, 100, 7));
}

fn learned(keys: u8, floor: u64, date_ms: u64, current: u8) -> Withdrawn {
    Withdrawn { keys: [keys; 32], floor, date_ms, current: [current; 32] }
}

#[test]
fn a_policy_that_names_the_successor_goes_on_with_what_its_predecessor_knew() {
    let mut state = State::default();
    state.learn(&[1; 32], 7, 100, Some([2; 32]));
    assert_eq!(state.recall(&[1; 32]), learned(1, 7, 100, 2));
    assert_eq!(state.recall(&[2; 32]), learned(2, 7, 100, 2), "floor and date, from its own beginning");
    assert_eq!(state.recall(&[3; 32]), learned(3, 0, 0, 3), "another set");
    state.learn(&[2; 32], 3, 200, Some([4; 32]));
    assert_eq!(state.recall(&[2; 32]), learned(2, 7, 200, 4), "the highest of both");
    assert_eq!(state.recall(&[1; 32]), learned(1, 7, 100, 2), "the older policy knows its own set alone");
    state.learn(&[1; 32], 6, 99, None);
    assert_eq!(state.recall(&[1; 32]), learned(1, 7, 100, 2), "nothing sinks");
}

#[test]
fn a_65th_set_has_no_room_and_a_known_one_has() {
    let mut state = State::default();
    (0..64).for_each(|keys| state.learn(&[keys; 32], 1, 0, None));
    state.learn(&[0; 32], 2, 0, None);
    assert!(!state.is_full);
    state.learn(&[64; 32], 2, 0, None);
    assert!(state.is_full);
    assert_eq!(state.withdrawn.len(), 64);
    assert_eq!(state.recall(&[0; 32]).floor, 2);
}
