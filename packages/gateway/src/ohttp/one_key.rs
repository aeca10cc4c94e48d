//! A receiver with one key, for tests.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::encapsulate::{Opener, encapsulate};
use super::framing::Header;
use super::hpke::PrivateKey;
use super::replay::ReplaySet;
use super::request::{Decapsulator, Keys, Received};
use super::response::Sealer;
use super::suite::Suite;
use crate::failure::Failure;

/// One key of a suite.
pub(crate) struct OneKey {
    private: PrivateKey,
    suite: Suite,
    seen: Arc<ReplaySet>,
}

/// A sender to a new key of `suite`, and the receiver.
pub(crate) fn channel(suite: Suite) -> (Sealer, Opener, Decapsulator<Arc<OneKey>>) {
    let (private, public) = PrivateKey::generate(suite.kem).unwrap();
    let (sealer, opener) = encapsulate(7, suite, &public).unwrap();
    let key = OneKey { private, suite, seen: Arc::new(ReplaySet::new(8)) };
    (sealer, opener, Decapsulator::new(Arc::new(key)))
}

/// What `bytes` open to, which may be cut anywhere; the final chunk last.
pub(crate) fn open<'a>(
    decapsulator: &mut Decapsulator<Arc<OneKey>>,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<BytesMut>, Failure> {
    let mut opened = Vec::new();
    for piece in pieces {
        decapsulator.push(&Bytes::copy_from_slice(piece));
        while let Some(chunk) = decapsulator.next_chunk()? {
            opened.push(chunk);
        }
    }
    opened.push(decapsulator.finish()?);
    Ok(opened)
}

impl Keys for OneKey {
    type Epoch = ();

    fn encapsulated_length(&self, header: &Header) -> Result<usize, Failure> {
        let [kem, kdf, aead] = self.suite.numbers().map(u16::to_be_bytes);
        assert_eq!(header[..], [&[7][..], &kem, &kdf, &aead].concat());
        Ok(self.suite.kem.encapsulated_key_length())
    }

    fn receive(&self, header: &Header, encapsulated: &[u8]) -> Result<Received<()>, Failure> {
        let context = self.private.receive(self.suite.aead, encapsulated, header)?;
        Ok(Received { context, seen: Arc::clone(&self.seen), epoch: () })
    }
}
