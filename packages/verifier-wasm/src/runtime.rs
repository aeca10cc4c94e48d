//! What `std` would bring to the module that pages load, at a fraction of its size.

use mini_alloc::MiniAlloc;

/// Gives memory out and takes none back: the code that would is most of an allocator, and stands wherever a value ends.
/// Whoever loads the module starts an instance for every call and lets go of it afterwards.
#[global_allocator]
static ALLOCATOR: MiniAlloc = MiniAlloc::INIT;

/// No input may lead to a panic. If one did, the module stops and no verdict exists: `tools/build-wasm` has the compiler put the
/// trap where the panic would be, and a build by other means comes here.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
