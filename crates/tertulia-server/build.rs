//! Embeds the web client: every file of `web/dist`, compressed here once and for all.
//!
//! Without `web/dist` the table is empty, and the server says how to build it.

use std::{
    env, fs,
    hash::{DefaultHasher, Hasher as _},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

fn main() -> io::Result<()> {
    let dist =
        PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("../../web/dist");
    // A folder that is not there would count as changed at every build.
    fs::create_dir_all(&dist)?;
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    let mut files = Vec::new();
    collect(&dist, &mut files)?;
    files.sort();
    let mut table = String::from("static ASSETS: &[Asset] = &[\n");
    for (at, file) in files.iter().enumerate() {
        let name = file.strip_prefix(&dist).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        let bytes = fs::read(file)?;
        let mut digest = DefaultHasher::new();
        digest.write(&bytes);
        let etag = format!("\\\"{:016x}\\\"", digest.finish());
        let media = media(&name);
        let gzip = embedded(&out, at, "gz", &bytes, compressed_by_gzip, media)?;
        let brotli = embedded(&out, at, "br", &bytes, compressed_by_brotli, media)?;
        table.push_str(&format!(
            "    Asset {{ path: {name:?}, media: {media:?}, etag: \"{etag}\", plain: include_bytes!({:?}), \
             gzip: {gzip}, brotli: {brotli} }},\n",
            fs::canonicalize(file)?
        ));
    }
    table.push_str("];\n");
    fs::write(out.join("web_assets.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => collect(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

/// The expression of a compressed copy; none where it would not be smaller.
fn embedded(
    out: &Path,
    at: usize,
    extension: &str,
    bytes: &[u8],
    compress: fn(&[u8]) -> io::Result<Vec<u8>>,
    media: &str,
) -> io::Result<String> {
    let is_text = ["text/", "application/json", "application/manifest", "image/svg", "application/wasm"];
    if !is_text.iter().any(|start| media.starts_with(start)) {
        return Ok("None".to_owned());
    }
    let compressed = compress(bytes)?;
    if compressed.len() >= bytes.len() {
        return Ok("None".to_owned());
    }
    let path = out.join(format!("{at}.{extension}"));
    fs::write(&path, compressed)?;
    Ok(format!("Some(include_bytes!({path:?}))"))
}

fn compressed_by_gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn compressed_by_brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    // The best takes seconds in a program that is not optimised.
    let quality = if env::var("PROFILE").is_ok_and(|profile| profile == "release") { 11 } else { 5 };
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality, ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn media(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
