//! Problems (RFC 9457): the one table of codes with their status and texts, and what turns into them.

use std::fmt::Write;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use chrono::SecondsFormat;
use domain::{
    Coded, Refusal, id::SpaceId, identity::Strength, procedure::AttachmentCode, space::SpaceIdentifier, text::Language,
};
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
        en: "Invalid input", "The request contains invalid fields; `errors` names them.";
        lb: "Ongëlteg Donnéeën", "D'Ufro huet ongëlteg Felder; `errors` nennt se.";
    }
    InvalidCursor = "invalid_cursor", 400 {
        fr: "Curseur invalide", "Le curseur ne correspond pas à cette liste ou à ce filtre, ou n'est pas le vôtre. Recommencez sans curseur.";
        de: "Ungültiger Cursor", "Der Cursor gehört nicht zu dieser Liste, zu diesem Filter oder zu Ihnen. Beginnen Sie ohne Cursor von vorn.";
        en: "Invalid cursor", "The cursor does not belong to this list, this filter or this caller. Start again without a cursor.";
        lb: "Ongëltege Cursor", "De Cursor gehéiert net zu dëser Lëscht, zu dësem Filter oder zu Iech. Fänkt ouni Cursor vu vir un.";
    }
    BadRequest = "bad_request", 400 {
        fr: "Requête illisible", "La requête n'a pas pu être lue.";
        de: "Unlesbare Anfrage", "Die Anfrage konnte nicht gelesen werden.";
        en: "Unreadable request", "The request could not be read.";
        lb: "Onliesbar Ufro", "D'Ufro konnt net gelies ginn.";
    }
    CodeWrong = "code_wrong", 400 {
        fr: "Code erroné", "Le code n'est pas celui qui a été envoyé. Essais restants : {triesLeft}.";
        de: "Falscher Code", "Das ist nicht der gesendete Code. Verbleibende Versuche: {triesLeft}.";
        en: "Wrong code", "The code is not the one that was sent. Tries left: {triesLeft}.";
        lb: "Falsche Code", "Dat ass net de Code, dee geschéckt gouf. Versich, déi nach bleiwen: {triesLeft}.";
    }
    AssertionInvalid = "assertion_invalid", 400 {
        fr: "Assertion d'identité refusée", "L'assertion ne provient pas d'un émetteur reconnu, n'est pas valable en ce moment ou ne contient pas les données requises.";
        de: "Identitätsnachweis abgelehnt", "Der Nachweis stammt von keinem anerkannten Aussteller, ist derzeit nicht gültig oder enthält nicht die nötigen Angaben.";
        en: "Identity assertion refused", "The assertion does not come from a trusted issuer, is not valid at present, or does not contain the data needed.";
        lb: "Identitéitsnoweis refuséiert", "Den Noweis kënnt vu kengem unerkannten Aussteller, ass am Moment net gëlteg oder enthält net déi néideg Donnéeën.";
    }
    TokenInvalid = "token_invalid", 401 {
        fr: "Authentification requise", "Le jeton d'accès manque ou n'est pas valable, ou sa session est terminée.";
        de: "Anmeldung erforderlich", "Das Zugriffstoken fehlt oder ist ungültig, oder seine Sitzung ist beendet.";
        en: "Authentication required", "The access token is missing or not valid, or its session has ended.";
        lb: "Umeldung néideg", "Den Zougangstoken feelt oder ass ongëlteg, oder seng Sessioun ass eriwwer.";
    }
    InsufficientUserAuthentication = "insufficient_user_authentication", 401 {
        fr: "Authentification plus forte requise", "Cette action exige une connexion de niveau {acrValues} au moins, et récente si `maxAge` l'indique. Reconnectez-vous.";
        de: "Stärkere Anmeldung erforderlich", "Diese Handlung verlangt eine Anmeldung mindestens auf dem Niveau {acrValues}, und eine aktuelle, wenn `maxAge` es angibt. Melden Sie sich neu an.";
        en: "Stronger login required", "This action requires a login of level {acrValues} or higher, and a recent one where `maxAge` says so. Log in again.";
        lb: "Méi staark Umeldung néideg", "Dës Aktioun verlaangt eng Umeldung op d'mannst vum Niveau {acrValues}, an eng rezent, wann `maxAge` dat seet. Mellt Iech nei un.";
    }
    RoleInsufficient = "role_insufficient", 403 {
        fr: "Rôle insuffisant", "Votre rôle dans cet espace ne permet pas cette action.";
        de: "Rolle reicht nicht aus", "Ihre Rolle in diesem Bereich erlaubt diese Handlung nicht.";
        en: "Insufficient role", "Your role in this space does not allow this action.";
        lb: "Roll geet net duer", "Är Roll an dësem Espace erlaabt dës Aktioun net.";
    }
    AdministratorRequired = "administrator_required", 403 {
        fr: "Réservé aux administrateurs", "Seul un administrateur de cet espace peut faire cela.";
        de: "Nur für Administratoren", "Das kann nur ein Administrator dieses Bereichs.";
        en: "Administrator required", "Only an administrator of this space can do this.";
        lb: "Nëmme fir Administrateuren", "Dat kann nëmmen en Administrateur vun dësem Espace.";
    }
    HelpdeskOnly = "helpdesk_only", 403 {
        fr: "Réservé au Helpdesk", "Seul le Helpdesk peut faire cela.";
        de: "Nur für den Helpdesk", "Das kann nur der Helpdesk.";
        en: "Helpdesk only", "Only the Helpdesk can do this.";
        lb: "Nëmme fir den Helpdesk", "Dat kann nëmmen den Helpdesk.";
    }
    InvitationForOtherProduct = "invitation_for_other_product", 403 {
        fr: "Invitation pour un autre produit", "Cette invitation est destinée au produit {maskedSerial}. Connectez-vous avec lui.";
        de: "Einladung für ein anderes Authentisierungsmittel", "Diese Einladung gilt für das Authentisierungsmittel {maskedSerial}. Melden Sie sich damit an.";
        en: "Invitation for another product", "This invitation is for the product {maskedSerial}. Log in with it.";
        lb: "Invitatioun fir en anert Produkt", "Dës Invitatioun ass fir d'Produkt {maskedSerial}. Mellt Iech domat un.";
    }
    NotForSystemUsers = "not_for_system_users", 403 {
        fr: "Réservé aux personnes", "Un utilisateur système ne peut pas faire cela ; seule une personne le peut.";
        de: "Nur für Personen", "Das kann kein Systembenutzer, nur eine Person.";
        en: "Persons only", "A system user cannot do this; only a person can.";
        lb: "Nëmme fir Persounen", "Dat kann kee Systembenotzer, nëmmen eng Persoun.";
    }
    RightNotGranted = "right_not_granted", 403 {
        fr: "Droit non accordé", "L'utilisateur système, ou son jeton, n'a pas le droit `{right}`.";
        de: "Recht nicht erteilt", "Der Systembenutzer oder sein Token hat das Recht `{right}` nicht.";
        en: "Right not granted", "The system user, or its token, does not have the right `{right}`.";
        lb: "Recht net accordéiert", "De Systembenotzer oder säin Token huet d'Recht `{right}` net.";
    }
    CertificationRequired = "certification_required", 403 {
        fr: "Certification requise", "Le service `{service}` (secteur `{sector}`) n'est ouvert qu'à un espace certifié pour ce service, avec une certification en vigueur.";
        de: "Zertifizierung erforderlich", "Der Dienst `{service}` (Sektor `{sector}`) steht nur einem Bereich offen, der für diesen Dienst zertifiziert ist und dessen Zertifizierung gilt.";
        en: "Certification required", "The service `{service}` (sector `{sector}`) is open only to a space that is certified for it, with a certification in force.";
        lb: "Zertifikatioun néideg", "De Service `{service}` (Secteur `{sector}`) ass nëmme fir en Espace op, deen dofir zertifizéiert ass a wou d'Zertifikatioun a Kraaft ass.";
    }
    NotForPartners = "not_for_partners", 403 {
        fr: "Fermé aux partenaires", "Le système d'une administration ne peut pas faire cela.";
        de: "Nicht für Partner", "Das System einer Behörde kann das nicht.";
        en: "Not for partners", "The system of an administration cannot do this.";
        lb: "Net fir Partner", "De System vun enger Administratioun kann dat net.";
    }
    PartnersOnly = "partners_only", 403 {
        fr: "Réservé aux partenaires", "Seul le système d'une administration peut faire cela.";
        de: "Nur für Partner", "Das kann nur das System einer Behörde.";
        en: "Partners only", "Only the system of an administration can do this.";
        lb: "Nëmme fir Partner", "Dat kann nëmmen de System vun enger Administratioun.";
    }
    ScopeNotGranted = "scope_not_granted", 403 {
        fr: "Portée non accordée", "Le partenaire, ou son jeton, n'a pas la portée `{scope}`.";
        de: "Umfang nicht erteilt", "Der Partner oder sein Token hat den Umfang `{scope}` nicht.";
        en: "Scope not granted", "The partner, or its token, does not have the scope `{scope}`.";
        lb: "Ëmfang net accordéiert", "De Partner oder säin Token huet den Ëmfang `{scope}` net.";
    }
    NotFound = "not_found", 404 {
        fr: "Introuvable", "Rien ne se trouve à cette adresse, ou rien qui vous soit accessible.";
        de: "Nicht gefunden", "An dieser Adresse ist nichts, oder nichts, was Ihnen zugänglich ist.";
        en: "Not found", "There is nothing at this address, or nothing that is accessible to you.";
        lb: "Net fonnt", "Op dëser Adress ass näischt, oder näischt, wat Iech zougänglech ass.";
    }
    MethodNotAllowed = "method_not_allowed", 405 {
        fr: "Méthode non admise", "Cette adresse n'admet pas cette méthode ; `Allow` nomme celles qu'elle admet.";
        de: "Methode nicht zugelassen", "Diese Adresse nimmt diese Methode nicht an; `Allow` nennt die zugelassenen.";
        en: "Method not allowed", "This address does not accept this method; `Allow` names those that it accepts.";
        lb: "Method net erlaabt", "Dës Adress hëlt dës Method net un; `Allow` nennt déi, déi erlaabt sinn.";
    }
    RequestTimeout = "request_timeout", 408 {
        fr: "Requête trop lente", "La requête n'est pas arrivée à temps.";
        de: "Anfrage zu langsam", "Die Anfrage ist nicht rechtzeitig angekommen.";
        en: "Request too slow", "The request did not arrive in time.";
        lb: "Ufro ze lues", "D'Ufro ass net zäiteg ukomm.";
    }
    AccessCodeInvalid = "access_code_invalid", 409 {
        fr: "Code d'accès refusé", "Avec ce code d'accès et ce qui l'accompagne, l'espace ne peut pas être certifié. Vérifiez le code, le code de sécurité et le numéro national ; après plusieurs essais, demandez un nouveau code à l'émetteur.";
        de: "Zugangscode abgelehnt", "Mit diesem Zugangscode und den Angaben dazu kann der Bereich nicht zertifiziert werden. Prüfen Sie Code, Sicherheitscode und Identifikationsnummer; nach mehreren Versuchen verlangen Sie beim Aussteller einen neuen Code.";
        en: "Access code refused", "With this access code and what was given with it, the space cannot be certified. Check the code, the security code and the national number; after several tries, ask its issuer for a new code.";
        lb: "Zougangscode refuséiert", "Mat dësem Zougangscode an deem, wat derbäi steet, kann den Espace net zertifizéiert ginn. Kontrolléiert de Code, de Sécherheetscode an d'Matricule; no e puer Versich frot den Aussteller no engem neie Code.";
    }
    AccessCodeLimitReached = "access_code_limit_reached", 409 {
        fr: "Trop de codes d'accès", "Au plus {limit} codes d'accès peuvent attendre d'être activés. Retirez-en un d'abord.";
        de: "Zu viele Zugangscodes", "Höchstens {limit} Zugangscodes können auf ihre Aktivierung warten. Nehmen Sie zuerst einen zurück.";
        en: "Too many access codes", "At most {limit} access codes can wait to be activated. Withdraw one first.";
        lb: "Ze vill Zougangscoden", "Héchstens {limit} Zougangscoden kënnen drop waarden, aktivéiert ze ginn. Huelt fir d'éischt een zréck.";
    }
    AccessCodeState = "access_code_state", 409 {
        fr: "Code d'accès non retirable", "L'état du code d'accès est `{accessCodeStatus}` ; il ne peut plus être retiré.";
        de: "Zugangscode nicht zurücknehmbar", "Der Stand des Zugangscodes ist `{accessCodeStatus}`; er kann nicht mehr zurückgenommen werden.";
        en: "Access code not withdrawable", "The access code is `{accessCodeStatus}`; it can no longer be withdrawn.";
        lb: "Zougangscode net zréckhuelbar", "Den Zoustand vum Zougangscode ass `{accessCodeStatus}`; e kann net méi zréckgeholl ginn.";
    }
    ActivationLimitReached = "activation_limit_reached", 409 {
        fr: "Trop d'essais", "Au plus {limit} codes d'accès refusés sont admis en 24 heures, par personne et par espace. Réessayez plus tard.";
        de: "Zu viele Versuche", "Innerhalb von 24 Stunden sind höchstens {limit} abgelehnte Zugangscodes zulässig, je Person und je Bereich. Versuchen Sie es später.";
        en: "Too many tries", "At most {limit} refused access codes are admitted within 24 hours, for each person and each space. Try again later.";
        lb: "Ze vill Versich", "Bannent 24 Stonne sinn héchstens {limit} refuséiert Zougangscoden erlaabt, pro Persoun a pro Espace. Probéiert et méi spéit.";
    }
    AddressLimitReached = "address_limit_reached", 409 {
        fr: "Trop d'adresses", "Au plus {limit} nouvelles adresses peuvent être demandées en 24 heures.";
        de: "Zu viele Adressen", "Innerhalb von 24 Stunden können höchstens {limit} neue Adressen angefordert werden.";
        en: "Too many addresses", "At most {limit} new addresses can be requested within 24 hours.";
        lb: "Ze vill Adressen", "Bannent 24 Stonne kënnen héchstens {limit} nei Adressen ugefrot ginn.";
    }
    AlreadyDone = "already_done", 409 {
        fr: "Déjà fait", "Cette demande a déjà été exécutée ({made}) ; sa réponse contenait un secret et n'est pas répétée.";
        de: "Bereits erledigt", "Diese Anfrage wurde bereits ausgeführt ({made}); ihre Antwort enthielt ein Geheimnis und wird nicht wiederholt.";
        en: "Already done", "This request has been carried out ({made}); its answer held a secret and is not repeated.";
        lb: "Scho gemaach", "Dës Ufro gouf schonn ausgefouert ({made}); hir Äntwert huet e Geheimnis enthalen a gëtt net widderholl.";
    }
    AlreadyMember = "already_member", 409 {
        fr: "Déjà membre", "La personne est déjà membre de cet espace, avec ce produit ou un autre ; un administrateur peut changer l'étendue de son accès.";
        de: "Bereits Mitglied", "Die Person ist bereits Mitglied dieses Bereichs, mit diesem Authentisierungsmittel oder einem anderen; ein Administrator kann den Umfang ihres Zugangs ändern.";
        en: "Already a member", "The person is already a member of this space, with this product or another; an administrator can change the scope of their access.";
        lb: "Scho Member", "D'Persoun ass scho Member vun dësem Espace, mat dësem Produkt oder engem aneren; en Administrateur kann den Ëmfang vun hirem Zougang änneren.";
    }
    AssertionOfAnotherPerson = "assertion_of_another_person", 409 {
        fr: "Assertion d'une autre personne", "L'assertion d'identité désigne une autre personne que vous.";
        de: "Nachweis einer anderen Person", "Der Identitätsnachweis nennt eine andere Person als Sie.";
        en: "Assertion of another person", "The identity assertion names a person other than you.";
        lb: "Noweis vun enger anerer Persoun", "Den Identitéitsnoweis nennt eng aner Persoun wéi Iech.";
    }
    AssertionUsed = "assertion_used", 409 {
        fr: "Assertion déjà utilisée", "Cette assertion d'identité a déjà servi à cela. Reconnectez-vous.";
        de: "Nachweis bereits verwendet", "Dieser Identitätsnachweis wurde dafür schon verwendet. Melden Sie sich neu an.";
        en: "Assertion already used", "This identity assertion has already been used for this purpose. Log in again.";
        lb: "Noweis scho benotzt", "Dësen Identitéitsnoweis gouf dofir scho benotzt. Mellt Iech nei un.";
    }
    AssuranceTooLow = "assurance_too_low", 409 {
        fr: "Produit trop faible", "Un produit d'authentification ne peut être ajouté à une personne connue qu'à partir du niveau {needed}.";
        de: "Authentisierungsmittel zu schwach", "Ein Authentisierungsmittel kann einer bekannten Person erst ab dem Niveau {needed} hinzugefügt werden.";
        en: "Product too weak", "An authentication product can be added to a known person only from level {needed}.";
        lb: "Produkt ze schwaach", "En Authentifikatiounsprodukt kann nëmme bei eng bekannt Persoun derbäigesat ginn, wann et op d'mannst den Niveau {needed} huet.";
    }
    CertificationExists = "certification_exists", 409 {
        fr: "Certification existante", "Pour ce service, l'espace a déjà la certification {certification} comme titulaire.";
        de: "Zertifizierung vorhanden", "Für diesen Dienst hat der Bereich als Inhaber bereits die Zertifizierung {certification}.";
        en: "Certification exists", "For this service, the space already has the certification {certification} as holder.";
        lb: "Zertifikatioun existéiert", "Fir dëse Service huet den Espace als Titulaire schonn d'Zertifikatioun {certification}.";
    }
    CertificationState = "certification_state", 409 {
        fr: "État inadapté", "L'état de la certification est `{certificationStatus}` ; cette action ne s'y applique pas.";
        de: "Unpassender Stand", "Der Stand der Zertifizierung ist `{certificationStatus}`; diese Handlung passt nicht dazu.";
        en: "Wrong state", "The certification is `{certificationStatus}`; this action does not apply to it.";
        lb: "Onpassenden Zoustand", "Den Zoustand vun der Zertifikatioun ass `{certificationStatus}`; dës Aktioun passt net dozou.";
    }
    CertificationTakenUp = "certification_taken_up", 409 {
        fr: "Demande déjà prise en charge", "L'administration examine déjà cette demande.";
        de: "Antrag bereits in Bearbeitung", "Die Verwaltung prüft diesen Antrag bereits.";
        en: "Request already taken up", "The administration is already looking into this request.";
        lb: "Ufro schonn a Bearbechtung", "D'Administratioun kuckt dës Ufro schonn no.";
    }
    DailyCertificationLimitReached = "daily_certification_limit_reached", 409 {
        fr: "Trop de demandes en un jour", "Une personne peut demander au plus {limit} certifications en 24 heures, tous espaces confondus.";
        de: "Zu viele Anträge an einem Tag", "Eine Person kann innerhalb von 24 Stunden höchstens {limit} Zertifizierungen beantragen, für alle Bereiche zusammen.";
        en: "Too many requests in a day", "One person can ask for at most {limit} certifications within 24 hours, for all spaces together.";
        lb: "Ze vill Ufroen an engem Dag", "Eng Persoun ka bannent 24 Stonnen héchstens {limit} Zertifikatiounen ufroen, fir all Espacen zesummen.";
    }
    PrincipalRequired = "principal_required", 409 {
        fr: "Mandant à nommer", "L'entreprise a déjà un espace certifié pour ce service : `principals` énumère les certifications dont l'une est à nommer comme mandant.";
        de: "Auftraggeber zu nennen", "Das Unternehmen hat bereits einen für diesen Dienst zertifizierten Bereich: `principals` zählt die Zertifizierungen auf, von denen eine als Auftraggeber zu nennen ist.";
        en: "Principal to be named", "The company already has a space certified for this service: `principals` lists the certifications of which one is to be named as principal.";
        lb: "Mandant ze nennen", "D'Entreprise huet schonn en Espace, deen fir dëse Service zertifizéiert ass: `principals` zielt d'Zertifikatiounen op, vun deenen eng als Mandant ze nennen ass.";
    }
    ReapplyTooSoon = "reapply_too_soon", 409 {
        fr: "Nouvelle demande prématurée", "Pour ce service et cette entreprise, une nouvelle demande est possible à partir du {until}.";
        de: "Zu früh für einen neuen Antrag", "Für diesen Dienst und dieses Unternehmen ist ein neuer Antrag ab {until} möglich.";
        en: "Too soon to ask again", "For this service and this company, a new request is possible from {until} on.";
        lb: "Ze fréi fir eng nei Ufro", "Fir dëse Service an dës Entreprise ass eng nei Ufro vum {until} u méiglech.";
    }
    ServiceNotOffered = "service_not_offered", 409 {
        fr: "Service non proposé", "Ce service n'existe pas, n'est plus proposé, ou n'est pas accessible de cette manière.";
        de: "Dienst nicht angeboten", "Diesen Dienst gibt es nicht, er wird nicht mehr angeboten, oder nicht auf diesem Weg.";
        en: "Service not offered", "There is no such service, it is no longer offered, or it is not offered in this way.";
        lb: "Service net ugebueden", "Dëse Service gëtt et net, e gëtt net méi ugebueden, oder net op dësem Wee.";
    }
    ClosedSpaceLimitReached = "closed_space_limit_reached", 409 {
        fr: "Trop d'espaces fermés", "Avec ce produit, aucun espace ne peut être ouvert tant que {limit} espaces ou plus sont fermés et peuvent encore être restaurés.";
        de: "Zu viele geschlossene Bereiche", "Mit diesem Authentisierungsmittel kann kein Bereich eröffnet werden, solange {limit} oder mehr Bereiche geschlossen und noch wiederherstellbar sind.";
        en: "Too many closed spaces", "No space can be opened with this product while {limit} or more are closed and can still be restored.";
        lb: "Ze vill zouen Espacen", "Mat dësem Produkt kann keen Espace opgemaach ginn, soulaang {limit} oder méi Espacen zou sinn an nach restauréiert kënne ginn.";
    }
    CodeExpired = "code_expired", 409 {
        fr: "Code expiré", "Le code n'est plus valable. Faites-vous en envoyer un autre.";
        de: "Code abgelaufen", "Der Code gilt nicht mehr. Lassen Sie sich einen neuen senden.";
        en: "Code expired", "The code is no longer valid. Have another one sent.";
        lb: "Code ofgelaf", "De Code ass net méi gëlteg. Loosst Iech een neie schécken.";
    }
    CodeResendsUsedUp = "code_resends_used_up", 409 {
        fr: "Envois épuisés", "Le code ne peut plus être renvoyé. Recommencez depuis le début.";
        de: "Kein Versand mehr möglich", "Der Code kann nicht mehr gesendet werden. Beginnen Sie von vorn.";
        en: "No resends left", "The code cannot be sent again. Start again from the beginning.";
        lb: "Kee Versand méi méiglech", "De Code kann net méi geschéckt ginn. Fänkt vu vir un.";
    }
    CodeTriesUsedUp = "code_tries_used_up", 409 {
        fr: "Essais épuisés", "Trop de codes erronés. Recommencez depuis le début.";
        de: "Keine Versuche mehr", "Zu viele falsche Codes. Beginnen Sie von vorn.";
        en: "No tries left", "Too many wrong codes. Start again from the beginning.";
        lb: "Keng Versich méi", "Ze vill falsch Coden. Fänkt vu vir un.";
    }
    DailyInvitationLimitReached = "daily_invitation_limit_reached", 409 {
        fr: "Trop d'invitations en un jour", "Une personne peut envoyer au plus {limit} invitations en 24 heures, tous espaces confondus.";
        de: "Zu viele Einladungen an einem Tag", "Eine Person kann innerhalb von 24 Stunden höchstens {limit} Einladungen versenden, alle Bereiche zusammengenommen.";
        en: "Too many invitations in a day", "A person can send at most {limit} invitations within 24 hours, to all spaces together.";
        lb: "Ze vill Invitatiounen un engem Dag", "Eng Persoun ka bannent 24 Stonnen héchstens {limit} Invitatiounen verschécken, all Espacen zesummen.";
    }
    DailySystemUserLimitReached = "daily_system_user_limit_reached", 409 {
        fr: "Trop d'approbations en un jour", "Un espace peut approuver au plus {limit} utilisateurs système en 24 heures.";
        de: "Zu viele Genehmigungen an einem Tag", "Ein Bereich kann innerhalb von 24 Stunden höchstens {limit} Systembenutzer genehmigen.";
        en: "Too many approvals in a day", "A space can approve at most {limit} system users within 24 hours.";
        lb: "Ze vill Approbatiounen un engem Dag", "En Espace ka bannent 24 Stonnen héchstens {limit} Systembenotzer approuvéieren.";
    }
    InvitationLimitReached = "invitation_limit_reached", 409 {
        fr: "Trop d'invitations", "Un espace peut avoir au plus {limit} invitations sans réponse, expirées comprises. Annulez-en.";
        de: "Zu viele Einladungen", "Ein Bereich kann höchstens {limit} unbeantwortete Einladungen haben, abgelaufene eingeschlossen. Ziehen Sie welche zurück.";
        en: "Too many invitations", "A space can have at most {limit} unanswered invitations, expired ones included. Cancel some.";
        lb: "Ze vill Invitatiounen", "En Espace kann héchstens {limit} onbeäntwert Invitatiounen hunn, ofgelafener abegraff. Annuléiert der e puer.";
    }
    InvitationNameMismatch = "invitation_name_mismatch", 409 {
        fr: "Autre nom", "L'invitation porte un autre nom de famille que le vôtre ; la personne qui invite en est informée.";
        de: "Anderer Name", "Die Einladung nennt einen anderen Familiennamen als Ihren; die einladende Person wird darüber informiert.";
        en: "Another name", "The invitation names a family name other than yours; the person who invited is told of it.";
        lb: "Aneren Numm", "D'Invitatioun nennt en anere Familljennumm wéi Ären; déi Persoun, déi invitéiert huet, kritt dat gesot.";
    }
    InvitationPending = "invitation_pending", 409 {
        fr: "Invitation en attente", "Pour ce produit, l'invitation {invitation} attend déjà une réponse.";
        de: "Einladung bereits versandt", "Für dieses Authentisierungsmittel wartet bereits die Einladung {invitation} auf eine Antwort.";
        en: "Invitation pending", "For this product, the invitation {invitation} is already awaiting an answer.";
        lb: "Invitatioun leeft schonn", "Fir dëst Produkt waart d'Invitatioun {invitation} schonn op eng Äntwert.";
    }
    InvitationResendTooSoon = "invitation_resend_too_soon", 409 {
        fr: "Renvoi prématuré", "L'invitation ne peut être renvoyée qu'à partir de {until}.";
        de: "Zu früh für einen weiteren Versand", "Die Einladung kann erst ab {until} erneut gesendet werden.";
        en: "Too soon to resend", "The invitation can be sent again only from {until}.";
        lb: "Ze fréi fir nach eng Kéier ze schécken", "D'Invitatioun kann eréischt ab {until} nach eng Kéier geschéckt ginn.";
    }
    JoinRequestDecided = "join_request_decided", 409 {
        fr: "Demande déjà traitée", "Un administrateur a déjà statué sur cette demande d'accès.";
        de: "Anfrage bereits entschieden", "Ein Administrator hat über diese Beitrittsanfrage bereits entschieden.";
        en: "Request already decided", "An administrator has already decided on this request to join.";
        lb: "Ufro scho decidéiert", "En Administrateur huet iwwer dës Ufro fir Zougang scho decidéiert.";
    }
    JoinRequestLimitReached = "join_request_limit_reached", 409 {
        fr: "Trop de demandes", "Le nombre de demandes d'accès est limité à {limit} pour l'instant : au plus 5 en cours, au plus 20 en 30 jours.";
        de: "Zu viele Anfragen", "Derzeit sind nicht mehr als {limit} Beitrittsanfragen möglich: höchstens 5 offene, höchstens 20 in 30 Tagen.";
        en: "Too many requests to join", "No more than {limit} requests to join are possible at present: at most 5 open ones, at most 20 in 30 days.";
        lb: "Ze vill Ufroen", "Am Moment sinn net méi wéi {limit} Ufroe fir Zougang méiglech: héchstens 5 oppener, héchstens 20 an 30 Deeg.";
    }
    JoinRequestOpen = "join_request_open", 409 {
        fr: "Demande en cours", "Pour cet identifiant, votre demande {joinRequest} est encore en cours.";
        de: "Anfrage läuft bereits", "Für diese Kennung läuft bereits Ihre Anfrage {joinRequest}.";
        en: "Request pending", "For this identifier, your request {joinRequest} is still pending.";
        lb: "Ufro leeft schonn", "Fir dësen Identifiant leeft Är Ufro {joinRequest} nach.";
    }
    LastAdministrator = "last_administrator", 409 {
        fr: "Dernier administrateur", "Un espace professionnel resterait sans administrateur qui puisse agir ; `spaces` nomme jusqu'à 20 espaces concernés que vous pouvez voir.";
        de: "Letzter Administrator", "Ein beruflicher Bereich bliebe ohne Administrator, der handeln kann; `spaces` nennt bis zu 20 betroffene Bereiche, die Sie sehen können.";
        en: "Last administrator", "A professional space would be left without an administrator who can act; `spaces` names up to 20 of the spaces concerned that you can see.";
        lb: "Leschten Administrateur", "E professionellen Espace bléif ouni Administrateur, deen handele kann; `spaces` nennt bis zu 20 vun de betraffenen Espacen, déi Dir gesitt.";
    }
    MemberEnded = "member_ended", 409 {
        fr: "Membre parti", "Cette personne n'est plus membre de l'espace.";
        de: "Mitgliedschaft beendet", "Diese Person ist nicht mehr Mitglied des Bereichs.";
        en: "Membership over", "This person is no longer a member of the space.";
        lb: "Member net méi do", "Dës Persoun ass net méi Member vum Espace.";
    }
    MemberNotSuspended = "member_not_suspended", 409 {
        fr: "Membre non suspendu", "Le membre n'est pas suspendu.";
        de: "Mitglied nicht gesperrt", "Das Mitglied ist nicht gesperrt.";
        en: "Member not suspended", "The member is not suspended.";
        lb: "Member net suspendéiert", "De Member ass net suspendéiert.";
    }
    MemberSuspended = "member_suspended", 409 {
        fr: "Membre déjà suspendu", "Le membre est déjà suspendu.";
        de: "Mitglied bereits gesperrt", "Das Mitglied ist bereits gesperrt.";
        en: "Member already suspended", "The member is already suspended.";
        lb: "Member scho suspendéiert", "De Member ass scho suspendéiert.";
    }
    NationalNumberRequired = "national_number_required", 409 {
        fr: "Matricule requis", "L'émetteur n'atteste aucun numéro d'identification national. Demandez d'abord un tel numéro.";
        de: "Identifikationsnummer erforderlich", "Der Aussteller bestätigt keine nationale Identifikationsnummer. Beantragen Sie zuerst eine.";
        en: "National number required", "The issuer asserts no national identification number. Apply for one first.";
        lb: "Matricule néideg", "Den Aussteller confirméiert keng national Identifikatiounsnummer. Frot der fir d'éischt eng.";
    }
    NothingToConfirm = "nothing_to_confirm", 409 {
        fr: "Rien à confirmer", "Aucune adresse n'attend son code.";
        de: "Nichts zu bestätigen", "Keine Adresse wartet auf ihren Code.";
        en: "Nothing to confirm", "No address is waiting for its code.";
        lb: "Näischt ze confirméieren", "Keng Adress waart op hire Code.";
    }
    PrivateSpaceExists = "private_space_exists", 409 {
        fr: "Espace privé déjà existant", "Vous avez déjà votre espace privé.";
        de: "Privater Bereich bereits vorhanden", "Sie haben Ihren privaten Bereich bereits.";
        en: "Private space already exists", "You already have your private space.";
        lb: "Privaten Espace existéiert schonn", "Dir hutt Äre privaten Espace schonn.";
    }
    ProductBelongsToAnother = "product_belongs_to_another", 409 {
        fr: "Produit d'une autre personne", "Ce produit d'authentification appartient à une autre personne.";
        de: "Authentisierungsmittel einer anderen Person", "Dieses Authentisierungsmittel gehört einer anderen Person.";
        en: "Product of another person", "This authentication product belongs to another person.";
        lb: "Produkt vun enger anerer Persoun", "Dëst Authentifikatiounsprodukt gehéiert enger anerer Persoun.";
    }
    ProductRegistered = "product_registered", 409 {
        fr: "Produit déjà enregistré", "Ce produit d'authentification est déjà enregistré. Connectez-vous.";
        de: "Authentisierungsmittel bereits registriert", "Dieses Authentisierungsmittel ist bereits registriert. Melden Sie sich an.";
        en: "Product already registered", "This authentication product is already registered. Log in.";
        lb: "Produkt scho registréiert", "Dëst Authentifikatiounsprodukt ass scho registréiert. Mellt Iech un.";
    }
    RegistrationConfirmed = "registration_confirmed", 409 {
        fr: "Enregistrement déjà confirmé", "Cet enregistrement est déjà confirmé. Connectez-vous.";
        de: "Registrierung bereits bestätigt", "Diese Registrierung ist bereits bestätigt. Melden Sie sich an.";
        en: "Registration already confirmed", "This registration is already confirmed. Log in.";
        lb: "Registréierung scho confirméiert", "Dës Registréierung ass scho confirméiert. Mellt Iech un.";
    }
    LimitRequestDecided = "limit_request_decided", 409 {
        fr: "Demande déjà traitée", "Le Helpdesk a déjà statué sur cette demande.";
        de: "Antrag bereits entschieden", "Der Helpdesk hat über diesen Antrag bereits entschieden.";
        en: "Request already decided", "The Helpdesk has already decided on this request.";
        lb: "Ufro scho decidéiert", "Den Helpdesk huet iwwer dës Ufro scho decidéiert.";
    }
    LimitRequestOpen = "limit_request_open", 409 {
        fr: "Demande en cours", "Pour ce produit, la demande {limitRequest} attend déjà une décision.";
        de: "Antrag bereits gestellt", "Für dieses Authentisierungsmittel wartet bereits der Antrag {limitRequest} auf eine Entscheidung.";
        en: "Request pending", "For this product, the request {limitRequest} is already awaiting a decision.";
        lb: "Ufro leeft schonn", "Fir dëst Produkt waart d'Ufro {limitRequest} schonn op eng Decisioun.";
    }
    OwnCase = "own_case", 409 {
        fr: "Dossier vous concernant", "C'est votre propre produit, votre demande ou un espace dont vous êtes ou étiez membre : une autre personne du Helpdesk doit s'en charger.";
        de: "Eigene Sache", "Das ist Ihr eigenes Authentisierungsmittel, Ihr eigener Antrag oder ein Bereich, dem Sie angehören oder angehörten: Eine andere Person des Helpdesks muss das übernehmen.";
        en: "Own case", "This is your own product or request, or a space that you are or were a member of: another person at the Helpdesk has to handle it.";
        lb: "Eege Saach", "Dat ass Äert eegent Produkt, Är eegen Ufro oder en Espace, an deem Dir Member sidd oder waart: Eng aner Persoun vum Helpdesk muss dat maachen.";
    }
    SpaceClosed = "space_closed", 409 {
        fr: "Espace fermé", "L'espace est fermé : ses administrateurs peuvent encore le restaurer.";
        de: "Bereich geschlossen", "Der Bereich ist geschlossen: Seine Administratoren können ihn noch wiederherstellen.";
        en: "Space closed", "The space is closed: its administrators can still restore it.";
        lb: "Espace zou", "Den Espace ass zou: Seng Administrateure kënnen en nach restauréieren.";
    }
    SpaceLimitReached = "space_limit_reached", 409 {
        fr: "Limite atteinte", "Espaces professionnels ouverts avec ce produit : {used} ; limite : {limit}.";
        de: "Grenze erreicht", "Mit diesem Authentisierungsmittel offene berufliche Bereiche: {used}; Grenze: {limit}.";
        en: "Limit reached", "Professional spaces open with this product: {used}; limit: {limit}.";
        lb: "Limitt erreecht", "Professionell Espacen, déi mat dësem Produkt op sinn: {used}; Limitt: {limit}.";
    }
    SpaceNotSuspended = "space_not_suspended", 409 {
        fr: "Espace non suspendu", "L'espace n'est pas suspendu.";
        de: "Bereich nicht gesperrt", "Der Bereich ist nicht gesperrt.";
        en: "Space not suspended", "The space is not suspended.";
        lb: "Espace net suspendéiert", "Den Espace ass net suspendéiert.";
    }
    SpaceNotClosed = "space_not_closed", 409 {
        fr: "Espace non fermé", "Seul un espace fermé peut être restauré.";
        de: "Bereich nicht geschlossen", "Nur ein geschlossener Bereich kann wiederhergestellt werden.";
        en: "Space not closed", "Only a closed space can be restored.";
        lb: "Espace net zou", "Nëmmen en zouenen Espace ka restauréiert ginn.";
    }
    SpaceSuspended = "space_suspended", 409 {
        fr: "Espace suspendu", "L'espace est suspendu : il peut être consulté, mais personne ne peut y agir.";
        de: "Bereich gesperrt", "Der Bereich ist vorübergehend gesperrt: Er kann eingesehen werden, aber niemand kann darin handeln.";
        en: "Space suspended", "The space is suspended: it can be viewed, but nobody can act in it.";
        lb: "Espace suspendéiert", "Den Espace ass suspendéiert: E kann nach consultéiert ginn, mee kee kann dran handelen.";
    }
    TermsNotAccepted = "terms_not_accepted", 409 {
        fr: "Conditions non acceptées", "Acceptez d'abord les conditions générales d'utilisation en vigueur.";
        de: "Bedingungen nicht angenommen", "Nehmen Sie zuerst die geltenden Nutzungsbedingungen an.";
        en: "Terms not accepted", "Accept the terms of use in force first.";
        lb: "Konditiounen net akzeptéiert", "Akzeptéiert fir d'éischt déi gëlteg Notzungskonditiounen.";
    }
    TermsOutdated = "terms_outdated", 409 {
        fr: "Autre version en vigueur", "La version {current} des conditions générales d'utilisation est en vigueur.";
        de: "Andere Fassung in Kraft", "Es gilt die Fassung {current} der Nutzungsbedingungen.";
        en: "Another version in force", "Version {current} of the terms of use is in force.";
        lb: "Aner Versioun a Kraaft", "D'Versioun {current} vun den Notzungskonditiounen ass a Kraaft.";
    }
    TryAgain = "try_again", 409 {
        fr: "À recommencer", "Une autre requête a modifié la même chose au même moment. Réessayez.";
        de: "Erneut versuchen", "Eine andere Anfrage hat gleichzeitig dasselbe geändert. Versuchen Sie es erneut.";
        en: "Try again", "Another request changed the same thing at the same moment. Try again.";
        lb: "Nach eng Kéier probéieren", "Eng aner Ufro huet am selwechte Moment datselwecht geännert. Probéiert nach eng Kéier.";
    }
    EventsGone = "events_gone", 410 {
        fr: "Événements effacés", "Des événements qui suivent cette position ne sont plus conservés. Relisez vos données, puis reprenez après la position {oldest}.";
        de: "Ereignisse gelöscht", "Ereignisse nach dieser Position werden nicht mehr aufbewahrt. Lesen Sie Ihren Bestand neu ein und setzen Sie nach der Position {oldest} fort.";
        en: "Events gone", "Events after this position are no longer kept. Read your data anew, then go on after position {oldest}.";
        lb: "Evenementer geläscht", "Evenementer no dëser Positioun gi net méi opbewaart. Liest Är Donnéeën nei an, da maacht no der Positioun {oldest} weider.";
    }
    InvitationCancelled = "invitation_cancelled", 410 {
        fr: "Invitation annulée", "L'invitation a été annulée par l'espace.";
        de: "Einladung zurückgezogen", "Die Einladung wurde vom Bereich zurückgezogen.";
        en: "Invitation cancelled", "The invitation was cancelled by the space.";
        lb: "Invitatioun annuléiert", "D'Invitatioun gouf vum Espace annuléiert.";
    }
    InvitationExpired = "invitation_expired", 410 {
        fr: "Invitation expirée", "L'invitation n'est plus valable. Un administrateur de l'espace peut en envoyer une autre.";
        de: "Einladung abgelaufen", "Die Einladung gilt nicht mehr. Ein Administrator des Bereichs kann eine neue senden.";
        en: "Invitation expired", "The invitation is no longer valid. An administrator of the space can send another.";
        lb: "Invitatioun ofgelaf", "D'Invitatioun ass net méi gëlteg. En Administrateur vum Espace kann eng nei schécken.";
    }
    InvitationRefused = "invitation_refused", 410 {
        fr: "Invitation refusée", "L'invitation a été refusée par son destinataire.";
        de: "Einladung abgelehnt", "Die Einladung wurde vom Empfänger abgelehnt.";
        en: "Invitation refused", "The invitation was refused by its recipient.";
        lb: "Invitatioun refuséiert", "D'Invitatioun gouf vum Empfänger refuséiert.";
    }
    InvitationUsed = "invitation_used", 410 {
        fr: "Invitation déjà utilisée", "L'invitation a été acceptée auparavant ; elle ne sert qu'une fois.";
        de: "Einladung bereits verwendet", "Die Einladung wurde bereits angenommen; sie gilt nur einmal.";
        en: "Invitation already used", "The invitation was accepted before; it serves once.";
        lb: "Invitatioun scho benotzt", "D'Invitatioun gouf virdru schonn ugeholl; si gëllt nëmmen eng Kéier.";
    }
    InvitationVoid = "invitation_void", 410 {
        fr: "Invitation caduque", "Personne ne répond plus de l'invitation, ou l'espace n'est pas ouvert. Un administrateur de l'espace peut la renvoyer.";
        de: "Einladung hinfällig", "Niemand steht mehr für die Einladung ein, oder der Bereich ist nicht offen. Ein Administrator des Bereichs kann sie erneut senden.";
        en: "Invitation void", "Nobody answers for the invitation any more, or the space is not open. An administrator of the space can send it again.";
        lb: "Invitatioun hifälleg", "Kee steet méi fir d'Invitatioun an, oder den Espace ass net op. En Administrateur vum Espace kann se nach eng Kéier schécken.";
    }
    RecoveryDecided = "recovery_decided", 409 {
        fr: "Procédure terminée", "Cette procédure de rétablissement a déjà été confirmée ou retirée.";
        de: "Verfahren abgeschlossen", "Dieses Wiederherstellungsverfahren wurde bereits bestätigt oder zurückgezogen.";
        en: "Recovery concluded", "This recovery has already been confirmed or withdrawn.";
        lb: "Prozedur ofgeschloss", "Dës Prozedur gouf scho confirméiert oder zréckgezunn.";
    }
    RecoveryIncomplete = "recovery_incomplete", 409 {
        fr: "Administrateurs à nommer", "Doivent être nommés exactement les administrateurs qui peuvent agir, énumérés dans `able` ; la personne à désigner ne peut pas en faire partie.";
        de: "Administratoren zu nennen", "Zu nennen sind genau die Administratoren, die handeln können; `able` zählt sie auf. Die einzusetzende Person kann nicht dazu gehören.";
        en: "Administrators to be named", "Exactly those administrators who are able to act must be named; `able` lists them. The person to appoint cannot be one of them.";
        lb: "Administrateuren ze nennen", "Et mussen genee déi Administrateure genannt ginn, déi handele kënnen; `able` zielt se op. Déi Persoun, déi agesat gëtt, kann net dobäi sinn.";
    }
    RecoveryOpen = "recovery_open", 409 {
        fr: "Procédure en cours", "Pour cet espace, la procédure de rétablissement {recovery} est en cours.";
        de: "Verfahren läuft bereits", "Für diesen Bereich läuft bereits das Wiederherstellungsverfahren {recovery}.";
        en: "Recovery pending", "For this space, the recovery {recovery} is pending.";
        lb: "Prozedur leeft schonn", "Fir dësen Espace leeft schonn d'Prozedur {recovery}.";
    }
    RecoverySameAgent = "recovery_same_agent", 409 {
        fr: "Deuxième agent requis", "Une autre personne du Helpdesk que celle qui a ouvert la procédure doit la confirmer.";
        de: "Zweite Person erforderlich", "Bestätigen muss eine andere Person des Helpdesks als die, die das Verfahren eröffnet hat.";
        en: "Second agent required", "A person at the Helpdesk other than the one who opened the recovery has to confirm it.";
        lb: "Zweet Persoun néideg", "Eng aner Persoun vum Helpdesk wéi déi, déi d'Prozedur opgemaach huet, muss se confirméieren.";
    }
    RecoveryStopped = "recovery_stopped", 409 {
        fr: "Procédure arrêtée", "Un administrateur de l'espace a arrêté cette procédure de rétablissement.";
        de: "Verfahren gestoppt", "Ein Administrator des Bereichs hat dieses Wiederherstellungsverfahren gestoppt.";
        en: "Recovery stopped", "An administrator of the space has stopped this recovery.";
        lb: "Prozedur gestoppt", "En Administrateur vum Espace huet dës Prozedur gestoppt.";
    }
    RecoveryTooEarly = "recovery_too_early", 409 {
        fr: "Trop tôt", "Cette procédure de rétablissement peut être confirmée à partir du {confirmableAt}.";
        de: "Zu früh", "Dieses Wiederherstellungsverfahren kann ab {confirmableAt} bestätigt werden.";
        en: "Too early", "This recovery can be confirmed from {confirmableAt} on.";
        lb: "Ze fréi", "Dës Prozedur ka vum {confirmableAt} un confirméiert ginn.";
    }
    DraftLimitReached = "draft_limit_reached", 409 {
        fr: "Trop de démarches en préparation", "Un espace peut avoir au plus {limit} démarches en préparation, la corbeille comprise.";
        de: "Zu viele Vorgänge in Vorbereitung", "Ein Bereich kann höchstens {limit} Vorgänge in Vorbereitung haben, den Papierkorb eingeschlossen.";
        en: "Too many drafts", "A space can have at most {limit} procedures in preparation, those in the bin among them.";
        lb: "Ze vill Demarchen a Virbereedung", "En Espace kann héchstens {limit} Demarchen a Virbereedung hunn, déi am Dreckskuerf mat.";
    }
    AssigneeMayNotDraft = "assignee_may_not_draft", 409 {
        fr: "Attribution impossible", "Une démarche s'attribue à un membre actif de l'espace qui peut préparer des démarches.";
        de: "Zuweisung nicht möglich", "Ein Vorgang wird einem aktiven Mitglied des Bereichs zugewiesen, das Vorgänge vorbereiten darf.";
        en: "Not to be assigned", "A procedure is assigned to an active member of the space who may draft procedures.";
        lb: "Net zouzedeelen", "Eng Demarche gëtt engem aktive Member vum Espace zougedeelt, deen Demarche virbereede dierf.";
    }
    ProcedureState = "procedure_state", 409 {
        fr: "Démarche à un autre stade", "Au stade où se trouve cette démarche ({procedureState}), cela n'est pas possible.";
        de: "Vorgang in anderem Stand", "In dem Stand, in dem dieser Vorgang ist ({procedureState}), ist das nicht möglich.";
        en: "Procedure in another state", "This can't be done to a procedure in this state ({procedureState}).";
        lb: "Demarche an engem anere Stand", "An deem Stand, an deem dës Demarche ass ({procedureState}), ass dat net méiglech.";
    }
    ProcedureInvalid = "procedure_invalid", 409 {
        fr: "Formulaire incomplet ou inexact", "Ce qui est rempli n'est pas tel que le formulaire le demande. La vérification dit où.";
        de: "Formular unvollständig oder falsch", "Was ausgefüllt ist, ist nicht, wie das Formular es verlangt. Die Prüfung sagt, wo.";
        en: "Form incomplete or wrong", "What is filled in is not as the form wants it. The check tells where.";
        lb: "Formulaire net komplett oder falsch", "Wat ausgefëllt ass, ass net esou, wéi de Formulaire et verlaangt. D'Kontroll seet, wou.";
    }
    AttachmentsIncomplete = "attachments_incomplete", 409 {
        fr: "Pièces jointes incomplètes", "Des pièces obligatoires manquent, ou des fichiers ne peuvent pas être envoyés : `slots` dit où, la vérification dit pourquoi.";
        de: "Anhänge unvollständig", "Verlangte Anhänge fehlen, oder Dateien können nicht gesendet werden: `slots` sagt, wo, die Prüfung sagt, warum.";
        en: "Attachments incomplete", "Required attachments are missing, or files cannot be sent: `slots` tells where, the check tells why.";
        lb: "Unhäng net komplett", "Et feele verlaangten Unhäng, oder Fichiere kënnen net geschéckt ginn: `slots` seet wou, d'Kontroll seet firwat.";
    }
    AttachmentLimitReached = "attachment_limit_reached", 409 {
        fr: "Trop de fichiers", "Au plus {limit} fichiers peuvent être joints ici. Retirez-en un d'abord.";
        de: "Zu viele Dateien", "Hier können höchstens {limit} Dateien angehängt werden. Entfernen Sie zuerst eine.";
        en: "Too many files", "At most {limit} files can be attached here. Take one away first.";
        lb: "Ze vill Fichieren", "Hei kënnen héchstens {limit} Fichieren ugehaange ginn. Huelt fir d'éischt een ewech.";
    }
    FileWithheld = "file_withheld", 409 {
        fr: "Fichier retenu", "Le fichier n'est pas remis : l'état de l'analyse antivirus est `{scan}`.";
        de: "Datei zurückgehalten", "Die Datei wird nicht herausgegeben: Der Stand der Virenprüfung ist `{scan}`.";
        en: "File withheld", "The file is not given out: the state of its scan for malware is `{scan}`.";
        lb: "Fichier zréckgehalen", "De Fichier gëtt net erausginn: Den Zoustand vun der Virekontroll ass `{scan}`.";
    }
    DigestChanged = "digest_changed", 409 {
        fr: "Contenu modifié", "La démarche ne dit plus ce qui a été vu. Relisez-la avant de la signer ou de l'envoyer.";
        de: "Inhalt geändert", "Der Vorgang sagt nicht mehr, was gesehen wurde. Lesen Sie ihn neu, bevor Sie ihn unterschreiben oder senden.";
        en: "Content changed", "The procedure no longer says what was seen. Read it again before it is signed or sent.";
        lb: "Inhalt geännert", "D'Demarche seet net méi, wat gesi gouf. Liest se nach eng Kéier, ier Dir se ënnerschreift oder schéckt.";
    }
    RecordStale = "record_stale", 409 {
        fr: "Version dépassée", "L'enregistrement est connu dans la version {version}, plus récente que celle-ci.";
        de: "Version überholt", "Der Datensatz ist in der Version {version} bekannt, die neuer ist als diese.";
        en: "Version superseded", "The record is known in version {version}, which is newer than this one.";
        lb: "Versioun iwwerholl", "Den Enregistrement ass an der Versioun {version} bekannt, déi méi nei ass wéi dës.";
    }
    RecordConflict = "record_conflict", 409 {
        fr: "Même version, autre contenu", "L'enregistrement est connu dans cette version avec un autre contenu. Un autre contenu veut une version plus élevée.";
        de: "Gleiche Version, anderer Inhalt", "Der Datensatz ist in dieser Version mit anderem Inhalt bekannt. Ein anderer Inhalt verlangt eine höhere Version.";
        en: "Same version, other content", "The record is known in this version with another content. Another content wants a higher version.";
        lb: "Selwecht Versioun, aneren Inhalt", "Den Enregistrement ass an dëser Versioun mat engem aneren Inhalt bekannt. En aneren Inhalt verlaangt eng méi héich Versioun.";
    }
    RecordOfAnother = "record_of_another", 409 {
        fr: "Enregistrement d'un autre", "L'enregistrement de cette clé concerne une autre entreprise ou personne, et c'est pour toujours. Retirez-le et prenez une autre clé.";
        de: "Datensatz eines anderen", "Der Datensatz mit diesem Schlüssel betrifft für immer ein anderes Unternehmen oder eine andere Person. Nehmen Sie ihn zurück und verwenden Sie einen anderen Schlüssel.";
        en: "Record of another", "The record of this key is about another company or person, for good. Take it back and use another key.";
        lb: "Enregistrement vun engem aneren", "Den Enregistrement mat dësem Schlëssel ass fir ëmmer iwwer eng aner Firma oder Persoun. Huelt en zréck a benotzt en anere Schlëssel.";
    }
    RecordInvalid = "record_invalid", 409 {
        fr: "Enregistrement non conforme", "Ce que dit l'enregistrement n'est pas dans la forme de sa source ; `contentErrors` dit où.";
        de: "Datensatz nicht in der Form", "Was der Datensatz sagt, hat nicht die Form seiner Quelle; `contentErrors` sagt, wo.";
        en: "Record not in the form", "What the record says is not in the form of its source; `contentErrors` tells where.";
        lb: "Enregistrement net an der Form", "Wat den Enregistrement seet, ass net an der Form vu senger Quell; `contentErrors` seet, wou.";
    }
    RecordChanged = "record_changed", 409 {
        fr: "Enregistrement modifié", "L'enregistrement est maintenant dans la version {version}. Relisez-le avant de le vérifier.";
        de: "Datensatz geändert", "Der Datensatz ist jetzt in der Version {version}. Lesen Sie ihn neu, bevor Sie ihn prüfen.";
        en: "Record changed", "The record is in version {version} by now. Read it again before it is verified.";
        lb: "Enregistrement geännert", "Den Enregistrement ass elo an der Versioun {version}. Liest en nach eng Kéier, ier Dir en iwwerpréift.";
    }
    AlreadyVerified = "already_verified", 409 {
        fr: "Déjà vérifié", "L'espace l'a déjà dit de cet enregistrement ({verificationStatus}).";
        de: "Bereits geprüft", "Der Bereich hat das von diesem Datensatz schon gesagt ({verificationStatus}).";
        en: "Already verified", "The space has said so of this record already ({verificationStatus}).";
        lb: "Scho gepréift", "Den Espace huet dat vun dësem Enregistrement scho gesot ({verificationStatus}).";
    }
    VerificationState = "verification_state", 409 {
        fr: "Rien à répondre", "À une vérification qui en est là ({verificationStatus}), il n'y a rien à répondre.";
        de: "Nichts zu beantworten", "Auf eine Prüfung, die so steht ({verificationStatus}), gibt es nichts zu antworten.";
        en: "Nothing to answer", "There is nothing to answer to a verification that stands so ({verificationStatus}).";
        lb: "Näischt ze äntweren", "Op eng Iwwerpréiwung, déi sou steet ({verificationStatus}), gëtt et näischt ze äntweren.";
    }
    SignatureNotWanted = "signature_not_wanted", 409 {
        fr: "Sans signature", "Les démarches de ce type s'envoient sans signature.";
        de: "Ohne Unterschrift", "Vorgänge dieser Art werden ohne Unterschrift gesendet.";
        en: "No signature wanted", "Procedures of this type are sent without a signature.";
        lb: "Ouni Ënnerschrëft", "Demarchen vun dëser Zort ginn ouni Ënnerschrëft geschéckt.";
    }
    SignatureMissing = "signature_missing", 409 {
        fr: "Signature manquante", "Cette démarche doit être signée par tous ceux que son type demande avant d'être envoyée.";
        de: "Unterschrift fehlt", "Dieser Vorgang muss von allen unterschrieben sein, die seine Art verlangt, bevor er gesendet wird.";
        en: "Signature missing", "This procedure must be signed by all whom its type wants before it is sent.";
        lb: "Ënnerschrëft feelt", "Dës Demarche muss vun all deenen ënnerschriwwe sinn, déi hir Zort verlaangt, ier se geschéckt gëtt.";
    }
    ProcedureAudience = "procedure_audience", 409 {
        fr: "Autre type d'espace", "Cette démarche part d'un espace de l'autre type : privé ou professionnel.";
        de: "Andere Art von Bereich", "Dieser Vorgang läuft in einem Bereich der anderen Art: privat oder beruflich.";
        en: "Other kind of space", "This procedure runs from a space of the other kind: private or professional.";
        lb: "Aner Aart vun Espace", "Dës Demarche leeft aus engem Espace vun der anerer Aart: privat oder professionell.";
    }
    ProcedureBinned = "procedure_binned", 409 {
        fr: "Démarche dans la corbeille", "Cette démarche est dans la corbeille. Restaurez-la d'abord.";
        de: "Vorgang im Papierkorb", "Dieser Vorgang liegt im Papierkorb. Stellen Sie ihn zuerst wieder her.";
        en: "Procedure in the bin", "This procedure is in the bin. Restore it first.";
        lb: "Demarche am Dreckskuerf", "Dës Demarche ass am Dreckskuerf. Restauréiert se fir d'éischt.";
    }
    ProcedureNotBinned = "procedure_not_binned", 409 {
        fr: "Démarche hors de la corbeille", "Seule une démarche dans la corbeille peut être restaurée.";
        de: "Vorgang nicht im Papierkorb", "Nur ein Vorgang im Papierkorb kann wiederhergestellt werden.";
        en: "Procedure not in the bin", "Only a procedure in the bin can be restored.";
        lb: "Demarche net am Dreckskuerf", "Nëmmen eng Demarche am Dreckskuerf ka restauréiert ginn.";
    }
    ProcedureTypeNotOffered = "procedure_type_not_offered", 409 {
        fr: "Démarche non proposée", "Cette démarche n'est pas proposée, ou ne l'est plus.";
        de: "Vorgang nicht angeboten", "Dieser Vorgang wird nicht oder nicht mehr angeboten.";
        en: "Procedure not offered", "This procedure is not offered, or not any more.";
        lb: "Demarche net ugebueden", "Dës Demarche gëtt net oder net méi ugebueden.";
    }
    SystemUserEnded = "system_user_ended", 409 {
        fr: "Utilisateur système terminé", "L'accès de cet utilisateur système est terminé, définitivement. Approuvez-en un nouveau.";
        de: "Systembenutzer beendet", "Der Zugang dieses Systembenutzers ist endgültig beendet. Genehmigen Sie einen neuen.";
        en: "System user ended", "The access of this system user is over, for good. Approve a new one.";
        lb: "Systembenotzer eriwwer", "Den Zougang vun dësem Systembenotzer ass definitiv eriwwer. Approuvéiert en neien.";
    }
    SystemUserLimitReached = "system_user_limit_reached", 409 {
        fr: "Trop d'utilisateurs système", "Un espace peut avoir au plus {limit} utilisateurs système. Mettez fin à l'accès de l'un d'eux.";
        de: "Zu viele Systembenutzer", "Ein Bereich kann höchstens {limit} Systembenutzer haben. Beenden Sie den Zugang eines davon.";
        en: "Too many system users", "A space can have at most {limit} system users. End the access of one of them.";
        lb: "Ze vill Systembenotzer", "En Espace kann héchstens {limit} Systembenotzer hunn. Maacht dem Zougang vun engem en Enn.";
    }
    SystemUserNotSuspended = "system_user_not_suspended", 409 {
        fr: "Utilisateur système non suspendu", "Seul un utilisateur système suspendu peut être rétabli.";
        de: "Systembenutzer nicht gesperrt", "Nur ein gesperrter Systembenutzer kann wieder zugelassen werden.";
        en: "System user not suspended", "Only a suspended system user can be resumed.";
        lb: "Systembenotzer net suspendéiert", "Nëmmen e suspendéierte Systembenotzer ka rëm zougelooss ginn.";
    }
    SystemUserSuspended = "system_user_suspended", 409 {
        fr: "Utilisateur système suspendu", "Cet utilisateur système est déjà suspendu.";
        de: "Systembenutzer gesperrt", "Dieser Systembenutzer ist bereits gesperrt.";
        en: "System user suspended", "This system user is already suspended.";
        lb: "Systembenotzer suspendéiert", "Dëse Systembenotzer ass scho suspendéiert.";
    }
    JoinRequestEnded = "join_request_ended", 410 {
        fr: "Demande expirée", "Cette demande d'accès a expiré ou a été annulée.";
        de: "Anfrage abgelaufen", "Diese Beitrittsanfrage ist abgelaufen oder wurde zurückgezogen.";
        en: "Request ended", "This request to join has ended or was cancelled.";
        lb: "Ufro ofgelaf", "Dës Ufro fir Zougang ass ofgelaf oder gouf zréckgezunn.";
    }
    RegistrationSuperseded = "registration_superseded", 410 {
        fr: "Enregistrement remplacé", "Le même produit a été enregistré à nouveau ; seul le dernier enregistrement peut être confirmé.";
        de: "Registrierung ersetzt", "Dasselbe Authentisierungsmittel wurde neu registriert; nur die neueste Registrierung kann bestätigt werden.";
        en: "Registration superseded", "The same product was registered again; only the newest registration can be confirmed.";
        lb: "Registréierung ersat", "Datselwecht Produkt gouf nei registréiert; nëmmen déi lescht Registréierung ka confirméiert ginn.";
    }
    SpacePurged = "space_purged", 410 {
        fr: "Délai dépassé", "Le délai pour restaurer cet espace est écoulé ; son contenu est en cours d'effacement.";
        de: "Frist abgelaufen", "Die Frist für die Wiederherstellung dieses Bereichs ist abgelaufen; sein Inhalt wird gelöscht.";
        en: "Deadline passed", "The deadline for restoring this space has passed; its content is being erased.";
        lb: "Delai ofgelaf", "Den Delai, fir dësen Espace ze restauréieren, ass ofgelaf; säin Inhalt gëtt geläscht.";
    }
    VersionChanged = "version_changed", 412 {
        fr: "Version dépassée", "La ressource a changé depuis que vous l'avez lue. Relisez-la.";
        de: "Fassung überholt", "Die Ressource wurde geändert, seit Sie sie gelesen haben. Lesen Sie sie neu.";
        en: "Version changed", "The resource has changed since you read it. Read it again.";
        lb: "Versioun iwwerholl", "D'Ressource gouf geännert, zënter Dir se gelies hutt. Liest se nei.";
    }
    BodyTooLarge = "body_too_large", 413 {
        fr: "Corps trop volumineux", "Le corps de la requête dépasse {limit} octets.";
        de: "Inhalt zu groß", "Der Inhalt der Anfrage ist größer als {limit} Bytes.";
        en: "Body too large", "The request's body is larger than {limit} bytes.";
        lb: "Inhalt ze grouss", "Den Inhalt vun der Ufro ass méi grouss wéi {limit} Bytes.";
    }
    TooManyLines = "too_many_lines", 413 {
        fr: "Trop de lignes", "Une requête compte au plus {limit} lignes. Celles qui précèdent ont été traitées ; envoyez les autres à part.";
        de: "Zu viele Zeilen", "Eine Anfrage hat höchstens {limit} Zeilen. Die davor wurden bearbeitet; senden Sie die anderen für sich.";
        en: "Too many lines", "A request has at most {limit} lines. Those before were dealt with; send the others apart.";
        lb: "Ze vill Zeilen", "Eng Ufro huet héchstens {limit} Zeilen. Déi virdru goufe verschafft; schéckt déi aner extra.";
    }
    UnsupportedMediaType = "unsupported_media_type", 415 {
        fr: "Type de contenu non admis", "Le corps doit être en UTF-8, sans compression, de type `{mediaType}`.";
        de: "Inhaltstyp nicht zugelassen", "Der Inhalt muss unkomprimiert sein, in UTF-8 und vom Typ `{mediaType}`.";
        en: "Unsupported media type", "The body must be in UTF-8, not compressed, of type `{mediaType}`.";
        lb: "Inhaltstyp net erlaabt", "Den Inhalt muss onkompriméiert sinn, an UTF-8 a vum Typ `{mediaType}`.";
    }
    AttachmentMediaType = "attachment_media_type", 415 {
        fr: "Type de fichier non admis", "Le fichier n'est d'aucun des types admis ici, ou n'est pas ce que `Content-Type` annonce ; `mediaTypes` nomme ceux qui sont admis.";
        de: "Dateityp nicht zugelassen", "Die Datei ist von keinem der hier zugelassenen Typen, oder nicht, was `Content-Type` sagt; `mediaTypes` nennt die zugelassenen.";
        en: "File type not allowed", "The file is of none of the types allowed here, or is not what `Content-Type` says; `mediaTypes` names those allowed.";
        lb: "Fichierstyp net erlaabt", "De Fichier ass vu kengem vun den Typpen, déi hei erlaabt sinn, oder net dat, wat `Content-Type` seet; `mediaTypes` nennt déi erlaabt.";
    }
    RangeNotSatisfiable = "range_not_satisfiable", 416 {
        fr: "Plage hors du fichier", "Le fichier n'a pas la plage demandée ; `Content-Range` dit sa taille.";
        de: "Bereich außerhalb der Datei", "Die Datei hat den verlangten Bereich nicht; `Content-Range` sagt ihre Größe.";
        en: "Range outside the file", "The file does not have the range asked for; `Content-Range` tells its size.";
        lb: "Beräich ausserhalb vum Fichier", "De Fichier huet de gefrote Beräich net; `Content-Range` seet seng Gréisst.";
    }
    IdempotencyKeyReused = "idempotency_key_reused", 422 {
        fr: "Clé déjà utilisée", "Cette `Idempotency-Key` a déjà servi à une autre requête.";
        de: "Schlüssel bereits verwendet", "Dieser `Idempotency-Key` wurde bereits für eine andere Anfrage verwendet.";
        en: "Key already used", "This `Idempotency-Key` has already been used for another request.";
        lb: "Schlëssel scho benotzt", "Dësen `Idempotency-Key` gouf scho fir eng aner Ufro benotzt.";
    }
    IfMatchRequired = "if_match_required", 428 {
        fr: "If-Match requis", "Envoyez dans `If-Match` l'`ETag` de la version que vous modifiez.";
        de: "If-Match erforderlich", "Senden Sie in `If-Match` das `ETag` der Fassung, die Sie ändern.";
        en: "If-Match required", "Send in `If-Match` the `ETag` of the version that you are editing.";
        lb: "If-Match néideg", "Schéckt an `If-Match` den `ETag` vun der Versioun, déi Dir ännert.";
    }
    TooManyRequests = "too_many_requests", 429 {
        fr: "Trop de requêtes", "Trop de requêtes en peu de temps. Secondes à attendre : {retryAfter}.";
        de: "Zu viele Anfragen", "Zu viele Anfragen in kurzer Zeit. Wartezeit in Sekunden: {retryAfter}.";
        en: "Too many requests", "Too many requests in a short time. Seconds to wait: {retryAfter}.";
        lb: "Ze vill Ufroen", "Ze vill Ufroen a kuerzer Zäit. Waardezäit a Sekonnen: {retryAfter}.";
    }
    Internal = "internal", 500 {
        fr: "Erreur interne", "Une erreur s'est produite de notre côté ; rien n'a été enregistré.";
        de: "Interner Fehler", "Auf unserer Seite ist ein Fehler aufgetreten; es wurde nichts gespeichert.";
        en: "Internal error", "Something went wrong on our side; nothing was saved.";
        lb: "Interne Feeler", "Op eiser Säit ass e Feeler geschitt; et gouf näischt gespäichert.";
    }
    Busy = "busy", 503 {
        fr: "Momentanément indisponible", "Le service est actuellement surchargé ou indisponible ; rien n'a été enregistré. Réessayez.";
        de: "Zurzeit nicht verfügbar", "Der Dienst ist zurzeit überlastet oder nicht verfügbar; es wurde nichts gespeichert. Versuchen Sie es erneut.";
        en: "Temporarily unavailable", "The service is overloaded or unavailable at the moment; nothing was saved. Try again.";
        lb: "Am Moment net disponibel", "De Service ass am Moment iwwerlaascht oder net disponibel; et gouf näischt gespäichert. Probéiert nach eng Kéier.";
    }
    OutcomeUnknown = "outcome_unknown", 503 {
        fr: "Résultat inconnu", "La requête a peut-être été exécutée. Vérifiez avant de la répéter.";
        de: "Ergebnis unbekannt", "Die Anfrage wurde vielleicht ausgeführt. Prüfen Sie das, bevor Sie sie wiederholen.";
        en: "Outcome unknown", "The request may have been carried out. Check before you repeat it.";
        lb: "Resultat onbekannt", "D'Ufro gouf vläicht ausgefouert. Kuckt no, ier Dir se widderhuelt.";
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
        ProblemView {
            kind: format!("/problems/{}", self.code.code()),
            title: self.code.title().in_language(language).to_owned(),
            status: self.code.status().as_u16(),
            detail: self.detail(language),
            instance: instance.to_owned(),
            code: self.code.code(),
            request_id: request_id.to_owned(),
            errors: self.errors.iter().map(|error| error.view(language)).collect(),
            members: self.members.clone(),
        }
    }

    /// The sentence or two that tell of this occurrence.
    pub fn detail(&self, language: Language) -> String {
        self.members.iter().fold(self.code.detail().in_language(language).to_owned(), |detail, (name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            detail.replace(&format!("{{{name}}}"), &value)
        })
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
    #[expect(clippy::too_many_lines, reason = "a refusal a line")]
    fn from(refusal: Refusal) -> Self {
        let (code, members) = match &refusal {
            Refusal::StepUpRequired { needed } => return step_up(*needed),
            Refusal::RightNotGranted { right } => {
                return insufficient_scope(Code::RightNotGranted, "right", right.code());
            }
            Refusal::ScopeNotGranted { scope } => {
                return insufficient_scope(Code::ScopeNotGranted, "scope", scope.code());
            }
            Refusal::Field { field, fault } => {
                return Self::invalid(vec![FieldError::at(&format!("/{field}"), (*fault).into())]);
            }
            Refusal::NotFound => (Code::NotFound, json!({})),
            Refusal::RoleInsufficient => (Code::RoleInsufficient, json!({})),
            Refusal::AdministratorRequired => (Code::AdministratorRequired, json!({})),
            Refusal::MemberSuspended => (Code::MemberSuspended, json!({})),
            Refusal::MemberNotSuspended => (Code::MemberNotSuspended, json!({})),
            Refusal::MemberEnded => (Code::MemberEnded, json!({})),
            Refusal::AlreadyMember => (Code::AlreadyMember, json!({})),
            Refusal::JoinRequestOpen { request } => {
                (Code::JoinRequestOpen, json!({ "joinRequest": request.to_string() }))
            }
            Refusal::JoinRequestLimitReached { limit } => (Code::JoinRequestLimitReached, json!({ "limit": limit })),
            Refusal::JoinRequestDecided => (Code::JoinRequestDecided, json!({})),
            Refusal::JoinRequestEnded => (Code::JoinRequestEnded, json!({})),
            Refusal::DailySystemUserLimitReached { limit } => {
                (Code::DailySystemUserLimitReached, json!({ "limit": limit }))
            }
            Refusal::SystemUserLimitReached { limit } => (Code::SystemUserLimitReached, json!({ "limit": limit })),
            Refusal::ProcedureAudience => (Code::ProcedureAudience, json!({})),
            Refusal::ProcedureTypeNotOffered => (Code::ProcedureTypeNotOffered, json!({})),
            Refusal::DraftLimitReached { limit } => (Code::DraftLimitReached, json!({ "limit": limit })),
            Refusal::ProcedureState { state } => (Code::ProcedureState, json!({ "procedureState": state.code() })),
            Refusal::ProcedureInvalid => (Code::ProcedureInvalid, json!({})),
            Refusal::AttachmentsIncomplete { slots } => {
                let slots: Vec<&str> = slots.iter().map(AttachmentCode::as_str).collect();
                (Code::AttachmentsIncomplete, json!({ "slots": slots }))
            }
            Refusal::AttachmentMediaType { allowed } => {
                let allowed: Vec<&str> = allowed.iter().map(|media_type| media_type.code()).collect();
                (Code::AttachmentMediaType, json!({ "mediaTypes": allowed }))
            }
            Refusal::AttachmentLimitReached { limit } => (Code::AttachmentLimitReached, json!({ "limit": limit })),
            Refusal::FileWithheld { scan } => (Code::FileWithheld, json!({ "scan": scan.code() })),
            Refusal::RecordStale { version } => (Code::RecordStale, json!({ "version": version.get() })),
            Refusal::RecordChanged { version } => (Code::RecordChanged, json!({ "version": version.get() })),
            Refusal::AlreadyVerified { status } => {
                (Code::AlreadyVerified, json!({ "verificationStatus": status.code() }))
            }
            Refusal::VerificationState { status } => {
                (Code::VerificationState, json!({ "verificationStatus": status.code() }))
            }
            Refusal::RecordConflict => (Code::RecordConflict, json!({})),
            Refusal::RecordOfAnother => (Code::RecordOfAnother, json!({})),
            Refusal::RecordInvalid => (Code::RecordInvalid, json!({})),
            Refusal::DigestChanged => (Code::DigestChanged, json!({})),
            Refusal::SignatureNotWanted => (Code::SignatureNotWanted, json!({})),
            Refusal::SignatureMissing => (Code::SignatureMissing, json!({})),
            Refusal::ProcedureBinned => (Code::ProcedureBinned, json!({})),
            Refusal::ProcedureNotBinned => (Code::ProcedureNotBinned, json!({})),
            Refusal::AssigneeMayNotDraft => (Code::AssigneeMayNotDraft, json!({})),
            Refusal::SystemUserSuspended => (Code::SystemUserSuspended, json!({})),
            Refusal::SystemUserNotSuspended => (Code::SystemUserNotSuspended, json!({})),
            Refusal::SystemUserEnded => (Code::SystemUserEnded, json!({})),
            Refusal::NotForSystemUsers => (Code::NotForSystemUsers, json!({})),
            Refusal::NotForPartners => (Code::NotForPartners, json!({})),
            Refusal::PartnersOnly => (Code::PartnersOnly, json!({})),
            Refusal::EventsGone { oldest } => (Code::EventsGone, json!({ "oldest": oldest.get() })),
            Refusal::CertificationRequired { service, sector } => {
                (Code::CertificationRequired, json!({ "service": service.as_str(), "sector": sector.as_str() }))
            }
            Refusal::ServiceNotOffered => (Code::ServiceNotOffered, json!({})),
            Refusal::CertificationExists { certification } => {
                (Code::CertificationExists, json!({ "certification": certification.to_string() }))
            }
            Refusal::CertificationState { status } => {
                (Code::CertificationState, json!({ "certificationStatus": status.code() }))
            }
            Refusal::CertificationTakenUp => (Code::CertificationTakenUp, json!({})),
            Refusal::DailyCertificationLimitReached { limit } => {
                (Code::DailyCertificationLimitReached, json!({ "limit": limit }))
            }
            Refusal::PrincipalRequired { principals } => {
                (Code::PrincipalRequired, json!({ "principals": principals.iter().map(|id| id.0).collect::<Vec<_>>() }))
            }
            Refusal::AccessCodeInvalid => (Code::AccessCodeInvalid, json!({})),
            Refusal::AccessCodeLimitReached { limit } => (Code::AccessCodeLimitReached, json!({ "limit": limit })),
            Refusal::AccessCodeState { status } => {
                (Code::AccessCodeState, json!({ "accessCodeStatus": status.code() }))
            }
            Refusal::ActivationLimitReached { limit } => (Code::ActivationLimitReached, json!({ "limit": limit })),
            Refusal::AlreadyDone { id } => (Code::AlreadyDone, json!({ "made": id })),
            Refusal::ReapplyTooSoon { until } => {
                (Code::ReapplyTooSoon, json!({ "until": until.to_rfc3339_opts(SecondsFormat::AutoSi, true) }))
            }
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
            Refusal::AssertionOfAnotherPerson => (Code::AssertionOfAnotherPerson, json!({})),
            Refusal::LastAdministrator { spaces } => (Code::LastAdministrator, json!({ "spaces": named(spaces) })),
            Refusal::NothingToConfirm => (Code::NothingToConfirm, json!({})),
            Refusal::AddressLimitReached { limit } => (Code::AddressLimitReached, json!({ "limit": limit })),
            Refusal::RegistrationConfirmed => (Code::RegistrationConfirmed, json!({})),
            Refusal::RegistrationSuperseded => (Code::RegistrationSuperseded, json!({})),
            Refusal::TermsNotAccepted => (Code::TermsNotAccepted, json!({})),
            Refusal::TermsOutdated { current } => (Code::TermsOutdated, json!({ "current": current })),
            Refusal::SpaceLimitReached { limit, used } => {
                (Code::SpaceLimitReached, json!({ "limit": limit, "used": used }))
            }
            Refusal::ClosedSpaceLimitReached { limit } => (Code::ClosedSpaceLimitReached, json!({ "limit": limit })),
            Refusal::PrivateSpaceExists => (Code::PrivateSpaceExists, json!({})),
            Refusal::SpaceSuspended => (Code::SpaceSuspended, json!({})),
            Refusal::InvitationPending { invitation } => {
                (Code::InvitationPending, json!({ "invitation": invitation.to_string() }))
            }
            Refusal::InvitationLimitReached { limit } => (Code::InvitationLimitReached, json!({ "limit": limit })),
            Refusal::DailyInvitationLimitReached { limit } => {
                (Code::DailyInvitationLimitReached, json!({ "limit": limit }))
            }
            Refusal::InvitationResendTooSoon { until } => (Code::InvitationResendTooSoon, json!({ "until": until })),
            Refusal::InvitationForOtherProduct { serial } => {
                (Code::InvitationForOtherProduct, json!({ "maskedSerial": serial.masked() }))
            }
            Refusal::InvitationNameMismatch => (Code::InvitationNameMismatch, json!({})),
            Refusal::InvitationExpired => (Code::InvitationExpired, json!({})),
            Refusal::InvitationVoid => (Code::InvitationVoid, json!({})),
            Refusal::InvitationUsed => (Code::InvitationUsed, json!({})),
            Refusal::InvitationRefused => (Code::InvitationRefused, json!({})),
            Refusal::InvitationCancelled => (Code::InvitationCancelled, json!({})),
            Refusal::HelpdeskOnly => (Code::HelpdeskOnly, json!({})),
            Refusal::OwnCase => (Code::OwnCase, json!({})),
            Refusal::LimitRequestOpen { request } => {
                (Code::LimitRequestOpen, json!({ "limitRequest": request.to_string() }))
            }
            Refusal::LimitRequestDecided => (Code::LimitRequestDecided, json!({})),
            Refusal::RecoveryOpen { recovery } => (Code::RecoveryOpen, json!({ "recovery": recovery.to_string() })),
            Refusal::RecoveryIncomplete { able } => {
                (Code::RecoveryIncomplete, json!({ "able": able.iter().map(|id| id.0).collect::<Vec<_>>() }))
            }
            Refusal::RecoverySameAgent => (Code::RecoverySameAgent, json!({})),
            Refusal::RecoveryTooEarly { confirmable_at } => {
                let confirmable_at = confirmable_at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
                (Code::RecoveryTooEarly, json!({ "confirmableAt": confirmable_at }))
            }
            Refusal::RecoveryStopped => (Code::RecoveryStopped, json!({})),
            Refusal::RecoveryDecided => (Code::RecoveryDecided, json!({})),
            Refusal::SpaceNotSuspended => (Code::SpaceNotSuspended, json!({})),
            Refusal::SpaceClosed => (Code::SpaceClosed, json!({})),
            Refusal::SpaceNotClosed => (Code::SpaceNotClosed, json!({})),
            Refusal::SpacePurged => (Code::SpacePurged, json!({})),
        };
        let members = members.as_object().cloned().unwrap_or_default();
        Self { members, ..Self::from(code) }
    }
}

/// Spaces in a problem: by id, and by what people call them.
fn named(spaces: &[(SpaceId, SpaceIdentifier)]) -> Vec<Value> {
    spaces.iter().map(|(id, identifier)| json!({ "id": id.0, "identifier": identifier.as_str() })).collect()
}

/// RFC 6750 §3.1: the challenge says for what the token would have to be.
fn insufficient_scope(code: Code, member: &str, wanted: &str) -> Problem {
    let challenge = format!(r#"Bearer error="insufficient_scope", scope="{wanted}""#);
    let challenge = HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("Bearer"));
    Problem::from(code).with(member, wanted).with_header(WWW_AUTHENTICATE, challenge)
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
