//! The feeds of administrations: what they are told gets its place there once it was kept.

use std::sync::Arc;

use persistence::StoreError;

use crate::app::App;

/// Gives events their places, a part of each feed. Says whether there may be more.
pub async fn round(app: &Arc<App>) -> Result<bool, StoreError> {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method itself is not general enough over lifetimes"
    )]
    let untold = app.store.read(|tx| tx.untold_administrations()).await?;
    let (is_more, mut ailing) = (!untold.is_empty(), None);
    for administration in untold {
        let numbered = app.store.write(move |tx| tx.number_events(&administration)).await;
        match numbered {
            // Of two workers that begin a feed one is refused, and finds it begun.
            Ok(_) | Err(StoreError::Conflict(_)) => {}
            // The trouble of one feed keeps no other from its turn.
            Err(error) => ailing = Some(error),
        }
    }
    ailing.map_or(Ok(is_more), Err)
}
