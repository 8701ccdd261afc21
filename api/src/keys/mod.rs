//! Data keys: what protects national numbers, codes, mails and company profiles at rest, and seals cursors (domain.md §9).

pub mod command;
pub mod development;
pub mod rewrap;
pub mod secret;
pub mod security_code;

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use domain::identity::{NationalNumber, Protected};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// One key with its name; two keys for two uses are derived from it.
struct DataKey {
    id: String,
    digesting: Vec<u8>,
    sealing: Aes256Gcm,
}

/// Every data key: the first makes what is new, all of them read what is old.
pub struct DataKeys(Vec<DataKey>);

impl DataKeys {
    /// Reads `id:base64,id:base64,…`, each of 32 bytes, the current one first.
    ///
    /// # Errors
    /// A sentence for the operator, which shows no key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let keys: Vec<DataKey> =
            text.trim().split(',').map(|entry| DataKey::parse(entry.trim())).collect::<Result<_, _>>()?;
        if keys.iter().enumerate().any(|(place, key)| keys[..place].iter().any(|other| other.id == key.id)) {
            return Err("two data keys have the same id".into());
        }
        Ok(Self(keys))
    }

    /// A new first key, in the form that [`DataKeys::parse`] reads.
    pub fn generate() -> String {
        Self::generate_as("k1")
    }

    /// The same under another id.
    pub fn generate_as(id: &str) -> String {
        format!("{id}:{}", BASE64.encode(rand::random::<[u8; 32]>()))
    }

    /// The current key's id.
    pub fn current(&self) -> &str {
        &self.0[0].id
    }

    /// The keys' ids, the current one's first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.id.as_str())
    }

    /// An HMAC under the current key, in base64url; `purpose` keeps the uses apart.
    pub fn digest(&self, purpose: &str, text: &str) -> String {
        self.0[0].digest(purpose, text)
    }

    /// The same under every key: one of them made what is compared with.
    pub fn digests(&self, purpose: &str, text: &str) -> Vec<String> {
        self.0.iter().map(|key| key.digest(purpose, text)).collect()
    }

    /// Encrypts under the current key; `purpose` must be named again to open.
    pub fn seal(&self, purpose: &str, text: &str) -> String {
        let key = &self.0[0];
        let nonce: [u8; 12] = rand::random();
        let payload = Payload { msg: text.as_bytes(), aad: purpose.as_bytes() };
        let sealed = key.sealing.encrypt(&nonce.into(), payload).unwrap_or_default();
        format!("{}:{}", key.id, BASE64.encode([&nonce[..], &sealed].concat()))
    }

    /// Decrypts what any of the keys sealed for this purpose.
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<String> {
        let (id, bytes) = sealed.split_once(':')?;
        let key = self.0.iter().find(|key| key.id == id)?;
        let bytes = BASE64.decode(bytes).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(12)?;
        let nonce: [u8; 12] = nonce.try_into().ok()?;
        let text = key.sealing.decrypt(&nonce.into(), Payload { msg: sealed, aad: purpose.as_bytes() }).ok()?;
        String::from_utf8(text).ok()
    }

    /// What any of the keys sealed for this purpose, as the current one protects it.
    pub fn protect_anew(&self, purpose: &str, sealed: &str) -> Option<Protected> {
        let text = self.open(purpose, sealed)?;
        Some(Protected { digest: self.digest(purpose, &text), sealed: self.seal(purpose, &text) })
    }

    /// A national number as it is kept.
    pub fn protect(&self, number: &NationalNumber) -> Protected {
        Protected {
            digest: self.digest(NATIONAL_NUMBER, number.reveal()),
            sealed: self.seal(NATIONAL_NUMBER, number.reveal()),
        }
    }

    /// What a kept number can be equal to.
    pub fn number_digests(&self, number: &NationalNumber) -> Vec<String> {
        self.digests(NATIONAL_NUMBER, number.reveal())
    }

    /// The number that is kept like this; `None` if the key that sealed it is missing.
    pub fn national_number(&self, number: &Protected) -> Option<NationalNumber> {
        NationalNumber::parse(&self.open(NATIONAL_NUMBER, &number.sealed)?).ok()
    }

    /// What the number that is kept like this can be equal to, under every key; `None` if the key that sealed it is missing.
    pub fn digests_of(&self, number: &Protected) -> Option<Vec<String>> {
        Some(self.number_digests(&self.national_number(number)?))
    }
}

const NATIONAL_NUMBER: &str = "national-number";

impl DataKey {
    fn parse(entry: &str) -> Result<Self, String> {
        let (id, key) = entry.split_once(':').ok_or("a data key is written id:base64")?;
        let is_name = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_name {
            return Err("a data key's id is made of letters, digits and hyphens".into());
        }
        let key: [u8; 32] = BASE64
            .decode(key)
            .ok()
            .and_then(|key| key.try_into().ok())
            .ok_or(format!("the data key {id} is not 32 bytes in base64"))?;
        let sealing = Aes256Gcm::new_from_slice(&mac(&key, &[b"sealing"])).map_err(|error| error.to_string())?;
        Ok(Self { id: id.to_owned(), digesting: mac(&key, &[b"digesting"]), sealing })
    }

    fn digest(&self, purpose: &str, text: &str) -> String {
        BASE64URL.encode(mac(&self.digesting, &[purpose.as_bytes(), b"\0", text.as_bytes()]))
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, byte: u8) -> String {
        format!("{id}:{}", BASE64.encode([byte; 32]))
    }

    #[test]
    fn what_one_key_made_is_read_after_the_next_has_come() {
        let old = DataKeys::parse(&key("old", 1)).unwrap();
        let both = DataKeys::parse(&format!("{},{}", key("new", 2), key("old", 1))).unwrap();
        let sealed = old.seal("mail", "text");
        assert_eq!(both.open("mail", &sealed).as_deref(), Some("text"));
        assert!(both.digests("code", "123456").contains(&old.digest("code", "123456")));
        assert_ne!(both.digest("code", "123456"), old.digest("code", "123456"));
    }

    #[test]
    fn neither_another_key_nor_another_purpose_opens() {
        let keys = DataKeys::parse(&key("k", 1)).unwrap();
        let sealed = keys.seal("mail", "text");
        assert_eq!(keys.open("national-number", &sealed), None);
        assert_eq!(DataKeys::parse(&key("k", 2)).unwrap().open("mail", &sealed), None);
        assert_eq!(keys.open("mail", "k:"), None);
    }

    #[test]
    fn a_wrong_setting_is_told_without_the_key() {
        for wrong in ["", "k", "k:", "k:c2hvcnQ=", &key("k k", 1), &format!("{},{}", key("k", 1), key("k", 2))] {
            let told = DataKeys::parse(wrong).err().unwrap_or_else(|| panic!("{wrong} was taken"));
            assert!(!told.contains("c2hvcnQ"));
        }
        assert!(DataKeys::parse(&DataKeys::generate()).is_ok());
    }
}
