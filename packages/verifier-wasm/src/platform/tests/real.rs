//! Real machines: a processor's report with its certificates is in the crate `sev` 8.0.0, another, of a machine that may be debugged,
//! in Go's module go-sev-guest 0.15.0, and what Azure's firmware leaves in NVRAM, with the certificates of another machine, in the
//! crate `az-snp-vtpm` 0.8.2. Set-up downloads all three (`tools/setup/evidence.sh`). No public report of Azure comes with its own
//! certificates: the two halves of the step are tested one by one.

use std::{fs, path::PathBuf};

use super::super::{check_firmware, check_key, check_machine, hcl, runtime_data, snp};
use crate::{
    Code,
    policy::{Platform, Processor},
    rejection::Rejection,
    signature::{PublicKey, rsa},
    x509::profiles::{Tcb, Vcek},
};

/// 2026-01-01T00:00:00Z, within the validity of the certificates.
const AT_MS: u64 = 1_767_225_600_000;
/// 2035-01-01T00:00:00Z, after the end of the keys of processors.
const EXPIRED_MS: u64 = 2_051_222_400_000;

/// The roots that PROTOCOL.md §18.1 names.
const MILAN: &str = "69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd";
const GENOA: &str = "4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1";

/// A file of a crate or module that set-up has downloaded.
fn installed(name: &str) -> Vec<u8> {
    let home = std::env::home_dir().unwrap();
    let folder = |variable, default: PathBuf| std::env::var_os(variable).map_or(default, PathBuf::from);
    let crates = fs::read_dir(folder("CARGO_HOME", home.join(".cargo")).join("registry/src"));
    let mut folders: Vec<PathBuf> = crates.into_iter().flatten().map(|registry| registry.unwrap().path()).collect();
    folders.push(folder("GOMODCACHE", folder("GOPATH", home.join("go")).join("pkg/mod")));
    let found = folders.iter().find_map(|folder| fs::read(folder.join(name)).ok());
    found.unwrap_or_else(|| panic!("{name} is in none of {folders:?}; run: npm run setup"))
}

/// The certificates of a PEM file (RFC 7468), as they stand.
fn pem(text: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    let bodies = text.split("-----BEGIN CERTIFICATE-----").skip(1).map(|rest| rest.split("-----END").next().unwrap());
    bodies.map(|body| base64(body.split_whitespace().collect::<String>().trim_end_matches('='))).collect()
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |byte| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    };
    let bits: Vec<u8> =
        text.bytes().map(digit).flat_map(|sextet| (0..6).rev().map(move |shift| sextet >> shift & 1)).collect();
    bits.as_chunks::<8>().0.iter().map(|byte| byte.iter().fold(0, |value, bit| value << 1 | bit)).collect()
}

/// For as long as the test runs: demands borrow.
fn bytes<const N: usize>(hex: &str) -> &'static [u8; N] {
    Box::leak(Box::new(core::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())))
}

/// What a processor said, and its certificates.
struct Machine {
    report: Vec<u8>,
    certificates: Vec<Vec<u8>>,
}

impl Machine {
    fn of_sev() -> Self {
        let folder = |name| installed(&format!("sev-8.0.0/tests/certs_data/{name}"));
        let report = String::from_utf8(folder("report_milan.hex")).unwrap();
        let report = bytes::<1184>(report.trim()).to_vec();
        let certificates = [vec![folder("vcek_milan.der")], pem(&folder("cert_chain_milan"))].concat();
        Self { report, certificates }
    }

    fn of_go() -> Self {
        let folder = |name| installed(&format!("github.com/google/go-sev-guest@v0.15.0/verify/testdata/{name}"));
        let certificates = [vec![folder("vcek.testcer")], pem(&folder("milan.testcer"))].concat();
        Self { report: folder("attestation.bin"), certificates }
    }

    fn of_azure() -> Self {
        let report = azure()[0x20..0x20 + 1184].to_vec();
        Self { report, certificates: pem(&installed("az-snp-vtpm-0.8.2/test/certs.pem")) }
    }

