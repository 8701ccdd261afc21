//! An administration's back end: let in by an operator, it signs assertions as software does.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::{Key, Software, World, jwks, text};

impl World {
    /// Lets a back end of an administration in, with these scopes.
    pub fn partner(&self, administration: &str, scopes: &str, key: Key) -> Software {
        let file = self.file(&jwks(&[("k", &key)]));
        let file = file.to_str().expect("a path");
        let of = ["--administration", administration, "--name", "Office", "--jwks", file, "--scopes", scopes];
        let id = self.operate(&[&["partner", "add"], &of[..]].concat()).trim().to_owned();
        let nobody = self.anonymous();
        let issuer = text(&nobody.get("/.well-known/oauth-authorization-server").expect(200)["issuer"]);
        let path = "/v1/partner/client".to_owned();
        Software { id, path, key, issuer, since: self.now().timestamp(), nobody }
    }

    /// A new file that holds this.
    pub fn file(&self, content: &Value) -> PathBuf {
        let path = self.folder().join(format!("{:016x}.json", rand::random::<u64>()));
        fs::write(&path, content.to_string()).expect("a file");
        path
    }
}
