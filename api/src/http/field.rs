//! What is wrong with one field: the codes of `errors[]` in a problem, and their texts.

use domain::{Fault, form::FormFlaw, text::Language};
use serde::Serialize;
use utoipa::ToSchema;

use super::language::Text;

/// One fault of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where.
    pub place: Place,
    /// What.
    pub flaw: Flaw,
}

/// Where a fault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the body, by JSON Pointer (RFC 6901).
    Pointer(String),
    /// In the query, by the parameter's name.
    Parameter(String),
    /// In a header, by its name.
    Header(String),
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// Its value breaks a rule of the domain.
    Value(Fault),
    /// A JSON Schema is no form.
    Form(FormFlaw),
    /// The body is no JSON, or JSON is nested too deeply.
    Syntax,
    /// A field that nobody asked for.
    Unknown,
    /// A field that must be there.
    Missing,
    /// A field, or parameter, that is there twice.
    Duplicate,
    /// A value of another JSON type.
    WrongType,
    /// A value that is not in the list, or not in the form, of its type.
    WrongValue,
}

/// One fault of one field, as a client sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldError)]
#[serde(rename_all = "camelCase")]
pub struct FieldErrorView {
    /// JSON Pointer to the field of the body.
    #[schema(example = "/title")]
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// Name of the query parameter.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// Name of the header.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    /// Stable code, never translated.
    #[schema(example = "too_long")]
    code: &'static str,
    /// What is wrong, in the caller's language.
    #[schema(example = "120 caractères au plus.")]
    detail: String,
}

impl FieldError {
    /// A fault at a place in the body.
    pub fn at(pointer: &str, flaw: Flaw) -> Self {
        Self { place: Place::Pointer(pointer.to_owned()), flaw }
    }
    /// A fault of a query parameter.
    pub fn of_parameter(name: &str, flaw: Flaw) -> Self {
        Self { place: Place::Parameter(name.to_owned()), flaw }
    }

    /// The fault in a language.
    pub fn view(&self, language: Language) -> FieldErrorView {
        let (mut pointer, mut parameter, mut header) = (None, None, None);
        match &self.place {
            Place::Pointer(place) => pointer = Some(place.clone()),
            Place::Parameter(place) => parameter = Some(place.clone()),
            Place::Header(place) => header = Some(place.clone()),
        }
        let (code, _) = self.flaw.words();
        FieldErrorView { pointer, parameter, header, code, detail: self.detail(language) }
    }

    /// Where it is, and what, in one line.
    pub fn in_words(&self, language: Language) -> String {
        let (Place::Pointer(place) | Place::Parameter(place) | Place::Header(place)) = &self.place;
        format!("{place}: {}", self.detail(language))
    }

    fn detail(&self, language: Language) -> String {
        let (_, detail) = self.flaw.words();
        let detail = detail.in_language(language);
        match self.flaw {
            Flaw::Value(Fault::TooLong { max } | Fault::TooMany { max }) => detail.replace("{max}", &max.to_string()),
            Flaw::Value(Fault::OutOfRange { min, max }) => {
                detail.replace("{min}", &min.to_string()).replace("{max}", &max.to_string())
            }
            _ => detail.to_owned(),
        }
    }
}

impl From<Fault> for Flaw {
    fn from(fault: Fault) -> Self {
        Self::Value(fault)
    }
}

impl From<FormFlaw> for Flaw {
    fn from(flaw: FormFlaw) -> Self {
        Self::Form(flaw)
    }
}

