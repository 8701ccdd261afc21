//! Problems (RFC 9457): the one table of codes with their status and texts, and what turns into them.

use std::fmt::Write;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use domain::{Coded, Refusal, identity::Strength, text::Language};
use persistence::StoreError;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    field::{FieldError, FieldErrorView},
    language::Text,
};

macro_rules! codes {
    ($($name:ident = $code:literal, $status:literal {
        fr: $title_fr:literal, $detail_fr:literal;
        de: $title_de:literal, $detail_de:literal;
        en: $title_en:literal, $detail_en:literal;
        lb: $title_lb:literal, $detail_lb:literal;
    })+) => {
        /// Every problem that the API can answer with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the table says it, in four languages")]
        pub enum Code { $($name),+ }

        impl Code {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable code, never translated.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }
            /// The HTTP status.
            pub fn status(self) -> StatusCode {
                let status = match self { $(Self::$name => $status),+ };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            /// A few words, the same for every occurrence.
            pub fn title(self) -> Text {
                match self { $(Self::$name => Text { fr: $title_fr, de: $title_de, en: $title_en, lb: $title_lb }),+ }
            }
            /// A sentence or two; `{names}` stand for members of the problem.
            pub fn detail(self) -> Text {
                match self { $(Self::$name => Text { fr: $detail_fr, de: $detail_de, en: $detail_en, lb: $detail_lb }),+ }
            }
        }
    };
}

