//! Who is in one space, and the rule that somebody able always administers it.

use super::{Membership, MembershipStatus, Role};
use crate::{
    Refusal,
    id::{MembershipId, ProductId},
    space::{Space, SpaceKind},
};

/// A member with the products that open the portal to him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The membership.
    pub membership: Membership,
    /// His registered products.
    pub products: Vec<ProductId>,
}

/// All whose membership of one space is not over, suspended ones too, read under its lock; no person is in it twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster(pub Vec<Member>);

impl Member {
    /// Whether he is an **able administrator**: by role, active, without an end date, and with a registered product that
    /// his scope lets in (domain.md §3, C).
    pub fn is_able_administrator(&self) -> bool {
        let membership = &self.membership;
        membership.role == Role::Administrator
            && membership.status == MembershipStatus::Active
            && membership.ends_at.is_none()
            && self.products.iter().any(|product| membership.admits(*product))
    }

    /// The member once a product is withdrawn.
    #[must_use]
    pub fn without(mut self, product: ProductId) -> Self {
        self.products.retain(|registered| *registered != product);
        self
    }

    /// Whether he is able only as long as he has this product.
    pub fn is_able_by(&self, product: ProductId) -> bool {
        self.is_able_administrator() && !self.clone().without(product).is_able_administrator()
    }
}

impl Roster {
    /// Whether somebody able administers the space.
    pub fn has_able_administrator(&self) -> bool {
        self.0.iter().any(Member::is_able_administrator)
    }

    /// Somebody able, without whom no professional space is in use (domain.md §3, F).
    ///
    /// # Errors
    /// [`Refusal::LastAdministrator`].
    pub fn require_able_administrator(&self, space: &Space) -> Result<(), Refusal> {
        if space.kind == SpaceKind::Private || self.has_able_administrator() {
            return Ok(());
        }
        Err(Refusal::LastAdministrator { spaces: vec![(space.id, space.identifier.clone())] })
    }

    /// One of its members.
    pub fn member(&self, id: MembershipId) -> Option<&Member> {
        self.0.iter().find(|member| member.membership.id == id)
    }

    /// The roster once a membership has become this.
    pub(super) fn with(&self, changed: &Membership) -> Self {
        let become_so = |member: &Member| {
            let is_it = member.membership.id == changed.id;
            let membership = if is_it { changed } else { &member.membership };
            Member { membership: membership.clone(), products: member.products.clone() }
        };
        let is_over = |member: &Member| member.membership.status == MembershipStatus::Ended;
        Self(self.0.iter().map(become_so).filter(|member| !is_over(member)).collect())
    }

    /// The roster once a product, which is one member's, is withdrawn.
    #[must_use]
    pub fn without(self, product: ProductId) -> Self {
        Self(self.0.into_iter().map(|member| member.without(product)).collect())
    }

    /// Whether the space would lose its last able administrator with this product.
    pub fn hangs_on(&self, product: ProductId) -> bool {
        self.has_able_administrator() && !self.clone().without(product).has_able_administrator()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{Instant, collaboration::AccessScope};

    fn product(of: u128, number: u128) -> ProductId {
        Uuid::from_u128(of * 100 + number).into()
    }

    /// The founder of a space: with all products, of which he has two.
    pub(crate) fn member(of: u128) -> Member {
        let membership = Membership {
            id: Uuid::from_u128(of).into(),
            space: Uuid::nil().into(),
            person: Uuid::from_u128(of).into(),
            role: Role::Administrator,
            scope: AccessScope::AllProducts,
            product: product(of, 0),
            status: MembershipStatus::Active,
            ends_at: None,
            created_at: Instant::from_timestamp(1_800_000_000, 0).unwrap(),
            version: 1,
        };
        Member { membership, products: vec![product(of, 0), product(of, 1)] }
    }

    #[test]
    fn who_is_able_gets_in_for_good() {
        let able = member(1);
        assert!(able.is_able_administrator());
        let but = |change: fn(&mut Membership)| {
            let mut other = able.clone();
            change(&mut other.membership);
            other.is_able_administrator()
        };
        assert!(!but(|membership| membership.role = Role::Manager));
        assert!(!but(|membership| membership.status = MembershipStatus::Suspended));
        assert!(!but(|membership| membership.status = MembershipStatus::Ended));
        assert!(!but(|membership| membership.ends_at = Some(membership.created_at)));
        assert!(but(|membership| membership.scope = AccessScope::ThisProduct));
    }

    #[test]
    fn a_scope_says_on_which_product_ability_hangs() {
        let mut scoped = member(1);
        assert!(!scoped.is_able_by(product(1, 0)), "the other product gets in as well");
        assert!(scoped.clone().without(product(1, 1)).is_able_by(product(1, 0)));
        scoped.membership.scope = AccessScope::ThisProduct;
        assert!(scoped.is_able_by(product(1, 0)) && !scoped.is_able_by(product(1, 1)));
    }

    #[test]
    fn a_space_hangs_on_the_last_product_that_lets_an_administrator_in() {
        let one = member(1).without(product(1, 1));
        assert!(Roster(vec![one.clone()]).hangs_on(product(1, 0)));
        assert!(!Roster(vec![one.clone(), member(2)]).hangs_on(product(1, 0)));
        let mut reader = member(2);
        reader.membership.role = Role::Reader;
        assert!(Roster(vec![one, reader.clone()]).hangs_on(product(1, 0)));
        assert!(!Roster(vec![reader]).hangs_on(product(2, 0)), "what is lost already is not lost again");
    }

    prop_compose! {
        pub(crate) fn any_member(of: u128)(role in 0usize..4, scope in 0usize..2, status in 0usize..3, ends in any::<bool>(), count in 0u128..3) -> Member {
            use crate::Coded;
            let mut member = member(of);
            let membership = &mut member.membership;
            // Mostly administrators who may act, so that the rule has work.
            membership.role = if role < 3 { Role::Administrator } else { Role::Reader };
            membership.scope = AccessScope::ALL[scope];
            membership.status = if status < 2 { MembershipStatus::Active } else { MembershipStatus::Suspended };
            membership.ends_at = Some(membership.created_at).filter(|_| ends && role == 0);
            member.products = (0..count).map(|number| product(of, number)).collect();
            member
        }
    }

    proptest! {
        #[test]
        fn whatever_is_withdrawn_somebody_able_stays(
            members in (any_member(1), any_member(2), any_member(3)),
            withdrawals in prop::collection::vec((1u128..4, 0u128..3), 0..20),
        ) {
            let mut roster = Roster(vec![members.0, members.1, members.2]);
            let had_one = roster.has_able_administrator();
            for (of, number) in withdrawals {
                let product = product(of, number);
                let person = roster.0.iter().find(|member| member.membership.person.0 == Uuid::from_u128(of)).unwrap();
                let is_able_by = person.is_able_by(product);
                let hangs = roster.hangs_on(product);
                // Only a space in which the person himself ceases to be able can hang on his product.
                prop_assert!(is_able_by || !hangs);
                if !hangs {
                    roster = roster.without(product);
                }
                prop_assert_eq!(roster.has_able_administrator(), had_one);
            }
        }
    }
}