/// Why a JSON Schema is no form.
fn words_of_form(flaw: FormFlaw) -> (&'static str, Text) {
    match flaw {
        FormFlaw::NotOfObject => (
            "not_of_object",
            Text {
                fr: "N'est pas le schéma d'un objet.",
                de: "Ist nicht das Schema eines Objekts.",
                en: "Is not the schema of an object.",
                lb: "Ass net de Schema vun engem Objet.",
            },
        ),
        FormFlaw::Invalid => (
            "invalid_schema",
            Text {
                fr: "N'est pas valable en JSON Schema 2020-12.",
                de: "Ist in JSON Schema 2020-12 nicht gültig.",
                en: "Is not valid in JSON Schema 2020-12.",
                lb: "Ass am JSON Schema 2020-12 net gëlteg.",
            },
        ),
        FormFlaw::Keyword => (
            "unknown_keyword",
            Text {
                fr: "N'est pas un mot-clé des formulaires.",
                de: "Ist kein Schlüsselwort von Formularen.",
                en: "Is not a keyword of forms.",
                lb: "Ass kee Schlësselwuert vu Formulairen.",
            },
        ),
        FormFlaw::Reference => (
            "unknown_reference",
            Text {
                fr: "Ne renvoie pas à une définition de ce formulaire.",
                de: "Verweist nicht auf eine Definition dieses Formulars.",
                en: "Does not refer to a definition of this form.",
                lb: "Weist net op eng Definitioun vun dësem Formulaire.",
            },
        ),
        FormFlaw::Recursive => (
            "recursive",
            Text {
                fr: "Revient à lui-même.",
                de: "Führt zu sich selbst zurück.",
                en: "Comes back to itself.",
                lb: "Féiert op sech selwer zréck.",
            },
        ),
        FormFlaw::Format => (
            "unknown_format",
            Text {
                fr: "N'est pas un format vérifié ici.",
                de: "Ist kein Format, das hier geprüft wird.",
                en: "Is not a format that is checked here.",
                lb: "Ass kee Format, deen hei gepréift gëtt.",
            },
        ),
        FormFlaw::Pattern => (
            "pattern_not_linear",
            Text {
                fr: "N'est pas un motif qui s'évalue en temps linéaire.",
                de: "Ist kein Muster, das in linearer Zeit geprüft werden kann.",
                en: "Is not a pattern that can be matched in linear time.",
                lb: "Ass kee Muster, dat an enger linearer Zäit gepréift ka ginn.",
            },
        ),
        FormFlaw::Texts => (
            "not_texts",
            Text {
                fr: "N'est pas un texte par langue, dont le français.",
                de: "Ist kein Text je Sprache, mit Französisch.",
                en: "Is not a text for each language, with French.",
                lb: "Ass keen Text pro Sprooch, mat Franséisch.",
            },
        ),
        FormFlaw::Source => (
            "unknown_source",
            Text {
                fr: "N'est pas une source de préremplissage.",
                de: "Ist keine Quelle zum Vorausfüllen.",
                en: "Is not a source of prefilling.",
                lb: "Ass keng Quell fir virauszefëllen.",
            },
        ),
        FormFlaw::TooLarge => (
            "too_large",
            Text {
                fr: "Est trop grand, ou imbriqué trop profondément.",
                de: "Ist zu groß oder zu tief verschachtelt.",
                en: "Is too large, or nested too deeply.",
                lb: "Ass ze grouss oder ze déif verschachtelt.",
            },
        ),
    }
}