codes! {
    InvalidInput = "invalid_input", 400 {
        fr: "Données invalides", "La requête contient des champs invalides ; `errors` les nomme.";
        de: "Ungültige Angaben", "Die Anfrage enthält ungültige Felder; `errors` nennt sie.";
        en: "Invalid input", "The request holds invalid fields; `errors` names them.";
        lb: "Ongëlteg Donnéeën", "D'Ufro huet ongëlteg Felder; `errors` nennt se.";
    }
    InvalidCursor = "invalid_cursor", 400 {
        fr: "Curseur invalide", "Le curseur n'est pas de cette liste, de ce filtre ou de cet appelant. Recommencez sans curseur.";
        de: "Ungültiger Cursor", "Der Cursor gehört nicht zu dieser Liste, diesem Filter oder diesem Aufrufer. Beginnen Sie ohne Cursor von vorn.";
        en: "Invalid cursor", "The cursor is not of this list, this filter or this caller. Begin again without one.";
        lb: "Ongëltege Cursor", "De Cursor gehéiert net zu dëser Lëscht, dësem Filter oder dësem Uruffer. Fänkt ouni Cursor vu vir un.";
    }
    BadRequest = "bad_request", 400 {
        fr: "Requête illisible", "La requête n'a pas pu être lue.";
        de: "Unlesbare Anfrage", "Die Anfrage konnte nicht gelesen werden.";
        en: "Unreadable request", "The request could not be read.";
        lb: "Onliesbar Ufro", "D'Ufro konnt net gelies ginn.";
    }
    CodeWrong = "code_wrong", 400 {
        fr: "Code erroné", "Le code n'est pas celui qui a été envoyé. Essais restants : {triesLeft}.";
        de: "Falscher Code", "Das ist nicht der Code, der gesendet wurde. Verbleibende Versuche: {triesLeft}.";
        en: "Wrong code", "The code is not the one that was sent. Tries left: {triesLeft}.";
        lb: "Falsche Code", "Dat ass net de Code, dee geschéckt gouf. Versich, déi bleiwen: {triesLeft}.";
    }
    AssertionInvalid = "assertion_invalid", 400 {
        fr: "Assertion d'identité refusée", "L'assertion n'est pas d'un émetteur reconnu, n'est plus valable ou ne nomme pas ce qu'il faut.";
        de: "Identitätsnachweis abgelehnt", "Der Nachweis stammt von keinem vertrauten Aussteller, gilt nicht mehr oder nennt nicht, was nötig ist.";
        en: "Identity assertion refused", "The assertion is not of a trusted issuer, is not valid now, or does not name what is needed.";
        lb: "Identitéitsnoweis refuséiert", "Den Noweis kënnt vu kengem unerkannten Aussteller, ass net méi gëlteg oder nennt net, wat néideg ass.";
    }
    TokenInvalid = "token_invalid", 401 {
        fr: "Authentification requise", "Le jeton d'accès manque, n'est pas valable ou sa session est terminée.";
        de: "Anmeldung erforderlich", "Das Zugriffstoken fehlt, ist ungültig, oder seine Sitzung ist beendet.";
        en: "Authentication required", "The access token is missing or not valid, or its session has ended.";
        lb: "Umeldung néideg", "Den Zougangstoken feelt, ass ongëlteg, oder seng Sessioun ass eriwwer.";
    }
    InsufficientUserAuthentication = "insufficient_user_authentication", 401 {
        fr: "Authentification plus forte requise", "Cette action demande une connexion du niveau {acrValues} au moins, et récente si `maxAge` le dit. Connectez-vous à nouveau.";
        de: "Stärkere Anmeldung erforderlich", "Diese Handlung verlangt eine Anmeldung mindestens des Niveaus {acrValues}, und eine frische, wenn `maxAge` es sagt. Melden Sie sich neu an.";
        en: "Stronger login required", "This act wants a login of level {acrValues} or more, and a recent one where `maxAge` says so. Log in anew.";
        lb: "Méi staark Umeldung néideg", "Dës Aktioun verlaangt op d'mannst eng Umeldung vum Niveau {acrValues}, an eng frësch, wann `maxAge` et seet. Mellt Iech nei un.";
    }
    RoleInsufficient = "role_insufficient", 403 {
        fr: "Rôle insuffisant", "Votre rôle dans cet espace ne permet pas cette action.";
        de: "Rolle reicht nicht aus", "Ihre Rolle in diesem Raum erlaubt diese Handlung nicht.";
        en: "Role insufficient", "Your role in this space does not allow this act.";
        lb: "Roll geet net duer", "Är Roll an dësem Espace erlaabt dës Aktioun net.";
    }
    NotFound = "not_found", 404 {
        fr: "Introuvable", "Rien ne se trouve à cette adresse, ou rien qui vous soit accessible.";
        de: "Nicht gefunden", "An dieser Adresse ist nichts, oder nichts, was Ihnen offensteht.";
        en: "Not found", "There is nothing at this address, or nothing that is open to you.";
        lb: "Net fonnt", "Op dëser Adress ass näischt, oder näischt, wat fir Iech op ass.";
    }
    MethodNotAllowed = "method_not_allowed", 405 {
        fr: "Méthode non admise", "Cette adresse n'admet pas cette méthode ; `Allow` nomme celles qu'elle admet.";
        de: "Methode nicht zugelassen", "Diese Adresse nimmt diese Methode nicht an; `Allow` nennt die zugelassenen.";
        en: "Method not allowed", "This address does not take this method; `Allow` names those that it takes.";
        lb: "Method net erlaabt", "Dës Adress hëlt dës Method net un; `Allow` nennt déi, déi erlaabt sinn.";
    }
    RequestTimeout = "request_timeout", 408 {
        fr: "Requête trop lente", "La requête n'est pas arrivée à temps.";
        de: "Anfrage zu langsam", "Die Anfrage ist nicht rechtzeitig angekommen.";
        en: "Request too slow", "The request did not arrive in time.";
        lb: "Ufro ze lues", "D'Ufro ass net zäiteg ukomm.";
    }
    AssertionUsed = "assertion_used", 409 {
        fr: "Assertion déjà utilisée", "Cette assertion d'identité a déjà servi à cela. Connectez-vous à nouveau.";
        de: "Nachweis bereits verwendet", "Dieser Identitätsnachweis wurde dafür schon verwendet. Melden Sie sich neu an.";
        en: "Assertion used", "This identity assertion has served this purpose. Log in anew.";
        lb: "Noweis scho benotzt", "Dësen Identitéitsnoweis gouf dofir scho benotzt. Mellt Iech nei un.";
    }
    AssuranceTooLow = "assurance_too_low", 409 {
        fr: "Produit trop faible", "Un produit ne rejoint une personne connue qu'au niveau {needed} au moins.";
        de: "Produkt zu schwach", "Ein Produkt kommt zu einer bekannten Person nur ab dem Niveau {needed} hinzu.";
        en: "Product too weak", "A product joins a known person only at level {needed} or more.";
        lb: "Produit ze schwaach", "E Produit kënnt bei eng bekannte Persoun eréischt vum Niveau {needed} un dobäi.";
    }
    CodeExpired = "code_expired", 409 {
        fr: "Code expiré", "Le code n'est plus valable. Faites-vous en envoyer un autre.";
        de: "Code abgelaufen", "Der Code gilt nicht mehr. Lassen Sie sich einen neuen senden.";
        en: "Code expired", "The code is not valid any more. Have another one sent.";
        lb: "Code ofgelaf", "De Code ass net méi gëlteg. Loosst Iech een neie schécken.";
    }
    CodeResendsUsedUp = "code_resends_used_up", 409 {
        fr: "Envois épuisés", "Le code ne peut plus être renvoyé. Enregistrez le produit à nouveau.";
        de: "Kein Versand mehr möglich", "Der Code kann nicht mehr gesendet werden. Registrieren Sie das Produkt neu.";
        en: "Resends used up", "The code can't be sent again. Register the product anew.";
        lb: "Kee Versand méi méiglech", "De Code kann net méi geschéckt ginn. Registréiert de Produit nei.";
    }
    CodeTriesUsedUp = "code_tries_used_up", 409 {
        fr: "Essais épuisés", "Trop de codes erronés. Enregistrez le produit à nouveau.";
        de: "Keine Versuche mehr", "Zu viele falsche Codes. Registrieren Sie das Produkt neu.";
        en: "Tries used up", "Too many wrong codes. Register the product anew.";
        lb: "Keng Versich méi", "Ze vill falsch Coden. Registréiert de Produit nei.";
    }
    NationalNumberRequired = "national_number_required", 409 {
        fr: "Matricule requis", "L'émetteur n'atteste pas de numéro d'identification national. Demandez-en un d'abord.";
        de: "Identifikationsnummer erforderlich", "Der Aussteller bestätigt keine nationale Identifikationsnummer. Beantragen Sie zuerst eine.";
        en: "National number required", "The issuer asserts no national identification number. Get one first.";
        lb: "Matricule néideg", "Den Aussteller confirméiert keng national Identifikatiounsnummer. Frot der fir d'éischt eng.";
    }
    PrivateSpaceExists = "private_space_exists", 409 {
        fr: "Espace privé existant", "Vous avez déjà votre espace privé.";
        de: "Privater Raum vorhanden", "Sie haben Ihren privaten Raum bereits.";
        en: "Private space exists", "You have your private space already.";
        lb: "Privaten Espace existéiert", "Dir hutt Äre privaten Espace schonn.";
    }
    ProductBelongsToAnother = "product_belongs_to_another", 409 {
        fr: "Produit d'une autre personne", "Ce produit d'authentification appartient à une autre personne.";
        de: "Produkt einer anderen Person", "Dieses Authentifizierungsprodukt gehört einer anderen Person.";
        en: "Product of another person", "This authentication product belongs to another person.";
        lb: "Produit vun enger anerer Persoun", "Dësen Authentifikatiounsprodukt gehéiert enger anerer Persoun.";
    }
    ProductRegistered = "product_registered", 409 {
        fr: "Produit déjà enregistré", "Ce produit d'authentification est déjà enregistré. Connectez-vous.";
        de: "Produkt bereits registriert", "Dieses Authentifizierungsprodukt ist bereits registriert. Melden Sie sich an.";
        en: "Product registered", "This authentication product is registered. Log in.";
        lb: "Produit scho registréiert", "Dësen Authentifikatiounsprodukt ass scho registréiert. Mellt Iech un.";
    }
    RegistrationConfirmed = "registration_confirmed", 409 {
        fr: "Enregistrement confirmé", "Cet enregistrement est déjà confirmé. Connectez-vous.";
        de: "Registrierung bestätigt", "Diese Registrierung ist bereits bestätigt. Melden Sie sich an.";
        en: "Registration confirmed", "This registration is confirmed. Log in.";
        lb: "Registréierung confirméiert", "Dës Registréierung ass scho confirméiert. Mellt Iech un.";
    }
    SpaceClosed = "space_closed", 409 {
        fr: "Espace fermé", "L'espace est fermé : ses administrateurs peuvent encore le restaurer.";
        de: "Raum geschlossen", "Der Raum ist geschlossen: Seine Administratoren können ihn noch wiederherstellen.";
        en: "Space closed", "The space is closed: its administrators can still restore it.";
        lb: "Espace zou", "Den Espace ass zou: Seng Administrateure kënnen en nach restauréieren.";
    }
    SpaceLimitReached = "space_limit_reached", 409 {
        fr: "Limite atteinte", "{used} espaces professionnels sur {limit} sont ouverts avec ce produit.";
        de: "Grenze erreicht", "{used} von {limit} beruflichen Räumen sind mit diesem Produkt offen.";
        en: "Limit reached", "{used} of {limit} professional spaces are open with this product.";
        lb: "Limitt erreecht", "{used} vu(n) {limit} professionellen Espacen si mat dësem Produit op.";
    }
    SpaceNotClosed = "space_not_closed", 409 {
        fr: "Espace non fermé", "Seul un espace fermé peut être restauré.";
        de: "Raum nicht geschlossen", "Nur ein geschlossener Raum kann wiederhergestellt werden.";
        en: "Space not closed", "Only a closed space can be restored.";
        lb: "Espace net zou", "Nëmmen en zouenen Espace ka restauréiert ginn.";
    }
    SpaceSuspended = "space_suspended", 409 {
        fr: "Espace suspendu", "L'espace est suspendu : il peut être lu, mais personne n'y agit.";
        de: "Raum ausgesetzt", "Der Raum ist ausgesetzt: Er kann gelesen werden, aber niemand handelt darin.";
        en: "Space suspended", "The space is suspended: it can be read, but nobody acts in it.";
        lb: "Espace suspendéiert", "Den Espace ass suspendéiert: E kann gelies ginn, mee keen handelt dran.";
    }
    TermsNotAccepted = "terms_not_accepted", 409 {
        fr: "Conditions non acceptées", "Acceptez d'abord les conditions générales d'utilisation en vigueur.";
        de: "Bedingungen nicht angenommen", "Nehmen Sie zuerst die geltenden Nutzungsbedingungen an.";
        en: "Terms not accepted", "Accept the terms of use in force first.";
        lb: "Konditiounen net ugeholl", "Huelt fir d'éischt déi gëlteg Notzungskonditiounen un.";
    }
    TermsOutdated = "terms_outdated", 409 {
        fr: "Autre version en vigueur", "La version {current} des conditions générales d'utilisation est en vigueur.";
        de: "Andere Fassung in Kraft", "Es gilt die Fassung {current} der Nutzungsbedingungen.";
        en: "Another version in force", "Version {current} of the terms of use is in force.";
        lb: "Aner Versioun a Kraaft", "D'Versioun {current} vun den Notzungskonditiounen ass a Kraaft.";
    }
    TryAgain = "try_again", 409 {
        fr: "À recommencer", "Une autre requête a changé la même chose au même moment. Recommencez.";
        de: "Erneut versuchen", "Eine andere Anfrage hat im selben Augenblick dasselbe geändert. Versuchen Sie es erneut.";
        en: "Try again", "Another request changed the same thing at the same moment. Try again.";
        lb: "Nach eng Kéier probéieren", "Eng aner Ufro huet am selwechte Moment datselwecht geännert. Probéiert nach eng Kéier.";
    }
    RegistrationSuperseded = "registration_superseded", 410 {
        fr: "Enregistrement remplacé", "Le même produit a été enregistré à nouveau ; seul le dernier enregistrement peut être confirmé.";
        de: "Registrierung ersetzt", "Dasselbe Produkt wurde neu registriert; nur die neueste Registrierung kann bestätigt werden.";
        en: "Registration superseded", "The same product was registered anew; only the newest registration can be confirmed.";
        lb: "Registréierung ersat", "Dee selwechte Produit gouf nei registréiert; nëmmen déi neiste Registréierung kann confirméiert ginn.";
    }
    SpacePurged = "space_purged", 410 {
        fr: "Délai dépassé", "Le délai pour restaurer cet espace est passé ; son contenu va être effacé.";
        de: "Frist abgelaufen", "Die Frist, um diesen Raum wiederherzustellen, ist abgelaufen; sein Inhalt wird gelöscht.";
        en: "Too late", "The time to restore this space is over; its content is being erased.";
        lb: "Ze spéit", "D'Zäit, fir dësen Espace ze restauréieren, ass eriwwer; säin Inhalt gëtt geläscht.";
    }
    VersionChanged = "version_changed", 412 {
        fr: "Version dépassée", "La ressource a changé depuis que vous l'avez lue. Relisez-la.";
        de: "Fassung überholt", "Die Ressource wurde geändert, seit Sie sie gelesen haben. Lesen Sie sie neu.";
        en: "Version changed", "The resource was changed since you read it. Read it again.";
        lb: "Versioun iwwerholl", "D'Ressource gouf geännert, zënter Dir se gelies hutt. Liest se nei.";
    }
    BodyTooLarge = "body_too_large", 413 {
        fr: "Corps trop grand", "Le corps de la requête dépasse {limit} octets.";
        de: "Inhalt zu groß", "Der Inhalt der Anfrage ist größer als {limit} Bytes.";
        en: "Body too large", "The request's body is larger than {limit} bytes.";
        lb: "Inhalt ze grouss", "Den Inhalt vun der Ufro ass méi grouss wéi {limit} Bytes.";
    }
    UnsupportedMediaType = "unsupported_media_type", 415 {
        fr: "Type de contenu non admis", "Le corps doit être en UTF-8, sans compression, de type `{mediaType}`.";
        de: "Inhaltstyp nicht zugelassen", "Der Inhalt muss unkomprimiert sein, in UTF-8 und vom Typ `{mediaType}`.";
        en: "Unsupported media type", "The body must be in UTF-8, not compressed, of type `{mediaType}`.";
        lb: "Inhaltstyp net erlaabt", "Den Inhalt muss onkompriméiert sinn, an UTF-8 a vum Typ `{mediaType}`.";
    }
    IdempotencyKeyReused = "idempotency_key_reused", 422 {
        fr: "Clé déjà utilisée", "Cette `Idempotency-Key` a servi à une autre requête.";
        de: "Schlüssel bereits verwendet", "Dieser `Idempotency-Key` wurde für eine andere Anfrage verwendet.";
        en: "Key used", "This `Idempotency-Key` was used for another request.";
        lb: "Schlëssel scho benotzt", "Dësen `Idempotency-Key` gouf fir eng aner Ufro benotzt.";
    }
    IfMatchRequired = "if_match_required", 428 {
        fr: "If-Match requis", "Envoyez dans `If-Match` l'`ETag` de la version que vous modifiez.";
        de: "If-Match erforderlich", "Senden Sie in `If-Match` das `ETag` der Fassung, die Sie ändern.";
        en: "If-Match required", "Send in `If-Match` the `ETag` of the version that you edit.";
        lb: "If-Match néideg", "Schéckt an `If-Match` den `ETag` vun der Versioun, déi Dir ännert.";
    }
    TooManyRequests = "too_many_requests", 429 {
        fr: "Trop de requêtes", "Trop de requêtes en peu de temps. Réessayez dans {retryAfter} secondes.";
        de: "Zu viele Anfragen", "Zu viele Anfragen in kurzer Zeit. Versuchen Sie es in {retryAfter} Sekunden erneut.";
        en: "Too many requests", "Too many requests in a short time. Try again in {retryAfter} seconds.";
        lb: "Ze vill Ufroen", "Ze vill Ufroen a kuerzer Zäit. Probéiert an {retryAfter} Sekonnen nach eng Kéier.";
    }
    Internal = "internal", 500 {
        fr: "Erreur interne", "Une erreur s'est produite de notre côté ; rien n'a été enregistré.";
        de: "Interner Fehler", "Auf unserer Seite ist ein Fehler aufgetreten; es wurde nichts gespeichert.";
        en: "Internal error", "Something went wrong on our side; nothing was kept.";
        lb: "Interne Feeler", "Op eiser Säit ass e Feeler geschitt; et gouf näischt gespäichert.";
    }
    Busy = "busy", 503 {
        fr: "Momentanément indisponible", "Le service est momentanément surchargé ou indisponible ; rien n'a été enregistré. Réessayez.";
        de: "Zurzeit nicht verfügbar", "Der Dienst ist zurzeit überlastet oder nicht verfügbar; es wurde nichts gespeichert. Versuchen Sie es erneut.";
        en: "Busy", "The service is overloaded or unavailable at the moment; nothing was kept. Try again.";
        lb: "Am Moment net disponibel", "De Service ass am Moment iwwerlaascht oder net disponibel; et gouf näischt gespäichert. Probéiert nach eng Kéier.";
    }
    OutcomeUnknown = "outcome_unknown", 503 {
        fr: "Issue inconnue", "La requête a peut-être été enregistrée. Vérifiez avant de la répéter.";
        de: "Ausgang unbekannt", "Die Anfrage wurde vielleicht gespeichert. Prüfen Sie das, bevor Sie sie wiederholen.";
        en: "Outcome unknown", "The request may have been kept. Check before you repeat it.";
        lb: "Resultat onbekannt", "D'Ufro gouf vläicht gespäichert. Kuckt no, ier Dir se widderhuelt.";
    }
}

