//! Server. The built site: inside the binary in release builds, from a folder otherwise. Precompressed
//! files are sent as they are.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::path::{Component, Path};

#[derive(RustEmbed)]
#[folder = "target/site"]
#[allow_missing = true]
struct Site;

fn read(path: &str, root: Option<&Path>) -> Option<(Cow<'static, [u8]>, [u8; 32])> {
    match root {
        None => Site::get(path).map(|f| (f.data, f.metadata.sha256_hash())),
        Some(root) => {
            let relative = Path::new(path);
            if !relative.components().all(|c| matches!(c, Component::Normal(_))) {
                return None;
            }
            let data = std::fs::read(root.join(relative)).ok()?;
            let hash = Sha256::digest(&data).into();
            Some((Cow::Owned(data), hash))
        }
    }
}

fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).any(
        |part| {
            let mut fields = part.split(';').map(str::trim);
            fields.next() == Some(coding) && !fields.any(|f| matches!(f, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        },
    )
}

/// The file at `path` (without the leading `/`), if there is one.
pub fn serve(path: &str, request: &HeaderMap, root: Option<&Path>) -> Option<Response> {
    let ending = path.rsplit('.').next();
    if path.is_empty() || path.ends_with('/') || matches!(ending, Some("br" | "gz")) {
        return None;
    }
    let encoded = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(request, coding))
        .find_map(|(coding, suffix)| read(&format!("{path}{suffix}"), root).map(|f| (Some(coding), f)));
    let (coding, (data, hash)) = match encoded {
        Some(found) => found,
        None => (None, read(path, root)?),
    };
    let tag = hash[..12].iter().fold(String::from("\""), |tag, b| format!("{tag}{b:02x}")) + "\"";
    let known = request.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let unchanged = known.is_some_and(|k| k.split(',').any(|t| t.trim().trim_start_matches("W/") == tag));
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mime = mime_guess::from_path(path).first_or_octet_stream();
        let body = match data {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        };
        ([(header::CONTENT_TYPE, mime.as_ref().to_owned())], body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = tag.parse() {
        headers.insert(header::ETAG, tag);
    }
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_served_precompressed_and_only_from_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("site")).expect("made");
        let root = folder.path().join("site");
        std::fs::write(root.join("a.js"), "plain").expect("written");
        std::fs::write(root.join("a.js.br"), "br").expect("written");
        std::fs::write(folder.path().join("secret"), "no").expect("written");
        let mut headers = HeaderMap::new();
        let plain = serve("a.js", &headers, Some(&root)).expect("served");
        assert_eq!(plain.headers().get(header::CONTENT_ENCODING), None);
        headers.insert(header::ACCEPT_ENCODING, "gzip, br".parse().expect("a header"));
        let packed = serve("a.js", &headers, Some(&root)).expect("served");
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "br");
        assert!(packed.headers()[header::CONTENT_TYPE].to_str().expect("text").contains("javascript"));
        headers.insert(header::IF_NONE_MATCH, packed.headers()[header::ETAG].clone());
        assert_eq!(serve("a.js", &headers, Some(&root)).expect("served").status(), StatusCode::NOT_MODIFIED);
        for outside in ["../secret", "/etc/passwd", "a.js.br", "", "b.js", "a/../../secret"] {
            assert!(serve(outside, &HeaderMap::new(), Some(&root)).is_none(), "{outside}");
        }
    }
}
