//! What a cloud does before it hands a machine over: it puts an attestation key into the TPM and certifies it.

use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use tempfile::TempDir;
use tokio::process::Command;

use super::Swtpm;

/// Where Azure keeps the key.
pub const HANDLE: &str = "0x81000003";
/// What a restricted signing key is, in the words of tpm2-tools.
pub const ATTRIBUTES: &str = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign";

const PROFILES: &str = "\
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[leaf]
keyUsage = critical, digitalSignature
extendedKeyUsage = 2.23.133.8.3
";

impl Swtpm {
    /// Makes a key of the endorsement hierarchy and keeps it under [`HANDLE`]. No gateway may hold the TPM meanwhile.
    pub async fn keep_key(&self, algorithm: &str, attributes: &str) {
        let folder = tempfile::tempdir().unwrap();
        let context = folder.path().join("key").display().to_string();
        self.tool("tpm2_createprimary", &["-C", "e", "-G", algorithm, "-a", attributes, "-c", &context]).await;
        self.tool("tpm2_evictcontrol", &["-C", "o", "-c", &context, HANDLE]).await;
        self.tool("tpm2_flushcontext", &["-t"]).await;
    }

    /// Writes something into an NV index, as makers and clouds do with certificates. No gateway may hold the TPM meanwhile.
    pub async fn write_nv(&self, index: &str, content: &[u8]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("content").display().to_string();
        std::fs::write(&path, content).unwrap();
        let size = content.len().to_string();
        let attributes = "ownerwrite|ownerread|authread|no_da";
        self.tool("tpm2_nvdefine", &[index, "-C", "o", "-s", &size, "-a", attributes]).await;
        self.tool("tpm2_nvwrite", &[index, "-C", "o", "-i", &path]).await;
    }

    /// SubjectPublicKeyInfo of the key under [`HANDLE`], DER. No gateway may hold the TPM meanwhile.
    pub async fn kept_key_info(&self) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.der").display().to_string();
        self.tool("tpm2_readpublic", &["-c", HANDLE, "-f", "der", "-o", &file]).await;
        std::fs::read(file).unwrap()
    }
}

/// An authority that exists for one test.
pub struct Authority {
    folder: TempDir,
    pub root: PathBuf,
}

impl Authority {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Self { root: folder.path().join("root.der"), folder };
        std::fs::write(authority.path("profiles"), PROFILES).unwrap();
        openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], &authority.path("root.key"))
            .await;
        let key = authority.text("root.key");
        authority.issue("root", &["-key", &key, "-subj", "/CN=authority of a test"], &authority.root).await;
        authority
    }

    /// Certifies the key under [`HANDLE`]; returns the files of the chain. Each call makes another certificate.
    pub async fn certify(&self, swtpm: &Swtpm) -> Vec<String> {
        let public = self.text("ak.pem");
        swtpm.tool("tpm2_readpublic", &["-c", HANDLE, "-f", "pem", "-o", &public]).await;
        let (root, key) = (self.text("root.der"), self.text("root.key"));
        let issuer = ["-force_pubkey", &public, "-subj", "/CN=machine", "-CA", &root, "-CAkey", &key];
        self.issue("leaf", &issuer, &self.path("leaf.der")).await;
        vec![self.text("leaf.der"), root]
    }

    pub fn root_sha256(&self) -> String {
        let root = digest(&SHA256, &std::fs::read(&self.root).unwrap());
        root.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    async fn issue(&self, profile: &str, arguments: &[&str], to: &Path) {
        let profiles = self.text("profiles");
        let common = ["x509", "-new", "-days", "2", "-outform", "DER", "-extfile", &profiles, "-extensions", profile];
        openssl(&[&common, arguments].concat(), to).await;
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

async fn openssl(arguments: &[&str], to: &Path) {
    let output = Command::new("openssl").args(arguments).arg("-out").arg(to).output().await;
    let output = output.expect("openssl must be installed");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
