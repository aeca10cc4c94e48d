//! Whoever enrols a gateway's attestation key: signs requests, and makes credentials with tpm2-tools.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use blindllama_gateway::base64url::{decode, decode_32, encode};
use blindllama_gateway::hex::hex;
use blindllama_verifier::evidence::enrolment;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::http::{Reply, Version, get, send};
use super::{Gateway, Setup, Swtpm, Upstream, in_time};

pub const PATH: &str = "/blindllama/v1/enrol";

/// A credential as it travels.
#[derive(Clone)]
pub struct Credential {
    pub template: &'static str,
    pub credential: Vec<u8>,
    pub secret: Vec<u8>,
}

pub struct Enroller(pub Ed25519KeyPair);

impl Enroller {
    pub fn new(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    fn key(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    /// A gateway that lets this one enrol.
    pub async fn welcomed(&self, swtpm: &Swtpm) -> Gateway {
        self.setup(swtpm).start().await
    }

    pub fn setup(&self, swtpm: &Swtpm) -> Setup {
        Setup::new(swtpm, &Upstream::fixed("{}")).with("enrolment.keys", vec![hex(&self.key())])
    }

    /// A request that is signed over `challenge`.
    pub fn request(&self, challenge: &[u8; 32], activate: Option<&Credential>) -> Value {
        let parts = activate.map_or([&[][..]; 3], |c| [c.template.as_bytes(), &c.credential, &c.secret]);
        let signature = self.0.sign(&enrolment::message(challenge, parts));
        let mut request = json!({
            "version": 1,
            "challenge": encode(challenge),
            "key": encode(&self.key()),
            "signature": encode(signature.as_ref()),
        });
        if let Some(Credential { template, credential, secret }) = activate {
            request["activate"] =
                json!({ "template": template, "credential": encode(credential), "secret": encode(secret) });
        }
        request
    }

    /// A request that installs these certificates.
    pub fn install_request(&self, challenge: &[u8; 32], chain: &[Vec<u8>]) -> Value {
        let signature = self.0.sign(&enrolment::chain_message(challenge, chain.iter().map(Vec::as_slice)));
        let mut request = self.request(challenge, None);
        request["signature"] = encode(signature.as_ref()).into();
        request["chain"] = chain.iter().map(|der| encode(der)).collect();
        request
    }

    /// Installs the certificates of these files.
    pub async fn install(&self, gateway: &Gateway, chain: &[String]) -> Reply {
        let chain: Vec<_> = chain.iter().map(|path| std::fs::read(path).unwrap()).collect();
        post(gateway, self.install_request(&challenge(gateway).await, &chain).to_string()).await
    }

    /// Asks with a fresh challenge.
    pub async fn ask(&self, gateway: &Gateway, activate: Option<&Credential>) -> Reply {
        let request = self.request(&challenge(gateway).await, activate);
        post(gateway, request.to_string()).await
    }
}

pub async fn challenge(gateway: &Gateway) -> [u8; 32] {
    let reply = get(&gateway.address, PATH).await;
    assert_eq!((reply.status.as_u16(), &reply.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
    decode_32(reply.json()["challenge"].as_str().unwrap().as_bytes()).unwrap()
}

pub async fn post(gateway: &Gateway, body: impl Into<Bytes>) -> Reply {
    let request = Request::post(format!("http://{}{PATH}", gateway.address)).header("host", &gateway.address);
    let request = request.header("content-type", "application/json").body(Full::new(body.into())).unwrap();
    Reply::read(send(&gateway.address, Version::Http1, request).await.unwrap()).await
}

pub fn bytes(reply: &Reply, member: &str) -> Vec<u8> {
    decode(reply.json()[member].as_str().unwrap().as_bytes()).unwrap()
}

/// Public areas of a TPM's endorsement keys, by tpm2-tools and their own templates. No gateway may hold the TPM.
pub struct Endorsement(TempDir);

impl Endorsement {
    pub async fn of(swtpm: &Swtpm) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for kind in ["rsa", "ecc"] {
            let path = |suffix| folder.path().join(format!("{kind}.{suffix}")).display().to_string();
            swtpm.tool("tpm2_createek", &["-G", kind, "-u", &path("pub"), "-c", &path("ctx")]).await;
            swtpm.tool("tpm2_flushcontext", &["-t"]).await;
        }
        Self(folder)
    }

    /// A file of this TPM.
    pub fn path(&self, file: &str) -> String {
        self.0.path().join(file).display().to_string()
    }

    /// TPM2_MakeCredential without a TPM.
    pub async fn credential(&self, template: &'static str, name: &str, value: &[u8]) -> Credential {
        let path = |file: &str| self.path(file);
        std::fs::write(path("value"), value).unwrap();
        let kind = template.split('-').next().unwrap();
        let output = Command::new("tpm2_makecredential")
            .args(["-T", "none", "-u", &path(&format!("{kind}.pub"))])
            .args(["-s", &path("value"), "-n", name, "-o", &path("credential")])
            .output();
        let output = in_time("tpm2_makecredential", output).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // A magic number and a version, then TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET.
        let file = std::fs::read(path("credential")).unwrap();
        let (credential, rest) = sized(&file[8..]);
        let (secret, rest) = sized(rest);
        assert!(rest.is_empty());
        Credential { template, credential: credential.to_vec(), secret: secret.to_vec() }
    }
}

fn sized(bytes: &[u8]) -> (&[u8], &[u8]) {
    let length = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    bytes[2..].split_at(length)
}
