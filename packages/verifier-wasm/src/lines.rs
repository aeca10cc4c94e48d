//! Texts that are found by their number. One text of many lines: a list would take a pointer and a length for each, which weigh
//! nearly as much as the texts once both are compressed.

/// The line `number` of `lines`, from 0; empty where there is none.
pub(crate) fn line(lines: &'static str, mut number: u32) -> &'static str {
    let (mut line, mut rest) = split(lines, b'\n');
    while number > 0 && !rest.is_empty() {
        (line, rest) = split(rest, b'\n');
        number = number.saturating_sub(1);
    }
    if number == 0 { line } else { "" }
}

/// What stands before and after the first ASCII `separator`; everything and nothing where there is none.
pub(crate) fn split(text: &str, separator: u8) -> (&str, &str) {
    let length = text.bytes().take_while(|byte| *byte != separator).count();
    (text.get(..length).unwrap_or_default(), text.get(length.saturating_add(1)..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{line, split};
    use crate::Code;

    #[test]
    fn a_line_is_found_by_its_number() {
        assert_eq!([0, 1, 2, 3, 9].map(|number| line("one\n\nthree\n", number)), ["one", "", "three", "", ""]);
        assert_eq!([split("a b c", b' '), split("abc", b' '), split("", b' ')], [("a", "b c"), ("abc", ""), ("", "")]);
    }

    #[test]
    fn every_code_has_a_name_and_a_sentence() {
        for code in Code::ALL {
            assert!(code.sentence().ends_with('.'), "{code}");
            assert_eq!(format!("{code:?}"), code.as_str());
        }
        let named = [Code::OK, Code::POLICY_SIZE, Code::RECEIPT_SIGNATURE, Code::GATEWAY_INTERNAL].map(Code::as_str);
        assert_eq!(named, ["ok", "policy.size", "receipt.signature", "gateway.internal"]);
    }
}
