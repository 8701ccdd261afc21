//! Every route, once: what is listed here is served and stands in the contract.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{audit, collaboration, helpdesk, identity, operation, sandbox, space};

/// The routes of every installation.
pub fn all(config: &mut ServiceConfig<'_>) {
    config
        .service(operation::live)
        .service(operation::ready)
        .service(identity::discovery::jwks)
        .service(identity::discovery::metadata)
        .service(identity::registration::register)
        .service(identity::registration::get)
        .service(identity::registration::confirm)
        .service(identity::registration::resend)
        .service(identity::token::issue)
        .service(identity::token::revoke)
        .service(identity::terms::get)
        .service(identity::terms::accept)
        .service(identity::person::get)
        .service(identity::person::edit)
        .service(identity::email::confirm)
        .service(identity::email::resend)
        .service(identity::landing::get)
        .service(identity::landing::set_current_space)
        .service(identity::landing::clear_current_space)
        .service(identity::product::list)
        .service(identity::product::add)
        .service(identity::product::get)
        .service(identity::product::withdraw)
        .service(identity::session::list)
        .service(identity::session::end)
        .service(audit::of_person)
        .service(space::open)
        .service(space::list)
        .service(space::get)
        .service(space::edit)
        .service(space::life::close)
        .service(space::life::restore)
        .service(space::profile::get)
        .service(space::profile::replace)
        .service(space::notification_email::confirm)
        .service(space::notification_email::resend)
        .service(audit::of_space)
        .service(collaboration::roles::list)
        .service(collaboration::roles::of_space)
        .service(collaboration::members::list)
        .service(collaboration::members::get)
        .service(collaboration::members::edit)
        .service(collaboration::members::remove)
        .service(collaboration::acts::suspend)
        .service(collaboration::acts::resume)
        .service(collaboration::acts::leave)
        .service(collaboration::invitation::administration::list)
        .service(collaboration::invitation::administration::invite)
        .service(collaboration::invitation::bulk::invite_many)
        .service(collaboration::invitation::administration::get)
        .service(collaboration::invitation::administration::resend)
        .service(collaboration::invitation::administration::cancel)
        .service(collaboration::invitation::received::list)
        .service(collaboration::invitation::received::get)
        .service(collaboration::invitation::received::accept)
        .service(collaboration::invitation::received::refuse)
        .service(helpdesk::requests::ask)
        .service(helpdesk::requests::list)
        .service(helpdesk::requests::get)
        .service(helpdesk::products::find)
        .service(helpdesk::products::set_limit)
        .service(helpdesk::decisions::list)
        .service(helpdesk::decisions::get)
        .service(helpdesk::decisions::grant)
        .service(helpdesk::decisions::refuse)
        .service(helpdesk::spaces::find)
        .service(helpdesk::spaces::suspend)
        .service(helpdesk::spaces::resume);
}

/// The routes of the sandbox, which are there only while it is on.
pub fn of_sandbox(config: &mut ServiceConfig<'_>) {
    config
        .service(sandbox::list_persons)
        .service(sandbox::add_person)
        .service(sandbox::assert)
        .service(sandbox::list_mails);
}
