//! An administration's back end: it signs assertions as software does.

use super::{Key, Software, World, jwks, text};

impl World {
    /// Lets a back end of an administration in, with these scopes, between which commas stand.
    pub fn partner(&self, administration: &str, scopes: &str, key: Key) -> Software {
        let random = rand::random::<u128>();
        let id = format!("01ffffff-ffff-7000-8000-{:012x}", random & 0xffff_ffff_ffff);
        let (jwks, scopes) = (jwks(&[("k", &key)]), scopes.replace(',', " "));
        self.scratch().sql(&format!("INSERT INTO clients (id, jwks) VALUES ('{id}', '{jwks}')"));
        self.scratch().sql(&format!(
            "INSERT INTO partners (id, administration, name, scopes, status, created_at) \
             VALUES ('{id}', '{administration}', 'Office', '{scopes}', 'active', '2026-01-01 00:00:00')"
        ));
        let nobody = self.anonymous();
        let issuer = text(&nobody.get("/.well-known/oauth-authorization-server").expect(200)["issuer"]);
        Software { id, path: "/v1/partner/client".to_owned(), key, issuer, since: self.now().timestamp(), nobody }
    }
}