/// A refusal, a fault or a bad request on its way to the client; [`super::door`] writes it out.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Which.
    pub code: Code,
    /// What is wrong with which fields.
    pub errors: Vec<FieldError>,
    /// Further members, which the detail may name.
    pub members: Map<String, Value>,
    /// Further headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// For the log alone.
    pub cause: Option<String>,
}

/// RFC 9457 problem details.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "camelCase")]
pub struct ProblemView {
    /// Where the problem is explained.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not_found")]
    kind: String,
    /// A few words, in the caller's language.
    #[schema(example = "Introuvable")]
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    status: u16,
    /// A sentence or two, in the caller's language.
    detail: String,
    /// The path that was asked for.
    #[schema(example = "/v1/spaces/019d6c3e-0000-7000-8000-000000000000")]
    instance: String,
    /// Stable code, never translated; `docs/errors.md` lists them.
    #[schema(example = "not_found")]
    code: &'static str,
    /// Names the request in the log.
    request_id: String,
    /// Which fields are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldErrorView>,
    /// Members of this problem alone, such as `limit` and `used`.
    #[serde(flatten)]
    #[schema(ignore)]
    members: Map<String, Value>,
}

impl Problem {
    /// The problem as a client sees it.
    pub fn view(&self, language: Language, instance: &str, request_id: &str) -> ProblemView {
        let mut detail = self.code.detail().in_language(language).to_owned();
        for (name, value) in &self.members {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            detail = detail.replace(&format!("{{{name}}}"), &value);
        }
        ProblemView {
            kind: format!("/problems/{}", self.code.code()),
            title: self.code.title().in_language(language).to_owned(),
            status: self.code.status().as_u16(),
            detail,
            instance: instance.to_owned(),
            code: self.code.code(),
            request_id: request_id.to_owned(),
            errors: self.errors.iter().map(|error| error.view(language)).collect(),
            members: self.members.clone(),
        }
    }

