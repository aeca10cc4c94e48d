//! Certificates of TLS servers, and the authorities that issue them.

use crate::certificates::{
    Draft, basic_constraints, extension, id_ce, key, key_info, purposes, sequence, signs, tag, tlv,
};
use crate::certificates::{integer, signs_certificates};
use crate::text::base64;

/// id-kp-serverAuth (RFC 5280 §4.2.1.12).
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

/// The key of every server, by its seed.
pub const SERVER: u8 = 0x77;

/// An authority, whose key anyone can derive.
pub struct Authority(
    /// The seed of its key; two of them are two authorities.
    pub u8,
);

/// From when until when a certificate is valid: both UTCTime.
pub type Validity = (&'static str, &'static str);

/// Today, whenever that is.
pub const VALID: Validity = ("000101000000Z", "491231235959Z");
/// Until some day in the past.
pub const EXPIRED: Validity = ("000101000000Z", "010101000000Z");
/// From some day in the future.
pub const NOT_YET: Validity = ("490101000000Z", "491231235959Z");

impl Authority {
    fn name(&self) -> String {
        format!("authority {}", self.0)
    }

    /// Its certificate, in DER.
    pub fn certificate(&self) -> Vec<u8> {
        let extensions = vec![basic_constraints(true, None), signs_certificates()];
        dated(Draft::new(&self.name(), &self.name(), &key(self.0), extensions), VALID).signed_by(&key(self.0))
    }

    /// The same in PEM.
    pub fn pem(&self) -> String {
        pem(&self.certificate())
    }

    /// The certificate of a server with these names and IPv4 addresses, in DER, whose key is [`server_key`].
    pub fn certify(&self, hosts: &[&str], validity: Validity) -> Vec<u8> {
        // GeneralName (RFC 5280 §4.2.1.6): iPAddress is [7], dNSName is [2].
        let names = hosts.iter().flat_map(|host| match host.parse::<std::net::Ipv4Addr>() {
            Ok(address) => tlv(0x87, address.octets()),
            Err(_) => tlv(0x82, host),
        });
        let names = extension(&id_ce(17), false, &tlv(tag::SEQUENCE, names.collect::<Vec<u8>>()));
        let extensions = vec![basic_constraints(false, None), signs(), purposes(&[SERVER_AUTH]), names];
        dated(Draft::new(&self.name(), "server", &key(SERVER), extensions), validity).signed_by(&key(self.0))
    }
}

fn dated(draft: Draft, (not_before, not_after): Validity) -> Draft {
    Draft { not_before: tlv(tag::UTC_TIME, not_before), not_after: tlv(tag::UTC_TIME, not_after), ..draft }
}

/// ECPrivateKey of a server (RFC 5915 §3).
pub fn server_key() -> Vec<u8> {
    let p256 = tlv(tag::explicit(0), b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07");
    let info = key_info(&key(SERVER));
    // The BIT STRING at the end of SubjectPublicKeyInfo: an octet of unused bits, and a point of 65 bytes.
    let public = tlv(tag::explicit(1), &info[info.len() - 68..]);
    sequence(&[&integer(&[1]), &tlv(tag::OCTET_STRING, [SERVER; 32]), &p256, &public])
}

/// The key of every server as text, for programs that read files.
pub fn server_key_pem() -> String {
    section("EC PRIVATE KEY", &server_key())
}

/// A certificate as text (RFC 7468).
pub fn pem(der: &[u8]) -> String {
    section("CERTIFICATE", der)
}

fn section(label: &str, der: &[u8]) -> String {
    let text = base64(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
