//! From which address a request comes: the connection's, or what our own proxies say of it.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue, X_FORWARDED_FOR};
use ipnet::IpNet;

/// The header in which our proxies say for whom they ask. It is one: a proxy passes the other on as a client wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Whose word about a client's address is believed.
#[derive(Debug, Clone)]
pub struct Proxies {
    /// Our own proxies.
    pub trusted: Vec<IpNet>,
    /// Where they write.
    pub header: ForwardedHeader,
}

impl Proxies {
    /// The address of a network, or of one machine; `None` if the text is neither.
    pub fn network(text: &str) -> Option<IpNet> {
        text.parse().ok().or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?)))
    }

    /// The client's address: from the connection's on, each proxy that is ours says who came before it.
    ///
    /// What a client writes stands to the left of what our proxies add, so it is never reached.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let name: HeaderName = match self.header {
            ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
            ForwardedHeader::Forwarded => FORWARDED,
        };
        // Entry by entry: what can't be read to the left must not hide what our proxies wrote to its right.
        let lines: Vec<&[u8]> = headers.get_all(name).map(HeaderValue::as_bytes).collect();
        let entries = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
        let mut said = entries.map(|entry| str::from_utf8(entry).unwrap_or_default());
        let mut client = peer.to_canonical();
        while self.is_ours(client) {
            // A proxy that hides who asked, or that we can't read, is the client.
            let Some(before) = said.next().and_then(|entry| self.node(entry)) else { break };
            client = before.to_canonical();
        }
        client
    }

    fn is_ours(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    fn node(&self, entry: &str) -> Option<IpAddr> {
        match self.header {
            ForwardedHeader::XForwardedFor => node(entry.trim()),
            ForwardedHeader::Forwarded => {
                // Cut inside a quoted text, an entry has an odd quote; inside such a text, a backslash may hide one.
                if entry.matches('"').count() % 2 == 1 || entry.contains('\\') {
                    return None;
                }
                let mut pairs = entry.split(';').filter_map(|pair| pair.trim().split_once('='));
                let (_, value) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
                node(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
            }
        }
    }
}

/// An address as proxies write it: alone or with a port, in brackets if it is of IPv6.
fn node(text: &str) -> Option<IpAddr> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, _port) = bracketed.split_once(']')?;
        return address.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    text.parse().ok().or_else(|| text.rsplit_once(':')?.0.parse().ok().filter(IpAddr::is_ipv4))
}

/// What stands for a client in limits: his address, or of IPv6 his network, of which he may use every address.
pub fn limited_as(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(header: ForwardedHeader, peer: &str, lines: &[&'static str]) -> String {
        let trusted = ["10.0.0.0/8", "2001:db8:ffff::/48", "192.0.2.7"];
        let trusted = trusted.iter().map(|text| Proxies::network(text).expect("a network")).collect();
        // The header that is not configured is there too, and not read.
        let (name, other) = match header {
            ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, (FORWARDED, HeaderValue::from_static("for=9.9.9.9"))),
            ForwardedHeader::Forwarded => (FORWARDED, (X_FORWARDED_FOR, HeaderValue::from_static("9.9.9.9"))),
        };
        let mut headers = HeaderMap::from_iter([other]);
        for line in lines {
            headers.append(name.clone(), HeaderValue::from_bytes(line.as_bytes()).expect("a header"));
        }
        Proxies { trusted, header }.client(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn only_our_proxies_are_believed_from_the_right() {
        let client = |peer, lines: &[&'static str]| client(ForwardedHeader::XForwardedFor, peer, lines);
        for (peer, lines, expected) in [
            ("198.51.100.1", &["203.0.113.5"][..], "198.51.100.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.5"], "203.0.113.5"),
            ("::ffff:10.0.0.1", &["::ffff:203.0.113.5"], "203.0.113.5"),
            ("192.0.2.7", &["203.0.113.5"], "203.0.113.5"),
            ("192.0.2.8", &["203.0.113.5"], "192.0.2.8"),
            // What the client himself wrote is further left than what our proxy added, be it text or not.
            ("10.0.0.1", &["é, 203.0.113.5"], "203.0.113.5"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.5, 10.1.1.1"], "203.0.113.5"),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.5, 10.1.1.1", "10.2.2.2"], "203.0.113.5"),
            ("10.0.0.1", &["10.9.9.9,10.8.8.8"], "10.9.9.9"),
            ("10.0.0.1", &["203.0.113.5:4711"], "203.0.113.5"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("2001:db8:ffff::1", &["203.0.113.5"], "203.0.113.5"),
            // Unreadable: nobody further left is believed either.
            ("10.0.0.1", &["203.0.113.5, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.5, "], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.5, nonsense, 10.1.1.1"], "10.1.1.1"),
        ] {
            assert_eq!(client(peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn the_standard_header_is_read_likewise() {
        let client = |lines: &[&'static str]| client(ForwardedHeader::Forwarded, "10.0.0.1", lines);
        for (lines, expected) in [
            (&["for=203.0.113.5"][..], "203.0.113.5"),
            (&["For=\"203.0.113.5:4711\";proto=https;by=10.0.0.1"], "203.0.113.5"),
            (&["proto=https; for=\"[2001:db8::1]:4711\""], "2001:db8::1"),
            (&["for=1.1.1.1, for=203.0.113.5, for=10.1.1.1"], "203.0.113.5"),
            (&["for=203.0.113.5, for=_hidden"], "10.0.0.1"),
            (&["for=203.0.113.5, proto=https"], "10.0.0.1"),
            // A quote left open by the client swallows nothing; a quoted comma invents nobody.
            (&["for=\"1.1.1.1, for=203.0.113.5"], "203.0.113.5"),
            (&["for=203.0.113.5;host=\"x,for=1.1.1.1\""], "10.0.0.1"),
            (&["for=203.0.113.5;host=\"x,for=1.1.1.1;y=\\\"\""], "10.0.0.1"),
        ] {
            assert_eq!(client(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let limited_as = |text: &str| limited_as(text.parse().expect("an address")).to_string();
        assert_eq!(limited_as("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(limited_as("203.0.113.5"), "203.0.113.5");
    }
}
