//! What is wrong with what is filled in, in words.

use domain::{
    Coded,
    form::{FormError, FormRule},
    text::Language,
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::http::language::Text;

/// Something that is wrong with what is filled in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FormError)]
pub struct FormErrorView {
    /// JSON Pointer into the content; of a field that is missing, where it should be.
    #[schema(example = "/activityStartedOn")]
    pointer: String,
    /// The rule of the form that is broken: stable, never translated.
    #[schema(example = "required")]
    code: &'static str,
    /// What is wrong, in the caller's language.
    #[schema(example = "Est obligatoire.")]
    detail: String,
    /// What the rule wants: `limit`, `format` or `expected`.
    #[schema(value_type = Object, additional_properties, example = json!({}))]
    parameters: Map<String, Value>,
}

impl FormErrorView {
    /// An error in a language.
    pub fn new(error: FormError, language: Language) -> Self {
        let detail = words(error.rule).in_language(language);
        let with = |detail: String, (name, value): (&&str, &Value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            detail.replace(&format!("{{{name}}}"), &value)
        };
        let detail = error.parameters.iter().fold(detail.to_owned(), with);
        let parameters = error.parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { pointer: error.pointer, code: error.rule.code(), detail, parameters }
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn words(rule: FormRule) -> Text {
    match rule {
        FormRule::Required => {
            Text { fr: "Est obligatoire.", de: "Ist erforderlich.", en: "Is required.", lb: "Ass obligatoresch." }
        }
        FormRule::Unknown => Text {
            fr: "Ne fait pas partie du formulaire.",
            de: "Gehört nicht zum Formular.",
            en: "Is not part of the form.",
            lb: "Gehéiert net zum Formulaire.",
        },
        FormRule::Type => Text {
            fr: "N'est pas du bon type.",
            de: "Hat den falschen Typ.",
            en: "Is of the wrong type.",
            lb: "Huet de falschen Typ.",
        },
        FormRule::Format => Text {
            fr: "N'a pas le format attendu : {format}.",
            de: "Hat nicht das erwartete Format: {format}.",
            en: "Does not have the expected format: {format}.",
            lb: "Huet net dat erwaart Format: {format}.",
        },
        FormRule::Pattern => Text {
            fr: "N'a pas la forme attendue.",
            de: "Hat nicht die erwartete Form.",
            en: "Does not have the expected form.",
            lb: "Huet net déi erwaart Form.",
        },
        FormRule::Enum => Text {
            fr: "N'est pas une valeur de la liste.",
            de: "Ist kein Wert der Liste.",
            en: "Is not a value of the list.",
            lb: "Ass kee Wäert vun der Lëscht.",
        },
        FormRule::Const => Text {
            fr: "N'est pas la valeur attendue.",
            de: "Ist nicht der erwartete Wert.",
            en: "Is not the expected value.",
            lb: "Ass net den erwaarte Wäert.",
        },
        FormRule::Minimum => Text {
            fr: "Doit être au moins {limit}.",
            de: "Muss mindestens {limit} sein.",
            en: "Must be at least {limit}.",
            lb: "Muss op d'mannst {limit} sinn.",
        },
        FormRule::Maximum => Text {
            fr: "Doit être au plus {limit}.",
            de: "Darf höchstens {limit} sein.",
            en: "Must be at most {limit}.",
            lb: "Däerf héchstens {limit} sinn.",
        },
        FormRule::ExclusiveMinimum => Text {
            fr: "Doit être supérieur à {limit}.",
            de: "Muss größer als {limit} sein.",
            en: "Must be more than {limit}.",
            lb: "Muss méi wéi {limit} sinn.",
        },
        FormRule::ExclusiveMaximum => Text {
            fr: "Doit être inférieur à {limit}.",
            de: "Muss kleiner als {limit} sein.",
            en: "Must be less than {limit}.",
            lb: "Muss manner wéi {limit} sinn.",
        },
        FormRule::MultipleOf => Text {
            fr: "Doit être un multiple de {limit}.",
            de: "Muss ein Vielfaches von {limit} sein.",
            en: "Must be a multiple of {limit}.",
            lb: "Muss e Multipel vu(n) {limit} sinn.",
        },
        FormRule::MinLength => Text {
            fr: "{limit} caractères au moins.",
            de: "Mindestens {limit} Zeichen.",
            en: "At least {limit} characters.",
            lb: "Op d'mannst {limit} Zeechen.",
        },
        FormRule::MaxLength => Text {
            fr: "{limit} caractères au plus.",
            de: "Höchstens {limit} Zeichen.",
            en: "At most {limit} characters.",
            lb: "Héchstens {limit} Zeechen.",
        },
        FormRule::MinItems => Text {
            fr: "{limit} éléments au moins.",
            de: "Mindestens {limit} Einträge.",
            en: "At least {limit} items.",
            lb: "Op d'mannst {limit} Andréi.",
        },
        FormRule::MaxItems => Text {
            fr: "{limit} éléments au plus.",
            de: "Höchstens {limit} Einträge.",
            en: "At most {limit} items.",
            lb: "Héchstens {limit} Andréi.",
        },
        FormRule::UniqueItems => Text {
            fr: "Contient deux fois le même élément.",
            de: "Enthält einen Eintrag zweimal.",
            en: "Holds an item twice.",
            lb: "Enthält en Androch zweemol.",
        },
        FormRule::Contains => Text {
            fr: "Il manque un élément attendu.",
            de: "Ein erwarteter Eintrag fehlt.",
            en: "An expected item is missing.",
            lb: "Et feelt en erwaarten Androch.",
        },
        FormRule::MinProperties => Text {
            fr: "{limit} champs au moins.",
            de: "Mindestens {limit} Felder.",
            en: "At least {limit} fields.",
            lb: "Op d'mannst {limit} Felder.",
        },
        FormRule::MaxProperties => Text {
            fr: "{limit} champs au plus.",
            de: "Höchstens {limit} Felder.",
            en: "At most {limit} fields.",
            lb: "Héchstens {limit} Felder.",
        },
        FormRule::PropertyNames => Text {
            fr: "Le nom d'un champ n'est pas admis.",
            de: "Der Name eines Feldes ist nicht zulässig.",
            en: "The name of a field is not allowed.",
            lb: "Den Numm vun engem Feld ass net erlaabt.",
        },
        FormRule::AnyOf => Text {
            fr: "Ne correspond à aucun des cas prévus.",
            de: "Entspricht keinem der vorgesehenen Fälle.",
            en: "Fits none of the cases.",
            lb: "Passt zu kengem vun de Fäll.",
        },
        FormRule::OneOf => Text {
            fr: "Ne correspond pas à un seul des cas prévus.",
            de: "Entspricht nicht genau einem der vorgesehenen Fälle.",
            en: "Does not fit exactly one of the cases.",
            lb: "Passt net zu genee engem vun de Fäll.",
        },
        FormRule::NotAllowed => Text {
            fr: "N'est pas admis ici.",
            de: "Ist hier nicht zulässig.",
            en: "Is not allowed here.",
            lb: "Ass hei net erlaabt.",
        },
    }
}

#[cfg(test)]
mod tests {
    use domain::form::Form;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_is_told_with_what_its_rule_wants() {
        let form = json!({ "type": "object", "properties": { "a": { "minimum": 3 }, "b": { "format": "date" } } });
        let errors = Form::parse(form).unwrap().check(&json!({ "a": 1, "b": "" }));
        let view = |error: FormError| serde_json::to_value(FormErrorView::new(error, Language::En)).unwrap();
        let told: Vec<_> = errors.into_iter().map(view).collect();
        let expected = [
            json!({ "pointer": "/a", "code": "minimum", "detail": "Must be at least 3.", "parameters": { "limit": 3 } }),
            json!({
                "pointer": "/b", "code": "format", "detail": "Does not have the expected format: date.",
                "parameters": { "format": "date" },
            }),
        ];
        assert_eq!(told, expected);
    }
}
