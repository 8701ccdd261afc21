//! Files that nothing stands for any more are deleted from the store room, and then forgotten: in this order, so that none is left behind.

use std::sync::Arc;

use persistence::StoreError;

use crate::app::App;

/// Deletes what is doomed. Says whether there may be more.
///
/// Two workers may delete the same file: it is gone after either.
pub async fn round(app: &Arc<App>) -> Result<bool, StoreError> {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method itself is not general enough over lifetimes"
    )]
    let doomed = app.store.glance(|tx| tx.doomed_files()).await?;
    if doomed.is_empty() {
        return Ok(false);
    }
    let (mut deleted, mut failure) = (vec![], None);
    for file in doomed {
        match app.store_room.delete(file).await {
            Ok(()) => deleted.push(file),
            Err(error) => failure = Some(error),
        }
    }
    app.store.write(move |tx| tx.forget_files(&deleted)).await?;
    failure.map_or(Ok(true), |error| Err(StoreError::Failed(error.to_string())))
}
