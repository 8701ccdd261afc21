//! Procedures that were sent: the administration takes one in, works on it and closes it; the space takes it back until then
//! (domain.md §5, C).

use super::{Procedure, ProcedureAct, ProcedureChange, ProcedureOutcome, ProcedureState, Sending};
use crate::{Instant, Refusal};

/// Those that the administration is not done with.
const OPEN: [ProcedureState; 3] = [ProcedureState::Sent, ProcedureState::Received, ProcedureState::InProgress];

impl Procedure {
    /// How it was sent.
    ///
    /// # Errors
    /// [`Refusal::ProcedureState`] where it was not.
    pub fn require_sent(&self) -> Result<&Sending, Refusal> {
        self.sending.as_ref().ok_or(Refusal::ProcedureState { state: self.state })
    }

    /// It taken in by the administration.
    ///
    /// # Errors
    /// [`Refusal::ProcedureState`] unless it was sent and nothing more.
    pub fn received(&self, now: Instant) -> Result<ProcedureChange, Refusal> {
        self.require_state(&[ProcedureState::Sent])?;
        Ok(self.clone().turned(ProcedureState::Received, ProcedureAct::Received, now))
    }

    /// It in progress.
    ///
    /// # Errors
    /// [`Refusal::ProcedureState`] unless it was taken in, or sent and nothing more.
    pub fn started(&self, now: Instant) -> Result<ProcedureChange, Refusal> {
        self.require_state(&[ProcedureState::Sent, ProcedureState::Received])?;
        Ok(self.clone().turned(ProcedureState::InProgress, ProcedureAct::Started, now))
    }

    /// It closed by the administration, with what came of it.
    ///
    /// # Errors
    /// [`Refusal::ProcedureState`] where it was not sent, or is over.
    pub fn closed(&self, outcome: ProcedureOutcome, now: Instant) -> Result<ProcedureChange, Refusal> {
        self.require_state(&OPEN)?;
        let closed = Self { outcome: Some(outcome), ..self.clone() };
        Ok(closed.turned(ProcedureState::Closed, ProcedureAct::Closed, now))
    }

    /// It taken back from the administration.
    ///
    /// # Errors
    /// [`Refusal::ProcedureState`] where it was not sent, or is over.
    pub fn withdrawn(&self, now: Instant) -> Result<ProcedureChange, Refusal> {
        self.require_state(&OPEN)?;
        Ok(self.clone().turned(ProcedureState::Withdrawn, ProcedureAct::Withdrawn, now))
    }
}
