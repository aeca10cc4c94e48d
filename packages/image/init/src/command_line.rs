//! The image's own words on the kernel's command line, which PCR 9, 11 and 12 cover (PROTOCOL.md §7.1).

use crate::failure::Failure;
use crate::network::Network;

/// What the command line says to this program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CommandLine {
    /// `blindllama.address=A.B.C.D/LENGTH`: the address of the network interface.
    pub(crate) network: Network,
    /// `blindllama.model=ROOT:BLOCKS:SALT`: the dm-verity disk of the model.
    pub(crate) model: Verity,
}

/// A dm-verity device whose hash tree follows its data, without a superblock; all blocks have 4096 bytes, all hashes are SHA-256.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verity {
    /// Root hash, 64 hexadecimal digits.
    pub(crate) root: String,
    /// Number of data blocks; the hash tree begins behind them.
    pub(crate) blocks: u64,
    /// Salt, 64 hexadecimal digits.
    pub(crate) salt: String,
}

/// Reads the command line.
///
/// # Errors
/// Where a word of ours is missing, stands twice, or is malformed. A word that stands twice was added by somebody.
pub(crate) fn read(text: &str) -> Result<CommandLine, Failure> {
    let network = address(word(text, "blindllama.address")?)?;
    Ok(CommandLine { network, model: verity(word(text, "blindllama.model")?)? })
}

fn word<'a>(text: &'a str, name: &str) -> Result<&'a str, Failure> {
    let refused = |reason: &str| Failure::new(format!("the kernel's command line, {name}"), reason);
    let mut found = text.split_whitespace().filter_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    let value = found.next().ok_or_else(|| refused("it is missing"))?;
    if found.next().is_some() {
        return Err(refused("it stands there twice"));
    }
    Ok(value)
}

fn address(value: &str) -> Result<Network, Failure> {
    let malformed = || Failure::new(format!("blindllama.address={value}"), "expected A.B.C.D/LENGTH");
    let (address, prefix) = value.split_once('/').ok_or_else(malformed)?;
    let prefix = prefix.parse().ok().filter(|length| (1..=32).contains(length)).ok_or_else(malformed)?;
    Ok(Network { own: address.parse().map_err(|_| malformed())?, prefix })
}

fn verity(value: &str) -> Result<Verity, Failure> {
    let malformed = || Failure::new(format!("blindllama.model={value}"), "expected ROOT:BLOCKS:SALT");
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut parts = value.split(':');
    let (Some(root), Some(blocks), Some(salt), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(malformed());
    };
    // 2^40 blocks are 4 PiB: products with the size of a block stay far below 2^64.
    let blocks = blocks.parse().ok().filter(|count| (1..=1 << 40).contains(count)).ok_or_else(malformed)?;
    if !is_digest(root) || !is_digest(salt) {
        return Err(malformed());
    }
    Ok(Verity { root: root.into(), blocks, salt: salt.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn line(address: &str, model: &str) -> String {
        format!("console=ttyS0 quiet blindllama.address={address} blindllama.model={model} panic=-1\n")
    }

    fn refusal(text: &str) -> String {
        read(text).map_or_else(|failure| failure.to_string(), |read| format!("{read:?}"))
    }

    #[test]
    fn the_words_of_the_image_are_read() {
        let text = line("10.0.2.15/24", &format!("{ROOT}:1234:{ROOT}"));
        let expected = CommandLine {
            network: Network { own: [10, 0, 2, 15].into(), prefix: 24 },
            model: Verity { root: ROOT.into(), blocks: 1234, salt: ROOT.into() },
        };
        assert_eq!(refusal(&text), format!("{expected:?}"));
    }

    #[test]
    fn a_word_that_is_missing_or_stands_twice_is_refused() {
        let good = line("10.0.2.15/24", &format!("{ROOT}:1:{ROOT}"));
        assert!(refusal("quiet").contains("blindllama.address: it is missing"));
        let twice = format!("{good} blindllama.model={ROOT}:2:{ROOT}");
        assert!(refusal(&twice).contains("blindllama.model: it stands there twice"));
        assert!(refusal(&good.replace("blindllama.model", "Xblindllama.model")).contains("it is missing"));
    }

    #[test]
    fn malformed_values_are_refused() {
        let model = format!("{ROOT}:1:{ROOT}");
        for address in ["", "10.0.2.15", "10.0.2.15/33", "10.0.2.15/0", "10.0.2/24", "::1/64"] {
            assert!(refusal(&line(address, &model)).contains("expected A.B.C.D/LENGTH"), "{address}");
        }
        for model in [
            format!("{ROOT}:1"),
            format!("{ROOT}:0:{ROOT}"),
            format!("{ROOT}:1:{ROOT}:2"),
            format!("{ROOT}:18446744073709551615:{ROOT}"),
            format!("{ROOT}:-1:{ROOT}"),
            format!("{}:1:{ROOT}", &ROOT[1..]),
            format!("{ROOT}:1:{}", ROOT.replace('a', "g")),
        ] {
            assert!(refusal(&line("10.0.2.15/24", &model)).contains("expected ROOT:BLOCKS:SALT"), "{model}");
        }
    }
}
