#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

#[derive(Default)]
struct HandClock(AtomicU64);

impl HandClock {
    fn set(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn boot_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn wall_ms(&self) -> u64 {
        unreachable!("epochs never look at the wall clock")
    }
}

fn epochs(replay_capacity: usize) -> (Epochs, Arc<HandClock>) {
    let clock = Arc::new(HandClock::default());
    let suites = vec![Suite { aead: AeadId::Aes128Gcm }];
    let settings = EpochSettings { epoch_ms: 1000, grace_ms: 100, replay_capacity, suites };
    (Epochs::new(settings, Arc::<HandClock>::clone(&clock)).unwrap(), clock)
}

fn header(epoch: &CurrentEpoch) -> Header {
    let (_, config) = key_config::decode_list(&epoch.key_list).unwrap().remove(0);
    [config.key_id, 0, 0x20, 0, 1, 0, 1]
}

#[test]
fn all_clients_of_an_epoch_get_the_same_list() {
    let (epochs, clock) = epochs(100);
    let first = epochs.current().unwrap();
    clock.set(999);
    let later = epochs.current().unwrap();
    assert_eq!((first.id, first.key_list), (later.id, later.key_list));
    assert_eq!((first.lifetime_ms, later.lifetime_ms), (1100, 101));
}

#[test]
fn the_next_epoch_has_another_id_another_key_and_another_key_id() {
    let (epochs, clock) = epochs(100);
    let first = epochs.current().unwrap();
    clock.set(1000);
    let next = epochs.current().unwrap();
    assert_ne!(first.id, next.id);
    assert_ne!(header(&first)[0], header(&next)[0]);
    assert_ne!(first.key_list[5..37], next.key_list[5..37]);
    assert_eq!(next.lifetime_ms, 1100);
}

#[test]
fn an_old_key_opens_until_its_grace_is_over_and_is_then_gone() {
    let (epochs, clock) = epochs(100);
    let first = epochs.current().unwrap();
    clock.set(1099);
    epochs.current().unwrap();
    assert!(epochs.encapsulated_length(&header(&first)).is_ok());
    clock.set(1100);
    let refused = epochs.encapsulated_length(&header(&first)).unwrap_err();
    assert_eq!(refused.code, Code::CHANNEL_KEY_UNKNOWN, "also before anything swept it away");
    epochs.turn().unwrap();
    assert_eq!(epochs.read().len(), 1, "destroyed");
}

#[test]
fn a_promised_lifetime_is_kept_when_the_epoch_turns_late() {
    let (epochs, clock) = epochs(100);
    let first = epochs.current().unwrap();
    clock.set(1050);
    assert!(epochs.turn().unwrap());
    clock.set(first.lifetime_ms - 1);
    assert!(epochs.encapsulated_length(&header(&first)).is_ok());
}

#[test]
fn half_a_memory_of_requests_turns_the_epoch_early_and_leaves_room_for_the_rest() {
    let (epochs, clock) = epochs(4);
    let first = epochs.current().unwrap();
    let seen = Arc::clone(&epochs.read()[0].seen);
    seen.arrive(b"1");
    assert!(!epochs.turn().unwrap());
    seen.arrive(b"2");
    clock.set(10);
    assert!(epochs.turn().unwrap());
    assert_ne!(epochs.current().unwrap().id, first.id);
    clock.set(109);
    assert!(epochs.encapsulated_length(&header(&first)).is_ok());
    clock.set(110);
    assert_eq!(epochs.encapsulated_length(&header(&first)).unwrap_err().code, Code::CHANNEL_KEY_UNKNOWN);
}

#[test]
fn only_advertised_suites_are_accepted() {
    let (epochs, _clock) = epochs(4);
    let offered = header(&epochs.current().unwrap());
    assert_eq!(epochs.encapsulated_length(&offered), Ok(32));
    for (position, byte) in [(2, 0x21), (4, 2), (6, 2), (6, 3), (1, 0x64)] {
        let mut other = offered;
        other[position] = byte;
        assert_eq!(epochs.encapsulated_length(&other).unwrap_err().code, Code::CHANNEL_SUITE);
        assert_eq!(epochs.receive(&other, &[9; 32]).err().unwrap().code, Code::CHANNEL_SUITE);
    }
    let mut unknown = offered;
    unknown[0] ^= 0x80;
    assert_eq!(epochs.encapsulated_length(&unknown).unwrap_err().code, Code::CHANNEL_KEY_UNKNOWN);
}

#[test]
fn a_low_order_point_gives_no_secret() {
    let (epochs, _clock) = epochs(4);
    let header = header(&epochs.current().unwrap());
    assert_eq!(epochs.receive(&header, &[0; 32]).err().unwrap().code, Code::CHANNEL_DECRYPT);
}
