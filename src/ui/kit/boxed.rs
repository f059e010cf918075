//! Both sides. Closures of views, boxed. Around each type of closure the browser's program holds the code that follows
//! its signals anew; boxed, closures are of one type, and it holds that code once.

use leptos::prelude::*;

type Boxed<T> = Box<dyn FnMut() -> T + Send>;

/// For a place among an element's children.
pub fn view_of<V: IntoAny>(mut view: impl FnMut() -> V + Send + 'static) -> Boxed<AnyView> {
    Box::new(move || view().into_any())
}

/// For an attribute, a class or a property.
pub fn attr_of<T>(value: impl FnMut() -> T + Send + 'static) -> Boxed<T> {
    Box::new(value)
}

/// For `on:…`.
pub fn act<E>(handler: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(handler)
}

/// An effect.
pub fn follow(effect: impl FnMut() + 'static) {
    let effect: Box<dyn FnMut()> = Box::new(effect);
    Effect::new(effect);
}
