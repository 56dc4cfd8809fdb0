//! The only code generation of Casebook: messages, services, their proto3-JSON form, the checks of every
//! request's fields and the access matrix, all from `proto/`.

#[path = "build/rules.rs"]
mod rules;

use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message as _;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());
    println!("cargo::rerun-if-changed=build");
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(proto_files(&root)?)?;
    // Encoded by the compiler itself: the custom options survive that, and not a trip through `prost_types`.
    let descriptor_bytes = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptor.bin"), &descriptor_bytes)?;

    tonic_prost_build::configure()
        // Ours, whose JSON form is the canonical one.
        .compile_well_known_types(true)
        .extern_path(".google.protobuf", "crate::wkt")
        .compile_fds(compiler.file_descriptor_set())?;
    pbjson_build::Builder::new()
        .register_descriptors(&compiler.file_descriptor_set().encode_to_vec())?
        .extern_path(".google.protobuf", "crate::wkt")
        .build(&[".casebook"])?;

    let pool = prost_reflect::DescriptorPool::decode(descriptor_bytes.as_slice())?;
    fs::write(out.join("rules.rs"), rules::generate(&pool)?)?;
    Ok(())
}

fn proto_files(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "proto") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
