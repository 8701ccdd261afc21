//! `/v1/me`: the person's landing page and authentication products.

use actix_web::get;
use chrono::{DateTime, Utc};
use domain::identity::{Product, ProductStatus};
use persistence::SpaceFilter;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::{
        answer::{self, Answer},
        caller::Person,
        page::PageView,
        schema::{Choice, ProductKindChoice},
    },
    space::view::SpaceSummary,
};

/// Where to go after login.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Landing)]
#[serde(rename_all = "camelCase")]
pub struct LandingView {
    /// Which page.
    page: LandingPage,
    /// The spaces that this session's product can see, oldest first, at most 100.
    spaces: Vec<SpaceSummary>,
    /// Whether there are more: `GET /v1/spaces` lists all.
    has_more: bool,
}

/// Pages after login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LandingPage {
    /// No space: the page that manages spaces.
    ManageSpaces,
    /// Exactly one: its home page.
    SpaceHome,
    /// Several: the page that selects one.
    SelectSpace,
}

const SHOWN: u32 = 100;

/// Says where to go after login.
#[utoipa::path(
    tag = "Person", operation_id = "getLanding", security(("person" = [])),
    responses((status = 200, description = "The page, and the spaces.", body = LandingView))
)]
#[get("/v1/me/landing")]
pub async fn landing(person: Person) -> Answer {
    let mut spaces = person
        .read(|tx, caller| Ok(tx.spaces_of(caller.person, caller.product, SpaceFilter::default(), SHOWN + 1)?))
        .await?;
    let page = match spaces.len() {
        0 => LandingPage::ManageSpaces,
        1 => LandingPage::SpaceHome,
        _ => LandingPage::SelectSpace,
    };
    let has_more = spaces.len() > SHOWN as usize;
    spaces.truncate(SHOWN as usize);
    answer::ok(&LandingView { page, spaces: spaces.iter().map(SpaceSummary::from).collect(), has_more })
}

/// An authentication product of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthenticationProduct)]
#[serde(rename_all = "camelCase")]
pub struct ProductView {
    /// Its id.
    id: Uuid,
    /// Its kind.
    kind: ProductKindChoice,
    /// The last four digits of its serial number.
    #[schema(example = "****************0001")]
    masked_serial: String,
    /// How many professional spaces may be open that were opened with it.
    #[schema(minimum = 0, example = 200)]
    space_limit: u32,
    /// How many are.
    #[schema(minimum = 0, example = 1)]
    spaces_used: u32,
    /// Whether this session began with it.
    is_current: bool,
    /// When it was first registered.
    created_at: DateTime<Utc>,
}

/// A list of authentication products.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthenticationProductPage)]
pub struct ProductPage {
    /// The products, oldest first.
    data: Vec<ProductView>,
    /// All of them are on one page.
    page: PageView,
}

/// Lists the caller's registered authentication products.
#[utoipa::path(
    tag = "Person", operation_id = "listAuthenticationProducts", security(("person" = [])),
    responses((status = 200, description = "The products.", body = ProductPage))
)]
#[get("/v1/me/authentication-products")]
pub async fn products(person: Person) -> Answer {
    let data = person
        .read(|tx, caller| {
            let products: Vec<Product> = tx.products_of(caller.person)?;
            let registered = products.into_iter().filter(|product| product.status == ProductStatus::Registered);
            let views = registered.map(|product| {
                let spaces_used = tx.spaces_used(product.id)?;
                Ok(ProductView {
                    id: product.id.0,
                    kind: Choice(product.kind),
                    masked_serial: product.serial.masked(),
                    space_limit: product.space_limit,
                    spaces_used,
                    is_current: product.id == caller.product,
                    created_at: product.created_at,
                })
            });
            views.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    answer::ok(&ProductPage { data, page: PageView::whole() })
}
