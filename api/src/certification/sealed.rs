//! What certifications hold that nobody reads without the data keys: the national numbers of companies, and what was written in
//! requests.

use domain::{
    catalogue::ServiceDomainCode,
    certification::{Application, BusinessNumber, NamedAgent},
    identity::Protected,
    space::SpaceIdentifier,
    text::GroundsText,
};
use serde::{Deserialize, Serialize};

use crate::keys::DataKeys;

const LEGAL_PERSON: &str = "legal-person";
const APPLICATION: &str = "certification-application";

impl DataKeys {
    /// The national number of a company as it is kept.
    pub fn protect_business(&self, number: &BusinessNumber) -> Protected {
        let number = number.reveal();
        Protected { digest: self.digest(LEGAL_PERSON, number), sealed: self.seal(LEGAL_PERSON, number) }
    }

    /// What a kept number of a company can be equal to.
    pub fn business_digests(&self, number: &BusinessNumber) -> Vec<String> {
        self.digests(LEGAL_PERSON, number.reveal())
    }

    /// The number that is kept like this; `None` if the key that sealed it is missing.
    pub fn business_number(&self, kept: &Protected) -> Option<BusinessNumber> {
        BusinessNumber::parse(&self.open(LEGAL_PERSON, &kept.sealed)?).ok()
    }

    /// What was written in a request, as it is kept.
    pub fn seal_application(&self, application: &Application) -> String {
        self.seal(APPLICATION, &serde_json::to_string(&Written::from(application)).unwrap_or_default())
    }

    /// What was written in a request; `None` if the key that sealed it is missing.
    pub fn application(&self, sealed: &str) -> Option<Application> {
        let written: Written = serde_json::from_str(&self.open(APPLICATION, sealed)?).ok()?;
        written.read()
    }
}

/// An application as it is written down.
#[derive(Serialize, Deserialize)]
struct Written {
    grounds: Option<String>,
    agents: Vec<WrittenAgent>,
}

#[derive(Serialize, Deserialize)]
struct WrittenAgent {
    identifier: String,
    domains: Vec<String>,
}

impl From<&Application> for Written {
    fn from(application: &Application) -> Self {
        let agent = |agent: &NamedAgent| WrittenAgent {
            identifier: agent.identifier.to_string(),
            domains: agent.domains.iter().map(ToString::to_string).collect(),
        };
        Self {
            grounds: application.grounds.as_ref().map(ToString::to_string),
            agents: application.agents.iter().map(agent).collect(),
        }
    }
}

impl Written {
    fn read(self) -> Option<Application> {
        let agent = |agent: WrittenAgent| {
            let domains = agent.domains.iter().map(|code| ServiceDomainCode::parse(code).ok());
            let identifier = SpaceIdentifier::parse(&agent.identifier).ok()?;
            Some(NamedAgent { identifier, domains: domains.collect::<Option<_>>()? })
        };
        let grounds = self.grounds.map(|text| GroundsText::parse(&text)).transpose().ok()?;
        Some(Application { grounds, agents: self.agents.into_iter().map(agent).collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_shows_to_nobody_without_the_key() {
        let keys = DataKeys::parse(&DataKeys::generate()).unwrap();
        let agent = NamedAgent {
            identifier: SpaceIdentifier::parse("PM-A1B2C3").unwrap(),
            domains: [ServiceDomainCode::parse("affiliations").unwrap()].into(),
        };
        let grounds = Some(GroundsText::parse("Reprise de l'établissement").unwrap());
        let application = Application { grounds, agents: vec![agent] };
        let sealed = keys.seal_application(&application);
        assert!(!sealed.contains("PM-A1B2C3"));
        assert_eq!(keys.application(&sealed), Some(application));
        assert_eq!(DataKeys::parse(&DataKeys::generate()).unwrap().application(&sealed), None);
    }

    #[test]
    fn a_number_is_found_again_and_shown_again() {
        let keys = DataKeys::parse(&DataKeys::generate()).unwrap();
        let number = BusinessNumber::parse("19822200012").unwrap();
        let kept = keys.protect_business(&number);
        assert!(keys.business_digests(&number).contains(&kept.digest));
        assert_eq!(keys.business_number(&kept), Some(number));
    }
}
