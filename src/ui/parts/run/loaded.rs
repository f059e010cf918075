//! Both sides. A view's data on its way: waiting, failed, here.

use crate::domain::Error;
use crate::ui::kit::ErrorNote;
use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

/// Shows `view` once the data is here, and says so when it can't be had.
pub fn loaded<T, V>(
    data: Resource<Result<T, Error>>,
    view: impl Fn(T) -> V + Copy + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let content = move || {
        Suspend::new(async move {
            match data.await {
                Ok(value) => view(value).into_any(),
                Err(error) => {
                    let retry = Callback::new(move |()| data.refetch());
                    view! { <ErrorNote message=error.to_string() on_retry=retry/> }.into_any()
                }
            }
        })
    };
    view! { <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{content}</Suspense> }
}
