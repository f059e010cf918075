//! Browser. Desktop notifications and a sound. Both are asked for by name, because not every browser has them.

use super::{Permission, spawn};
use js_sys::{Array, Function, Object, Promise, Reflect};
use std::cell::RefCell;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

thread_local! {
    static AUDIO: RefCell<Option<JsValue>> = const { RefCell::new(None) };
}

/// A property; `undefined` where there is none.
fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

fn set(of: &JsValue, name: &str, value: &JsValue) {
    // Fails for frozen objects only.
    drop(Reflect::set(of, &name.into(), value));
}

fn call(of: &JsValue, name: &str, arguments: &[JsValue]) -> Option<JsValue> {
    let function: Function = get(of, name).dyn_into().ok()?;
    function.apply(of, &arguments.iter().collect::<Array>()).ok()
}

fn construct(name: &str, arguments: &[JsValue]) -> Option<JsValue> {
    let class: Function = get(&js_sys::global(), name).dyn_into().ok()?;
    Reflect::construct(&class, &arguments.iter().collect::<Array>()).ok()
}

pub fn may_notify() -> Permission {
    match get(&get(&js_sys::global(), "Notification"), "permission").as_string().as_deref() {
        Some("granted") => Permission::Granted,
        Some("denied") => Permission::Denied,
        Some(_) => Permission::NotAsked,
        None => Permission::Missing,
    }
}

/// Asks the reader; only ever after a press, or the browser refuses by itself.
pub fn ask_to_notify(done: impl FnOnce(Permission) + 'static) {
    let asked = call(&get(&js_sys::global(), "Notification"), "requestPermission", &[]);
    let Some(promise) = asked.and_then(|p| p.dyn_into::<Promise>().ok()) else { return done(may_notify()) };
    spawn(async move {
        // Refused or not: the permission says so.
        drop(wasm_bindgen_futures::JsFuture::from(promise).await);
        done(may_notify());
    });
}

/// Shows a notification; a press on it comes back to this tab and runs `pressed`.
pub fn notify(title: &str, body: &str, pressed: impl FnOnce() + 'static) {
    let options = Object::new();
    set(&options, "body", &body.into());
    set(&options, "icon", &"/favicon.svg".into());
    let Some(shown) = construct("Notification", &[title.into(), options.into()]) else { return };
    let to_close = shown.clone();
    let press = Closure::once_into_js(move || {
        if let Some(w) = web_sys::window() {
            // Without the right to come to the front the tab stays where it is.
            drop(w.focus());
        }
        call(&to_close, "close", &[]);
        pressed();
    });
    set(&shown, "onclick", &press);
}

/// Two short tones, made here. A browser stays silent until the reader has done something on the page.
pub fn chime() {
    let audio = AUDIO.with_borrow_mut(|known| {
        if known.is_none() {
            *known = construct("AudioContext", &[]);
        }
        known.clone()
    });
    let Some(audio) = audio else { return };
    call(&audio, "resume", &[]);
    let now = get(&audio, "currentTime").as_f64().unwrap_or(0.0);
    for (after, pitch) in [(0.0, 660.0), (0.16, 880.0)] {
        tone(&audio, now + after, pitch);
    }
}

fn tone(audio: &JsValue, start: f64, pitch: f64) {
    let (Some(tone), Some(loudness)) = (call(audio, "createOscillator", &[]), call(audio, "createGain", &[])) else {
        return;
    };
    set(&get(&tone, "frequency"), "value", &pitch.into());
    let gain = get(&loudness, "gain");
    call(&gain, "setValueAtTime", &[0.12.into(), start.into()]);
    call(&gain, "exponentialRampToValueAtTime", &[0.001.into(), (start + 0.15).into()]);
    call(&tone, "connect", std::slice::from_ref(&loudness));
    call(&loudness, "connect", &[get(audio, "destination")]);
    call(&tone, "start", &[start.into()]);
    call(&tone, "stop", &[(start + 0.16).into()]);
}
