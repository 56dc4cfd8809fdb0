//! Log lines on standard error. No personal data goes into one.

use tracing_subscriber::EnvFilter;

/// Starts logging as `RUST_LOG` says, or `default` where it says nothing. A second start does nothing.
pub fn start(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    // An error means that somebody has started it before.
    let _ =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).try_init();
}
