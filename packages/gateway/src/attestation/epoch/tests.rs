#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

#[derive(Default)]
struct ManualClock(AtomicU64);

impl ManualClock {
    fn set(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn boot_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn wall_ms(&self) -> u64 {
        unreachable!("epochs never look at the wall clock")
    }
}

const HYBRID: Suite = Suite { kem: KemId::MlKem768X25519, aead: AeadId::Aes128Gcm };
const CLASSICAL: Suite = Suite { kem: KemId::X25519, aead: AeadId::Aes128Gcm };

fn epochs(replay_capacity: usize) -> (Epochs, Arc<ManualClock>) {
    epochs_of(&[HYBRID, CLASSICAL], replay_capacity)
}

fn epochs_of(suites: &[Suite], replay_capacity: usize) -> (Epochs, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    let settings = EpochSettings { epoch_ms: 1000, grace_ms: 100, replay_capacity, suites: suites.to_vec() };
    (Epochs::new(settings, Arc::<ManualClock>::clone(&clock)).unwrap(), clock)
}

/// The keys that an epoch offers: id, KEM, public key and AEADs.
fn offers(epoch: &CurrentEpoch) -> Vec<(u8, u16, Vec<u8>, Vec<u16>)> {
    let list = key_config::decode_list(&epoch.key_list).unwrap().into_iter();
    list.map(|(_, config)| {
        let aeads = config.algorithms.iter().map(|algorithms| algorithms.aead_id).collect();
        (config.key_id, config.kem_id, config.public_key.to_vec(), aeads)
    })
    .collect()
}

/// The header of a request to the key of this KEM.
fn header_for(epoch: &CurrentEpoch, kem: KemId) -> Header {
    let (id, ..) = offers(epoch).into_iter().find(|(_, number, ..)| *number == kem.number()).unwrap();
    let [high, low] = kem.number().to_be_bytes();
    [id, high, low, 0, 1, 0, 1]
}

fn header(epoch: &CurrentEpoch) -> Header {
    header_for(epoch, KemId::X25519)
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
    for (before, after) in offers(&first).iter().zip(offers(&next)) {
        assert_eq!(before.1, after.1);
        assert_ne!(before.2, after.2);
    }
    let mut ids: Vec<u8> = [offers(&first), offers(&next)].concat().iter().map(|(id, ..)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4, "all that live together differ");
    assert_eq!(next.lifetime_ms, 1100);
}

#[test]
fn each_kem_has_one_key_in_the_order_of_the_suites() {
    let hybrid_256 = Suite { aead: AeadId::Aes256Gcm, ..HYBRID };
    let (epochs, _clock) = epochs_of(&[hybrid_256, CLASSICAL, HYBRID], 4);
    let offers = offers(&epochs.current().unwrap());
    let shape: Vec<_> = offers.iter().map(|(_, kem, public, aeads)| (*kem, public.len(), &aeads[..])).collect();
    assert_eq!(shape, [(0x647a, 1216, &[2, 1][..]), (0x20, 32, &[1])]);
    assert_eq!(offers[0].0.wrapping_add(1), offers[1].0);
}

#[test]
fn all_keys_of_an_epoch_live_and_end_together_and_share_its_memory() {
    let (epochs, clock) = epochs(4);
    let first = epochs.current().unwrap();
    let kems = [KemId::X25519, KemId::MlKem768X25519];
    let lengths = || kems.map(|kem| epochs.encapsulated_length(&header_for(&first, kem)).ok());
    assert_eq!(lengths(), [Some(32), Some(1120)]);
    let sets = kems.map(|kem| {
        let mut encapsulated = vec![9; kem.encapsulated_key_length()];
        encapsulated[31] = 1;
        epochs.receive(&header_for(&first, kem), &encapsulated).unwrap().seen
    });
    assert!(Arc::ptr_eq(&sets[0], &sets[1]));
    clock.set(1100);
    assert_eq!(lengths(), [None, None]);
    epochs.rotate().unwrap();
    assert_eq!(epochs.read().len(), 1, "destroyed");
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
    epochs.rotate().unwrap();
    assert_eq!(epochs.read().len(), 1, "destroyed");
}

#[test]
fn a_promised_lifetime_is_kept_when_the_epoch_turns_late() {
    let (epochs, clock) = epochs(100);
    let first = epochs.current().unwrap();
    clock.set(1050);
    assert!(epochs.rotate().unwrap());
    clock.set(first.lifetime_ms - 1);
    assert!(epochs.encapsulated_length(&header(&first)).is_ok());
}

#[test]
fn half_a_memory_of_requests_turns_the_epoch_early_and_leaves_room_for_the_rest() {
    let (epochs, clock) = epochs(4);
    let first = epochs.current().unwrap();
    let seen = Arc::clone(&epochs.read()[0].seen);
    seen.arrive(b"1");
    assert!(!epochs.rotate().unwrap());
    seen.arrive(b"2");
    clock.set(10);
    assert!(epochs.rotate().unwrap());
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
    // The key of one KEM with the numbers of the other.
    let mut crossed = offered;
    crossed[0] = header_for(&epochs.current().unwrap(), KemId::MlKem768X25519)[0];
    assert_eq!(epochs.encapsulated_length(&crossed).unwrap_err().code, Code::CHANNEL_SUITE);
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

#[test]
fn keys_that_ended_open_nothing_and_none_follow_them() {
    let (epochs, clock) = epochs(100);
    let first = epochs.current().unwrap();
    epochs.end();
    for now in [0, 1000, 5000] {
        clock.set(now);
        assert!(!epochs.rotate().unwrap());
        assert_eq!(epochs.current().unwrap_err().code, Code::EVIDENCE_CHANGED);
        assert_eq!(epochs.encapsulated_length(&header(&first)).unwrap_err().code, Code::CHANNEL_KEY_UNKNOWN);
    }
}
