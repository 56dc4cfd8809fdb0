//! Generates the messages and the service traits of the KurrentDB protocol from `proto/`.

use std::path::Path;

const FILES: [&str; 3] =
    ["event_store/client/gossip.proto", "event_store/client/server_features.proto", "event_store/client/streams.proto"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true);
    compiler.open_files(FILES.map(|file| root.join(file)))?;
    tonic_prost_build::configure()
        .build_client(false)
        // What is sent is not copied: events share the memory that they were read into.
        .bytes(".")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
