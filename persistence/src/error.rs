//! What can go wrong between a transaction and its database: four kinds, and the one that nobody can tell.

use diesel::result::{DatabaseErrorKind as Kind, Error};

/// Why a transaction was not kept. The texts are for the log, never for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database, or the queue before it, can't take the work now; nothing was kept, and it may be tried again.
    #[error("busy: {0}")]
    Busy(String),
    /// A unique constraint: another transaction kept the same thing first.
    #[error("conflict: {0}")]
    Conflict(String),
    /// A row holds what no rule lets in.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// COMMIT failed in a way that leaves open whether the work was kept.
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(String),
    /// Anything else: a fault of ours or of the machine; nothing was kept.
    #[error("failed: {0}")]
    Failed(String),
}

/// Neither database gives a code through diesel for these, only a text (PostgreSQL's is in English under `lc_messages = C`).
fn is_busy(message: &str) -> bool {
    matches!(
        message,
        "database is locked" | "database table is locked" | "deadlock detected" | "database or disk is full"
    ) || message.starts_with("canceling statement due to")
        || message.starts_with("attempt to write a readonly database")
        || message.starts_with("disk I/O error")
        || is_goodbye(message)
}

/// What is heard last on a connection to PostgreSQL that ends, before diesel sees that it is closed: from the server, from libpq, and
/// from libpq over TLS.
fn is_goodbye(message: &str) -> bool {
    [
        "terminating connection",
        "server closed the connection unexpectedly",
        "could not receive data from server",
        "could not send data to server",
        "no connection to the server",
        "connection not open",
        "SSL connection has been closed unexpectedly",
        "SSL SYSCALL error",
    ]
    .iter()
    .any(|goodbye| message.starts_with(goodbye))
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match &error {
            Error::DatabaseError(Kind::UniqueViolation, info) => Self::Conflict(info.message().to_owned()),
            Error::DatabaseError(
                Kind::SerializationFailure
                | Kind::ClosedConnection
                | Kind::UnableToSendCommand
                | Kind::ReadOnlyTransaction,
                info,
            ) => Self::Busy(info.message().to_owned()),
            Error::DatabaseError(Kind::Unknown, info) if is_busy(info.message()) => {
                Self::Busy(info.message().to_owned())
            }
            Error::BrokenTransactionManager => Self::Busy(error.to_string()),
            Error::DeserializationError(reason) => Self::Corrupt(reason.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// Whether the error concerns one statement alone, so that a savepoint undoes all of it.
pub(crate) fn is_local(error: &Error) -> bool {
    matches!(
        error,
        Error::DatabaseError(
            Kind::UniqueViolation | Kind::ForeignKeyViolation | Kind::CheckViolation | Kind::NotNullViolation,
            _
        ) | Error::DeserializationError(_)
            | Error::NotFound
    )
}

/// Whether the connection is gone, which diesel does not notice outside a transaction.
pub(crate) fn is_lost(error: &Error) -> bool {
    match error {
        Error::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, _)
        | Error::BrokenTransactionManager => true,
        Error::DatabaseError(_, info) => is_goodbye(info.message()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_ends_is_lost_and_its_work_may_be_tried_again() {
        for told in [
            "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally",
            "terminating connection because of crash of another server process",
            "terminating connection due to administrator command",
            "SSL connection has been closed unexpectedly",
            "SSL SYSCALL error: EOF detected",
            "could not receive data from server: Connection reset by peer",
        ] {
            let error = Error::DatabaseError(Kind::Unknown, Box::new(told.to_owned()));
            assert!(is_lost(&error));
            assert_eq!(StoreError::from(error), StoreError::Busy(told.to_owned()));
        }
        let other = Error::DatabaseError(Kind::Unknown, Box::new("no such table: x".to_owned()));
        assert!(!is_lost(&other) && matches!(StoreError::from(other), StoreError::Failed(_)));
    }
}
