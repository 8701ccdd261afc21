//! Whose agent a space becomes.

use crate::{Fault, Refusal, catalogue::Capacity, id::CertificationId};

/// The certifications of holders, for one service and one legal person, that are granted or suspended: an agent for the same
/// hangs on one of them. Where there is none it hangs on nobody's, for the company has no space here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Principals(pub Vec<CertificationId>);

impl Principals {
    /// The one that was named for somebody who is to be certified in this capacity.
    ///
    /// # Errors
    /// [`Refusal::PrincipalRequired`] if one of several, or the only one, is to be named; [`Refusal::Field`] if the one named is
    /// none of them, or the space is to be a holder's.
    pub fn choose(
        &self,
        capacity: Capacity,
        named: Option<CertificationId>,
    ) -> Result<Option<CertificationId>, Refusal> {
        match (capacity, named) {
            (Capacity::Holder, None) => Ok(None),
            (Capacity::Agent, Some(id)) if self.0.contains(&id) => Ok(Some(id)),
            (_, Some(_)) => Err(Refusal::Field { field: "principal", fault: Fault::NotApplicable }),
            (Capacity::Agent, None) if self.0.is_empty() => Ok(None),
            (Capacity::Agent, None) => Err(Refusal::PrincipalRequired { principals: self.0.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_agent_hangs_on_a_holder_who_is_here() {
        let [one, other] = [1, 2].map(|id| CertificationId(Uuid::from_u128(id)));
        let (nobody, principals) = (Principals::default(), Principals(vec![one]));
        let refused = Err(Refusal::Field { field: "principal", fault: Fault::NotApplicable });
        assert_eq!(nobody.choose(Capacity::Agent, None), Ok(None));
        assert_eq!(nobody.choose(Capacity::Agent, Some(one)), refused);
        assert_eq!(principals.choose(Capacity::Agent, Some(one)), Ok(Some(one)));
        assert_eq!(principals.choose(Capacity::Agent, Some(other)), refused);
        let wanted = Refusal::PrincipalRequired { principals: vec![one] };
        assert_eq!(principals.choose(Capacity::Agent, None), Err(wanted));
    }

    #[test]
    fn a_holder_hangs_on_nobody() {
        let one = CertificationId(Uuid::from_u128(1));
        let principals = Principals(vec![one]);
        assert_eq!(principals.choose(Capacity::Holder, None), Ok(None));
        let refused = Err(Refusal::Field { field: "principal", fault: Fault::NotApplicable });
        assert_eq!(principals.choose(Capacity::Holder, Some(one)), refused);
    }
}
