//! Makes sure there is a site folder to embed, and embeds it anew when it changes.

use std::path::Path;

fn main() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let site = Path::new("target/site");
    std::fs::create_dir_all(site)?;

    // Only the release server carries the site inside it: nothing else is rebuilt because the site changed.
    let server = std::env::var_os("CARGO_FEATURE_SSR").is_some();
    let release = std::env::var_os("PROFILE").is_some_and(|profile| profile == "release");
    if server && release {
        println!("cargo:rerun-if-changed=target/site");
        if !site.join("pkg/runboard.wasm").exists() {
            println!(
                "cargo:warning=target/site holds no built site: this server will have pages without style or script. Use `make build`."
            );
        }
    }
    Ok(())
}