impl Flaw {
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn words(&self) -> (&'static str, Text) {
        match self {
            Self::Value(Fault::Empty) => (
                "empty",
                Text {
                    fr: "Ne peut pas être vide.",
                    de: "Darf nicht leer sein.",
                    en: "Must not be empty.",
                    lb: "Dierf net eidel sinn.",
                },
            ),
            Self::Value(Fault::TooLong { .. }) => (
                "too_long",
                Text {
                    fr: "{max} caractères au plus.",
                    de: "Höchstens {max} Zeichen.",
                    en: "At most {max} characters.",
                    lb: "Héchstens {max} Zeechen.",
                },
            ),
            Self::Value(Fault::TooMany { .. }) => (
                "too_many",
                Text {
                    fr: "{max} éléments au plus.",
                    de: "Höchstens {max} Einträge.",
                    en: "At most {max} items.",
                    lb: "Héchstens {max} Elementer.",
                },
            ),
            Self::Value(Fault::TooLarge) => words_of_form(FormFlaw::TooLarge),
            Self::Value(Fault::BarredCharacter) => (
                "barred_character",
                Text {
                    fr: "Contient un caractère non admis (de contrôle, invisible ou de direction).",
                    de: "Enthält ein unzulässiges Zeichen (Steuerzeichen, unsichtbares Zeichen oder Richtungszeichen).",
                    en: "Contains a character that is not allowed (control, invisible or directional).",
                    lb: "Enthält en Zeechen, dat net erlaabt ass (Steier-, onsiichtbart oder Richtungszeechen).",
                },
            ),
            Self::Value(Fault::CombiningMarks) => (
                "combining_marks",
                Text {
                    fr: "Superpose trop de signes diacritiques.",
                    de: "Enthält zu viele diakritische Zeichen übereinander.",
                    en: "Stacks too many combining marks.",
                    lb: "Enthält ze vill diakritesch Zeechen iwwerteneen.",
                },
            ),
            Self::Value(Fault::Malformed) => (
                "malformed",
                Text {
                    fr: "N'a pas le format attendu.",
                    de: "Hat nicht das erwartete Format.",
                    en: "Does not have the expected format.",
                    lb: "Huet net dat erwaart Format.",
                },
            ),
            Self::Value(Fault::CheckDigits) => (
                "check_digits",
                Text {
                    fr: "Les chiffres de contrôle sont faux.",
                    de: "Die Prüfziffern sind falsch.",
                    en: "The check digits are wrong.",
                    lb: "D'Kontrollziffere si falsch.",
                },
            ),
            Self::Value(Fault::Missing) | Self::Missing => (
                "missing",
                Text { fr: "Est obligatoire.", de: "Ist erforderlich.", en: "Is required.", lb: "Ass obligatoresch." },
            ),
            Self::Value(Fault::NotApplicable) => (
                "not_applicable",
                Text {
                    fr: "Ne s'applique pas ici.",
                    de: "Gilt hier nicht.",
                    en: "Does not apply here.",
                    lb: "Gëllt hei net.",
                },
            ),
            Self::Value(Fault::NotInFuture) => (
                "not_in_future",
                Text {
                    fr: "Doit être dans le futur.",
                    de: "Muss in der Zukunft liegen.",
                    en: "Must be in the future.",
                    lb: "Muss an der Zukunft leien.",
                },
            ),
            Self::Value(Fault::TooFar) => (
                "too_far",
                Text {
                    fr: "Est trop éloigné dans le futur.",
                    de: "Liegt zu weit in der Zukunft.",
                    en: "Is too far in the future.",
                    lb: "Läit ze wäit an der Zukunft.",
                },
            ),
            Self::Value(Fault::OutOfRange { .. }) => (
                "out_of_range",
                Text {
                    fr: "Doit être entre {min} et {max}.",
                    de: "Muss zwischen {min} und {max} liegen.",
                    en: "Must be between {min} and {max}.",
                    lb: "Muss tëschent {min} an {max} leien.",
                },
            ),
            Self::Form(flaw) => words_of_form(*flaw),
            Self::Syntax => (
                "syntax",
                Text {
                    fr: "N'est pas du JSON valide.",
                    de: "Ist kein gültiges JSON.",
                    en: "Is not valid JSON.",
                    lb: "Ass kee gëltege JSON.",
                },
            ),
            Self::Unknown => (
                "unknown",
                Text {
                    fr: "Est inconnu ici.",
                    de: "Ist hier unbekannt.",
                    en: "Is unknown here.",
                    lb: "Ass hei onbekannt.",
                },
            ),
            Self::Duplicate => (
                "duplicate",
                Text {
                    fr: "Figure plus d'une fois.",
                    de: "Kommt mehr als einmal vor.",
                    en: "Is given more than once.",
                    lb: "Kënnt méi wéi eemol vir.",
                },
            ),
            Self::WrongType => (
                "wrong_type",
                Text {
                    fr: "N'est pas du bon type JSON.",
                    de: "Hat den falschen JSON-Typ.",
                    en: "Is of the wrong JSON type.",
                    lb: "Huet de falsche JSON-Typ.",
                },
            ),
            Self::WrongValue => (
                "wrong_value",
                Text {
                    fr: "N'est pas une valeur admise.",
                    de: "Ist kein zugelassener Wert.",
                    en: "Is not an allowed value.",
                    lb: "Ass keen erlaabte Wäert.",
                },
            ),
        }
    }
}
