//! Overwrites what a computation left on the stack. Compilers and assembly keep copies of secrets in frames that are gone; nothing else
//! overwrites these while a thread waits for work.

use std::hint::black_box;

/// How much of the stack is overwritten, in bytes: more than the deepest computation on a key takes.
const DEPTH: usize = 48 * 1024;

/// Runs `work`, then overwrites the stack that it used, up to [`DEPTH`] bytes. The result is moved out before that: it must hold its
/// secrets behind a pointer.
pub fn scrubbed<T>(work: impl FnOnce() -> T) -> T {
    let result = below(work);
    overwrite();
    result
}

/// A frame of its own, which begins where that of [`overwrite`] does.
#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Overwrites the stack below the caller's frame, up to [`DEPTH`] bytes. A thread does so before it waits: what its tasks handled may stand
/// there, where a vector register was put aside.
#[inline(never)]
pub fn overwrite() {
    let mut stack = [0_u8; DEPTH];
    // What is looked at has to be written.
    black_box(&mut stack);
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    use super::*;

    const LENGTH: usize = 64;

    /// Byte `index` of a mark that stands nowhere as a whole but where it was left.
    fn byte(index: usize) -> u8 {
        black_box(index as u8).wrapping_mul(37).wrapping_add(101)
    }

    /// Leaves the mark on the stack, so deep.
    #[inline(never)]
    fn leave(depth: usize) {
        let mark: [u8; LENGTH] = std::array::from_fn(byte);
        black_box(&mark);
        if depth > 0 {
            leave(depth - 1);
        }
        black_box(&mark);
    }

    /// How often the stack of this thread holds the mark.
    fn marks() -> usize {
        let here = 0_u8;
        let address = std::ptr::from_ref(black_box(&here)) as u64;
        let range = |line: &str| {
            let (from, to) = line.split_once(' ')?.0.split_once('-')?;
            let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
            (from..to).contains(&address).then_some(from..to)
        };
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let stack = maps.lines().find_map(range).expect("the stack is mapped");
        let mut bytes = vec![0; (stack.end - stack.start) as usize];
        File::open("/proc/self/mem").unwrap().read_exact_at(&mut bytes, stack.start).unwrap();
        bytes.windows(LENGTH).filter(|window| window.iter().enumerate().all(|(index, is)| *is == byte(index))).count()
    }

    #[test]
    fn nothing_is_left_of_what_a_computation_put_on_the_stack() {
        below(|| leave(100));
        assert!(marks() > 0, "without it the deepest marks stay: the search itself uses the stack above them");
        overwrite();
        assert_eq!(marks(), 0);
        assert_eq!(scrubbed(|| (leave(100), 7).1), 7);
        assert_eq!(marks(), 0);
    }
}
