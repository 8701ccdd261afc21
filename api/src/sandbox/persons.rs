//! The test persons: a dozen that are always there, and as many more as a tester makes; one file each.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use domain::identity::{Assurance, NationalNumber, ProductKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::schema::{AssuranceChoice, Choice, ProductKindChoice};

/// A test person. His numbers are valid and made up.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SandboxPerson {
    /// His id in the sandbox.
    #[schema(example = "anna-weber")]
    pub id: String,
    /// His given name.
    #[schema(example = "Anna")]
    pub given_name: String,
    /// His family name.
    #[schema(example = "Weber")]
    pub family_name: String,
    /// His national number, if he has one.
    #[schema(example = "1985031200144")]
    pub national_number: Option<String>,
    /// Whether he is an agent of the Helpdesk.
    pub helpdesk: bool,
    /// What he logs in with.
    pub products: Vec<SandboxProduct>,
}

/// An authentication product of a test person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SandboxProduct {
    /// Its serial number.
    #[schema(example = "10000000000000000011")]
    pub serial: String,
    /// Its kind.
    pub kind: ProductKindChoice,
    /// How sure the sandbox is of who uses it.
    pub assurance: AssuranceChoice,
}

/// A test person to make.
#[derive(Debug)]
pub struct NewPerson {
    pub products: Vec<ProductKind>,
    pub helpdesk: bool,
    pub assurance: Option<Assurance>,
    pub with_national_number: bool,
}

use Assurance::{High, Low, Substantial};
use ProductKind::{Eid, Eidas, LuxtrustPrivate, LuxtrustProfessional};

type Cast = (&'static str, &'static str, (i32, u32, u32), bool, &'static [(ProductKind, Assurance)]);

/// Those who are always there.
const CAST: [Cast; 12] = [
    ("Anna", "Weber", (1985, 3, 12), false, &[(LuxtrustProfessional, Substantial), (Eid, High)]),
    ("Marc", "Schmit", (1972, 11, 2), false, &[(LuxtrustPrivate, Substantial), (LuxtrustProfessional, Substantial)]),
    ("Claire", "Muller", (1990, 7, 25), false, &[(Eid, High)]),
    ("Paul", "Hoffmann", (1964, 1, 30), false, &[(LuxtrustPrivate, Low)]),
    ("Léa", "Wagner", (1998, 5, 9), false, &[(Eid, High), (LuxtrustPrivate, Substantial)]),
    ("João", "Ferreira", (1981, 9, 17), false, &[(Eidas, Substantial), (LuxtrustProfessional, Substantial)]),
    ("Sophie", "Klein", (1979, 12, 24), false, &[(LuxtrustProfessional, Substantial)]),
    ("Tom", "Thill", (2001, 2, 28), false, &[(LuxtrustPrivate, Low), (Eid, High)]),
    ("Martine", "Reuter", (1968, 6, 6), false, &[(LuxtrustProfessional, High)]),
    ("Giulia", "Rossi", (1993, 4, 14), false, &[(Eidas, High)]),
    ("Nico", "Faber", (1987, 10, 31), false, &[(Eidas, Low), (LuxtrustPrivate, Substantial)]),
    ("Helene", "Desk", (1976, 8, 19), true, &[(LuxtrustProfessional, High)]),
];

const GIVEN_NAMES: [&str; 12] =
    ["Alice", "Ben", "Chantal", "Daniel", "Emma", "Félix", "Inès", "Jean", "Lara", "Max", "Nora", "Yves"];
const FAMILY_NAMES: [&str; 12] = [
    "Becker",
    "Braun",
    "Da Silva",
    "Diederich",
    "Jung",
    "Kremer",
    "Lentz",
    "Majerus",
    "Peters",
    "Schneider",
    "Simon",
    "Welter",
];

/// The folder of test persons.
pub struct Persons(PathBuf);

impl Persons {
    /// Opens the folder, and puts those into it who are always there.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let persons = Self(folder);
        for (place, (given_name, family_name, (year, month, day), helpdesk, products)) in CAST.into_iter().enumerate() {
            let birth = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
            let products = products.iter().enumerate().map(|(rank, (kind, assurance))| SandboxProduct {
                serial: format!("1{:018}{}", place + 1, rank + 1),
                kind: Choice(*kind),
                assurance: Choice(*assurance),
            });
            persons.write(&SandboxPerson {
                id: format!("{given_name}-{family_name}").to_lowercase().replace('é', "e").replace('ã', "a"),
                given_name: given_name.to_owned(),
                family_name: family_name.to_owned(),
                national_number: Some(NationalNumber::compose(birth, 1).reveal().to_owned()),
                helpdesk,
                products: products.collect(),
            })?;
        }
        Ok(persons)
    }

    /// Everybody, in the order of the ids.
    pub fn all(&self) -> io::Result<Vec<SandboxPerson>> {
        let mut files = fs::read_dir(&self.0)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        files.iter().map(|path| read(path)).collect()
    }

    /// One person.
    pub fn get(&self, id: &str) -> io::Result<Option<SandboxPerson>> {
        let is_id = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_id {
            return Ok(None);
        }
        match read(&self.path_of(id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    /// Makes one more, with numbers that nobody else has.
    pub fn add(&self, new: &NewPerson) -> io::Result<SandboxPerson> {
        let pick = |names: &[&str; 12]| names[rand::random_range(0..names.len())].to_owned();
        let products = new.products.iter().map(|kind| SandboxProduct {
            serial: format!("2{:019}", rand::random_range(0..10_000_000_000_000_000_000_u64)),
            kind: Choice(*kind),
            assurance: Choice(new.assurance.unwrap_or(if *kind == Eid { High } else { Substantial })),
        });
        let number = self.take_number()?;
        let person = SandboxPerson {
            id: format!("p-{:016x}", rand::random::<u64>()),
            given_name: pick(&GIVEN_NAMES),
            family_name: pick(&FAMILY_NAMES),
            national_number: new.with_national_number.then(|| number.reveal().to_owned()),
            helpdesk: new.helpdesk,
            products: products.collect(),
        };
        self.write(&person)?;
        Ok(person)
    }

    /// Draws a number that nobody has: an empty file of that name says who was first.
    fn take_number(&self) -> io::Result<NationalNumber> {
        loop {
            let days = rand::random_range(0..25_000);
            let birth = NaiveDate::default() - chrono::Days::new(7_000) + chrono::Days::new(days);
            let number = NationalNumber::compose(birth, rand::random_range(2..1000));
            match fs::File::create_new(self.0.join(number.reveal())) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                taken => return taken.map(|_| number),
            }
        }
    }

    fn write(&self, person: &SandboxPerson) -> io::Result<()> {
        let draft = self.0.join(format!("{}.{}.draft", person.id, rand::random::<u32>()));
        fs::write(&draft, serde_json::to_vec_pretty(person)?)?;
        fs::rename(draft, self.path_of(&person.id))
    }

    fn path_of(&self, id: &str) -> PathBuf {
        self.0.join(format!("{id}.json"))
    }
}

fn read(path: &Path) -> io::Result<SandboxPerson> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}
