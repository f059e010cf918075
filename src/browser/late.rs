//! Both sides. Code that the browser loads when it is first needed: the macro `late!` and what it makes. On the server,
//! and in a program that is built in one piece (without the feature `split`), all of it is there from the start.

use futures::FutureExt as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

/// The browser could not get the code: it is offline, or the server has become a newer one meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotLoaded;

#[cfg(feature = "split")]
impl From<leptos::wasm_split::SplitLoaderError> for NotLoaded {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

type Loading<P> = Pin<Box<dyn Future<Output = Result<P, NotLoaded>>>>;

/// A part of the program. `P` is the way into it: usually functions that make views.
pub struct Late<P> {
    name: &'static str,
    start: fn() -> Loading<P>,
    here: OnceLock<P>,
}

impl<P: Copy> Late<P> {
    pub const fn new(name: &'static str, start: fn() -> Loading<P>) -> Self {
        Self { name, start, here: OnceLock::new() }
    }

    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The part, if it is loaded.
    pub fn here(&self) -> Option<P> {
        if cfg!(not(feature = "split")) && self.here.get().is_none() {
            return (self.start)().now_or_never()?.ok();
        }
        self.here.get().copied()
    }

    /// Loads the part, once for all who ask. After a failure the next one who asks tries again.
    pub async fn load(&self) -> Result<P, NotLoaded> {
        match self.here() {
            Some(parts) => Ok(parts),
            None => (self.start)().await.map(|parts| *self.here.get_or_init(|| parts)),
        }
    }
}

/// `late! { static NAME: Parts = file_name { the parts } }`: everything that only this expression reaches becomes a file
/// of its own when the program is split.
#[macro_export]
macro_rules! late {
    ($(#[$doc:meta])* $vis:vis static $name:ident: $parts:ty = $file:ident { $value:expr }) => {
        $(#[$doc])*
        $vis static $name: $crate::browser::Late<$parts> =
            $crate::browser::Late::new(stringify!($file), || Box::pin($file()));

        #[cfg(feature = "split")]
        #[leptos::wasm_split::wasm_split($file, wasm_split_path = leptos::wasm_split, fallible)]
        fn $file() -> Result<$parts, $crate::browser::NotLoaded> {
            Ok($value)
        }

        #[cfg(not(feature = "split"))]
        async fn $file() -> Result<$parts, $crate::browser::NotLoaded> {
            Ok($value)
        }
    };
}
