//! What hangs on a holder's certification: the agents whom it has, and whether it backs another one.

use diesel::prelude::*;
use domain::{
    certification::{Certification, HeldCertification, PrincipalStanding},
    id::{CertificationId, SpaceId},
    space::SpaceIdentifier,
};

use super::{CertificationRow, HeldColumns, held, holders, homes, read_held};
use crate::{
    error::StoreError,
    row::Row,
    schema::{certifications, spaces},
    space::SpaceRow,
    transaction::Reading,
};

impl Reading<'_> {
    /// How the certification on which an agent's is to hang stands, and in which space it is.
    pub fn principal_standing(
        &mut self,
        id: CertificationId,
    ) -> Result<Option<(PrincipalStanding, SpaceId)>, StoreError> {
        let found: Option<(CertificationRow, SpaceRow)> = self.run(|db| {
            certifications::table
                .inner_join(spaces::table)
                .filter(certifications::id.eq(id.to_string()))
                .select((CertificationRow::as_select(), SpaceRow::as_select()))
                .get_result(db)
                .optional()
        })?;
        let Some((principal, space)) = found else { return Ok(None) };
        let (Certification { status, ends_at, domains, .. }, space) = (principal.read()?, space.read()?);
        Ok(Some((PrincipalStanding { status, ends_at, domains, is_space_in_use: space.is_in_use() }, space.id)))
    }

    /// The certifications that hang on a holder's, over or not, oldest first, with what decides whether they are effective, each
    /// with the identifier of its space.
    pub fn agents_of(
        &mut self,
        holder: CertificationId,
        after: Option<CertificationId>,
        most: u32,
    ) -> Result<Vec<(HeldCertification, SpaceIdentifier)>, StoreError> {
        // No id is smaller than the empty text.
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let found: Vec<HeldColumns> = self.run(|db| {
            held!()
                .filter(certifications::principal_id.eq(holder.to_string()))
                .filter(certifications::id.gt(after))
                .order(certifications::id)
                .limit(most.into())
                .get_results(db)
        })?;
        let agents: Vec<HeldCertification> = found.into_iter().map(read_held).collect::<Result<_, _>>()?;
        let identifiers = self.identifiers_of(agents.iter().map(|agent| agent.certification.space))?;
        Ok(std::iter::zip(agents, identifiers).collect())
    }

    /// A certification that hangs on a holder's, with the identifier of its space.
    pub fn agent_of(
        &mut self,
        id: CertificationId,
        holder: CertificationId,
    ) -> Result<Option<(HeldCertification, SpaceIdentifier)>, StoreError> {
        let found: Option<HeldColumns> = self.run(|db| {
            held!()
                .filter(certifications::id.eq(id.to_string()))
                .filter(certifications::principal_id.eq(holder.to_string()))
                .get_result(db)
                .optional()
        })?;
        let Some(agent) = found.map(read_held).transpose()? else { return Ok(None) };
        let identifier = self.identifiers_of([agent.certification.space])?.pop();
        Ok(identifier.map(|identifier| (agent, identifier)))
    }

    /// The identifiers of spaces, in the order in which these are named.
    fn identifiers_of(&mut self, named: impl IntoIterator<Item = SpaceId>) -> Result<Vec<SpaceIdentifier>, StoreError> {
        let named: Vec<String> = named.into_iter().map(|id| id.to_string()).collect();
        let found: Vec<(String, String)> = self.run(|db| {
            spaces::table.filter(spaces::id.eq_any(&named)).select((spaces::id, spaces::identifier)).get_results(db)
        })?;
        let identifier = |id: &String| {
            let row = Row { table: "spaces", id };
            let found = found.iter().find(|(found, _)| found == id).ok_or_else(|| row.corrupt("it is not there"))?;
            row.value(SpaceIdentifier::parse(&found.1))
        };
        named.iter().map(identifier).collect()
    }
}
