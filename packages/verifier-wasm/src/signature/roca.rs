//! The fingerprint of RSA moduli whose primes were made by a known broken generator (CVE-2017-15361, "ROCA").
//!
//! Its primes are `k * M + (65537^a mod M)` with M the product of the first primes (Nemec et al., "The Return of Coppersmith's
//! Attack", §2.1), so that the modulus is a power of 65537 modulo each of them. Such a key is factored in days.

/// M of moduli from 1984 to 3936 bits is the product of the primes through 701 (§2.1, table 1), and divides M of larger ones.
const LAST_PRIME: u32 = 701;

/// Whether `modulus` is a power of 65537 modulo every prime through 701; of honest moduli one in 2^154 is (§3.1).
pub(super) fn has_fingerprint(modulus: &[u8]) -> bool {
    for number in 2..LAST_PRIME.saturating_add(1) {
        if is_prime(number) && !is_power_of_65537(modulus, number) {
            return false;
        }
    }
    true
}

fn is_prime(number: u32) -> bool {
    (2..number).all(|divisor| number.checked_rem(divisor) != Some(0))
}

fn is_power_of_65537(modulus: &[u8], prime: u32) -> bool {
    let reduced = |number: u32| number.checked_rem(prime).unwrap_or_default();
    let residue = modulus.iter().fold(0, |rest, byte| reduced(rest << 8 | u32::from(*byte)));
    let mut power: u32 = 1;
    // The powers of a number repeat after less than `prime` steps.
    for _ in 0..prime {
        if power == residue {
            return true;
        }
        power = reduced(power.saturating_mul(65537));
    }
    false
}
