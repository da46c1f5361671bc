//! The allocator: jemalloc, since a server of idle connections must not keep what its busiest moment took.
//!
//! Elsewhere than on Linux it is the system's. Measured against the system's and mimalloc in `docs/decisions/0005-allocator.md`.

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// A thread of its own gives free pages back after half a second. Few arenas and small caches of threads: our hot paths
/// allocate little, and each arena holds pages of its own. `MALLOC_CONF` in the environment comes after this.
#[expect(unsafe_code, reason = "jemalloc finds its configuration by the name of the symbol")]
#[unsafe(export_name = "_rjem_malloc_conf")]
pub static CONFIGURATION: &[u8; 111] =
    b"background_thread:true,max_background_threads:1,narenas:4,lg_tcache_max:12,dirty_decay_ms:500,muzzy_decay_ms:0\0";
