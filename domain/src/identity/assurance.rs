//! How sure the identity provider is of who logged in.

use crate::coded::coded;

coded! {
    /// Levels of assurance of eIDAS (Regulation 910/2014, article 8), weakest first; strong authentication means at
    /// least `substantial` (domain.md §1, C).
    Assurance {
        /// Low; also what an unknown level counts as.
        Low = "low",
        /// Substantial.
        Substantial = "substantial",
        /// High.
        High = "high",
    }
}
