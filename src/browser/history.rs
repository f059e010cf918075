//! Browser. Where the reader came from, and the way back.

/// One step back, as the browser's own button does it.
pub fn history_back() {
    if let Some(history) = web_sys::window().and_then(|w| w.history().ok()) {
        drop(history.back());
    }
}

/// The address on this site that linked to this document, without the host.
pub fn referrer() -> Option<String> {
    let window = web_sys::window()?;
    let from = window.document()?.referrer();
    let own = window.location().origin().ok()?;
    from.strip_prefix(&own).filter(|path| path.starts_with('/')).map(str::to_owned)
}