    /// Faults of fields.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::from(Code::InvalidInput) }
    }
    /// With a further member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }
    /// With a further header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
    /// With something for the log alone.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.code())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        let headers = match code {
            Code::Busy | Code::OutcomeUnknown => vec![(RETRY_AFTER, HeaderValue::from_static("1"))],
            Code::TokenInvalid => vec![(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))],
            _ => vec![],
        };
        Self { code, errors: vec![], members: Map::new(), headers, cause: None }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (code, members) = match &refusal {
            Refusal::StepUpRequired { needed } => return step_up(*needed),
            Refusal::Field { field, fault } => {
                return Self::invalid(vec![FieldError::at(&format!("/{field}"), (*fault).into())]);
            }
            Refusal::NotFound => (Code::NotFound, json!({})),
            Refusal::RoleInsufficient => (Code::RoleInsufficient, json!({})),
            Refusal::VersionChanged => (Code::VersionChanged, json!({})),
            Refusal::TryAgain => (Code::TryAgain, json!({})),
            Refusal::NationalNumberRequired => (Code::NationalNumberRequired, json!({})),
            Refusal::AssertionUsed => (Code::AssertionUsed, json!({})),
            Refusal::AssuranceTooLow { needed } => (Code::AssuranceTooLow, json!({ "needed": needed.code() })),
            Refusal::ProductRegistered => (Code::ProductRegistered, json!({})),
            Refusal::ProductBelongsToAnother => (Code::ProductBelongsToAnother, json!({})),
            Refusal::CodeWrong { tries_left } => (Code::CodeWrong, json!({ "triesLeft": tries_left })),
            Refusal::CodeExpired => (Code::CodeExpired, json!({})),
            Refusal::CodeTriesUsedUp => (Code::CodeTriesUsedUp, json!({})),
            Refusal::CodeResendsUsedUp => (Code::CodeResendsUsedUp, json!({})),
            Refusal::RegistrationConfirmed => (Code::RegistrationConfirmed, json!({})),
            Refusal::RegistrationSuperseded => (Code::RegistrationSuperseded, json!({})),
            Refusal::TermsNotAccepted => (Code::TermsNotAccepted, json!({})),
            Refusal::TermsOutdated { current } => (Code::TermsOutdated, json!({ "current": current })),
            Refusal::SpaceLimitReached { limit, used } => {
                (Code::SpaceLimitReached, json!({ "limit": limit, "used": used }))
            }
            Refusal::PrivateSpaceExists => (Code::PrivateSpaceExists, json!({})),
            Refusal::SpaceSuspended => (Code::SpaceSuspended, json!({})),
            Refusal::SpaceClosed => (Code::SpaceClosed, json!({})),
            Refusal::SpaceNotClosed => (Code::SpaceNotClosed, json!({})),
            Refusal::SpacePurged => (Code::SpacePurged, json!({})),
        };
        let members = members.as_object().cloned().unwrap_or_default();
        Self { members, ..Self::from(code) }
    }
}

/// RFC 9470 §3: the challenge says which login would do; `max_age` counts seconds.
fn step_up(needed: Strength) -> Problem {
    let mut challenge = format!(
        r#"Bearer error="insufficient_user_authentication", acr_values="{level}""#,
        level = needed.level.code()
    );
    let mut problem = Problem::from(Code::InsufficientUserAuthentication).with("acrValues", needed.level.code());
    if let Some(max_age) = needed.max_age {
        let _ = write!(challenge, r#", max_age="{}""#, max_age.num_seconds());
        problem = problem.with("maxAge", max_age.num_seconds());
    }
    let challenge = HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("Bearer"));
    problem.with_header(WWW_AUTHENTICATE, challenge)
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::Busy(_) => Code::Busy,
            StoreError::Conflict(_) => Code::TryAgain,
            StoreError::OutcomeUnknown(_) => Code::OutcomeUnknown,
            StoreError::Corrupt(_) | StoreError::Failed(_) => Code::Internal,
        };
        Self::from(code).because(error)
    }
}
