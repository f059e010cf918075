//! Browser. Numbers and moments as the viewer's locale writes them; moments in the viewer's zone, or in UTC on request.

use super::{LocalStyle, NumberStyle};
use js_sys::{Date, Function, Intl, Object, Reflect};
use leptos::prelude::*;
use std::cell::RefCell;
use wasm_bindgen::JsValue;

const UTC_KEY: &str = "runboard.utc";
/// What `ui::kit::format` writes by itself, as the server does.
const SAMPLE: (f64, &str) = (1_234_567.8, "1,234,567.8");

thread_local! {
    // Signals, because what is on the page changes with them. Both are false while the server's HTML is taken over.
    static FOREIGN: ArcRwSignal<bool> = ArcRwSignal::new(false);
    static UTC: ArcRwSignal<bool> = ArcRwSignal::new(false);
    // A browser takes longer to make one of its formats than to use it, and every row of a list uses some.
    static NUMBERS: Formats<NumberStyle> = const { RefCell::new(Vec::new()) };
    static MOMENTS: Formats<(LocalStyle, Zone)> = const { RefCell::new(Vec::new()) };
}

/// What a format of moments was made for: UTC, or where the viewer is, by minutes from it. A laptop travels.
#[derive(Clone, Copy, PartialEq)]
enum Zone {
    Utc,
    Local(f64),
}

type Formats<K> = RefCell<Vec<(K, Function)>>;

/// `value` as the format for `key` writes it; `make` makes that once.
fn written<K: PartialEq>(formats: &Formats<K>, key: K, make: fn(&K) -> Function, value: &JsValue) -> Option<String> {
    let mut formats = formats.borrow_mut();
    let at = formats.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
        let format = make(&key);
        formats.push((key, format));
        formats.len() - 1
    });
    formats[at].1.call1(&JsValue::NULL, value).ok()?.as_string()
}

/// From now on the page is written for its viewer. Called once the server's HTML has been taken over.
pub fn know_locale() {
    let foreign = intl(SAMPLE.0, NumberStyle::Decimal(1)).is_some_and(|text| text != SAMPLE.1);
    FOREIGN.with(|f| f.maybe_update(|f| std::mem::replace(f, foreign) != foreign));
    let utc = super::stored(UTC_KEY).is_some();
    UTC.with(|u| u.maybe_update(|u| std::mem::replace(u, utc) != utc));
}

/// Are moments shown in UTC?
pub fn in_utc() -> bool {
    UTC.with(Get::get)
}

pub fn show_utc(utc: bool) {
    if utc {
        super::store(UTC_KEY, "yes");
    } else {
        super::forget(UTC_KEY);
    }
    UTC.with(|u| u.set(utc));
}

/// `None` where the server's way of writing numbers is the viewer's too.
pub fn number(value: f64, style: NumberStyle) -> Option<String> {
    if FOREIGN.with(Get::get) { intl(value, style) } else { None }
}

fn options(pairs: &[(&str, JsValue)]) -> Object {
    let options = Object::new();
    for (name, value) in pairs {
        // Setting a field of a fresh plain object can't fail.
        drop(Reflect::set(&options, &(*name).into(), value));
    }
    options
}

fn intl(value: f64, style: NumberStyle) -> Option<String> {
    NUMBERS.with(|formats| written(formats, style, |style| number_format(*style), &value.into()))
}

fn number_format(style: NumberStyle) -> Function {
    let places = |n: u8| [("minimumFractionDigits", n.into()), ("maximumFractionDigits", n.into())];
    let options = match style {
        NumberStyle::Decimal(n) => options(&places(n)),
        NumberStyle::Short => options(&[("notation", "compact".into()), ("maximumFractionDigits", 1.into())]),
        NumberStyle::Usd(n) => {
            let [least, most] = places(n);
            let currency = ("currency", "USD".into());
            options(&[("style", "currency".into()), currency, ("currencyDisplay", "narrowSymbol".into()), least, most])
        }
    };
    Intl::NumberFormat::new(&js_sys::Array::new(), &options).format()
}

/// A moment in the viewer's locale; says so when it is UTC.
pub fn local_time(ms: i64, style: LocalStyle) -> String {
    let utc = in_utc();
    let date = Date::new(&JsValue::from_f64(ms as f64));
    let zone = if utc { Zone::Utc } else { Zone::Local(Date::new_0().get_timezone_offset()) };
    let text =
        MOMENTS.with(|formats| written(formats, (style, zone), |(style, zone)| moment_format(*style, *zone), &date));
    let text = text.unwrap_or_else(|| ms.to_string());
    let says_so = utc && !matches!(style, LocalStyle::Bare | LocalStyle::Day);
    if says_so { format!("{text} UTC") } else { text }
}

fn moment_format(style: LocalStyle, zone: Zone) -> Function {
    let mut pairs: Vec<(&str, JsValue)> = match style {
        LocalStyle::Minute => vec![("timeStyle", "short".into())],
        LocalStyle::Second | LocalStyle::Bare => vec![("timeStyle", "medium".into())],
        LocalStyle::Day => vec![("day", "numeric".into()), ("month", "short".into())],
        LocalStyle::DayMinute => vec![
            ("day", "numeric".into()),
            ("month", "short".into()),
            ("hour", "2-digit".into()),
            ("minute", "2-digit".into()),
        ],
        LocalStyle::Full => vec![("dateStyle", "medium".into()), ("timeStyle", "medium".into())],
    };
    if zone == Zone::Utc {
        pairs.push(("timeZone", "UTC".into()));
    }
    Intl::DateTimeFormat::new(&js_sys::Array::new(), &options(&pairs)).format()
}

/// The viewer's own time zone by its name in the tz database; `UTC` where times are shown so.
pub fn time_zone() -> Option<String> {
    if in_utc() {
        return Some("UTC".to_owned());
    }
    let resolved = Intl::DateTimeFormat::new(&js_sys::Array::new(), &options(&[])).resolved_options();
    Reflect::get(&resolved, &"timeZone".into()).ok()?.as_string()
}

/// The value of an `input[type=datetime-local]`, read in the zone that moments are shown in.
#[allow(clippy::cast_possible_truncation)]
pub fn from_local_input(text: &str) -> Option<i64> {
    let zone = if in_utc() { "Z" } else { "" };
    let ms = Date::new(&JsValue::from_str(&format!("{text}{zone}"))).get_time();
    (!text.is_empty() && ms.is_finite()).then_some(ms as i64)
}

pub fn to_local_input(ms: i64) -> String {
    let d = Date::new(&JsValue::from_f64(ms as f64));
    let (year, month, day, hour, minute) = if in_utc() {
        (d.get_utc_full_year(), d.get_utc_month(), d.get_utc_date(), d.get_utc_hours(), d.get_utc_minutes())
    } else {
        (d.get_full_year(), d.get_month(), d.get_date(), d.get_hours(), d.get_minutes())
    };
    format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}", month + 1)
}