    /// Under a policy that names the measurement of the report, after `change`.
    fn outcome(&self, change: impl FnOnce(&mut Platform<'_>), at_ms: u64) -> Result<(), Rejection> {
        let min_tcb = Tcb { bootloader: 2, tee: 0, snp: 5, microcode: 0x44 };
        let mut policy = Platform {
            processors: vec![Processor { ark_sha256: bytes(MILAN), min_tcb }],
            id_key_digests: vec![],
            min_guest_svn: 0,
            family_id: None,
            image_id: None,
            measurements: vec![(&self.report[0x90..0xc0]).try_into().unwrap()],
        };
        change(&mut policy);
        let certificates: Vec<&[u8]> = self.certificates.iter().map(Vec::as_slice).collect();
        check_machine(
            &snp::Report::decode(&self.report).ok_or(Code::PLATFORM_REPORT)?,
            &certificates,
            &policy,
            at_ms,
            &|_| false,
        )
    }

    fn code(&self, change: impl FnOnce(&mut Platform<'_>)) -> Code {
        self.outcome(change, AT_MS).map_or_else(|rejection| rejection.code, |()| Code::OK)
    }
}

/// What the firmware of a machine of Azure left in NVRAM.
fn azure() -> Vec<u8> {
    installed("az-snp-vtpm-0.8.2/test/hcl-report-snp.bin")
}

#[test]
fn a_real_processor_signed_its_report() {
    let machine = Machine::of_sev();
    assert_eq!(machine.outcome(|_| {}, AT_MS), Ok(()));
}

#[test]
fn a_real_report_meets_demands_or_not() {
    let machine = Machine::of_sev();
    assert_eq!(machine.code(|policy| policy.processors[0].ark_sha256 = bytes(GENOA)), Code::PLATFORM_ROOT);
    for raise in [
        |least: &mut Tcb| least.bootloader = 4,
        |least: &mut Tcb| least.tee = 1,
        |least: &mut Tcb| least.snp = 9,
        |least: &mut Tcb| least.microcode = 0x74,
    ] {
        assert_eq!(machine.code(|policy| raise(&mut policy.processors[0].min_tcb)), Code::PLATFORM_TCB);
    }
    assert_eq!(machine.code(|policy| policy.measurements[0] = &[1; 48]), Code::PLATFORM_FIRMWARE);
    let expired = machine.outcome(|_| {}, EXPIRED_MS).unwrap_err();
    assert_eq!((expired.code, expired.place.as_str()), (Code::PLATFORM_CHAIN, "chain.expired, certificate 0"));
}

#[test]
fn every_byte_that_a_real_processor_signed_counts_and_so_does_its_signature() {
    let mut machine = Machine::of_sev();
    let measurement: &[u8; 48] = (&*machine.report[0x90..0xc0].to_vec().leak()).try_into().unwrap();
    for at in 0..machine.report.len() {
        machine.report[at] ^= 1 << (at % 8);
        let code = machine.code(|policy| policy.measurements = vec![measurement]);
        let expected = [Code::PLATFORM_REPORT, Code::PLATFORM_CHIP, Code::PLATFORM_SIGNATURE];
        assert!(expected.contains(&code), "byte {at}: {}", code.as_str());
        machine.report[at] ^= 1 << (at % 8);
    }
}

#[test]
fn a_real_machine_that_may_be_debugged_is_refused() {
    let machine = Machine::of_go();
    assert_eq!(machine.code(|_| {}), Code::PLATFORM_DEBUG);
}

#[test]
fn the_certificates_of_another_machine_are_refused() {
    let (machine, other) = (Machine::of_azure(), Machine::of_sev());
    assert_eq!(machine.code(|_| {}), Code::PLATFORM_CHIP);
    let certificates = other.certificates;
    assert_eq!(Machine { certificates, ..machine }.code(|_| {}), Code::PLATFORM_CHIP);
}

#[test]
fn real_firmware_of_azure_is_bound_to_the_key_that_it_names() {
    let mut nvram = azure();
    let modulus = {
        let data = hcl::Report::decode(&nvram).unwrap().runtime_data;
        base64(&runtime_data::attestation_key(data).unwrap())
    };
    let outcome = |nvram: &[u8], modulus: &[u8]| {
        let hcl = hcl::Report::decode(nvram).ok_or(Code::PLATFORM_REPORT)?;
        let report = snp::Report::decode(hcl.hardware_report).unwrap();
        let key = PublicKey::Rsa(rsa::PublicKey::new(modulus).unwrap());
        check_key(&report, hcl.runtime_data, &key).map_err(|rejection| rejection.code)
    };
    assert_eq!(outcome(&nvram, &modulus), Ok(()));
    let mut other = modulus.clone();
    other[100] ^= 1;
    assert_eq!(outcome(&nvram, &other), Err(Code::PLATFORM_KEY_MISMATCH));
    for at in 1236..1236 + 583 {
        nvram[at] ^= 1 << (at % 8);
        assert_eq!(outcome(&nvram, &modulus), Err(Code::PLATFORM_BINDING), "byte {at}");
        nvram[at] ^= 1 << (at % 8);
    }
}

fn hcl_report(nvram: &[u8]) -> &[u8] {
    hcl::Report::decode(nvram).unwrap().hardware_report
}

/// What PROTOCOL.md §18.3 says of a machine of Azure: its signer counts versions, its microcode is newer than what was committed,
/// and its firmware is not provisional.
#[test]
fn real_firmware_of_azure_is_signed_counted_and_committed() {
    let nvram = azure();
    let report = snp::Report::decode(hcl_report(&nvram)).unwrap();
    let line = Tcb { bootloader: 3, tee: 0, snp: 8, microcode: 115 };
    let current = Tcb { microcode: 206, ..line };
    assert_eq!(report.tcbs(), [line, current, line, line]);
    assert!(!report.is_provisional());
    let mut policy = Platform {
        processors: vec![],
        id_key_digests: vec![(&hcl_report(&nvram)[0xe0..0x110]).try_into().unwrap()],
        min_guest_svn: 2,
        family_id: Some(bytes("01000000000000000000000000000000")),
        image_id: Some(bytes("02000000000000000000000000000000")),
        measurements: vec![],
    };
    let code = |policy: &Platform<'_>| check_firmware(&report, policy).map_err(|rejection| rejection.code);
    assert_eq!(code(&policy), Ok(()));
    policy.min_guest_svn = 3;
    assert_eq!(code(&policy), Err(Code::PLATFORM_GUEST_SVN));
}

#[test]
fn the_roots_of_the_specification_are_those_that_amd_published() {
    for (line, pinned) in [("milan", MILAN), ("genoa", GENOA)] {
        let read = |name: &str| installed(&format!("sev-8.0.0/src/certs/snp/builtin/{line}/{name}.pem"));
        let (ark, ask) = (pem(&read("ark")).remove(0), pem(&read("ask")).remove(0));
        // Every rule holds for both; that an authority stands where a leaf should is what ends it.
        let refused = Vcek::validate(&[&ask, &ark], bytes(pinned), AT_MS, &|_| false).unwrap_err();
        assert_eq!((refused.code, refused.place.as_str()), (Code::CHAIN_LEAF_CA, "certificate 0"), "{line}");
    }
}
