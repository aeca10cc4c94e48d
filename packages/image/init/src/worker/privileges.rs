//! Users, groups and capabilities.

use rustix::io;
use rustix::process::{Gid, Uid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
    set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

/// Becomes this user with this one group, without any capability and without a way to one.
pub(super) fn drop(user: u32, group: u32) -> io::Result<()> {
    clear_ambient_capability_set()?;
    for bit in 0..64 {
        let one = CapabilitySet::from_bits_retain(1 << bit);
        // A kernel knows fewer than 64, and refuses the first that it does not know.
        match remove_capability_from_bounding_set(one) {
            Ok(()) => {}
            Err(io::Errno::INVAL) => break,
            Err(error) => return Err(error),
        }
    }
    let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
    set_thread_groups(&[])?;
    set_thread_res_gid(group, group, group)?;
    set_thread_res_uid(user, user, user)?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    set_no_new_privs(true)
}
