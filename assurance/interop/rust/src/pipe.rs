//! The two ends of what the crates read from and write to: memory, in pieces of chosen lengths.

use std::{
    cell::RefCell,
    io::Result,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use futures::{AsyncRead, AsyncWrite};

/// Gives `bytes` in pieces of the lengths in `splits`, over and over; a length of 0 counts as 1.
pub(crate) struct Splits {
    bytes: std::vec::IntoIter<u8>,
    splits: std::iter::Cycle<std::vec::IntoIter<usize>>,
}

impl Splits {
    pub(crate) fn new(bytes: Vec<u8>, splits: Vec<usize>) -> Self {
        Self { bytes: bytes.into_iter(), splits: splits.into_iter().cycle() }
    }
}

impl AsyncRead for Splits {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, output: &mut [u8]) -> Poll<Result<usize>> {
        let this = self.get_mut();
        let limit = this.splits.next().unwrap_or(usize::MAX).max(1);
        let read = output.iter_mut().take(limit).zip(&mut this.bytes).map(|(to, from)| *to = from).count();
        Poll::Ready(Ok(read))
    }
}

/// Keeps what is written until it is taken.
#[derive(Clone, Default)]
pub(crate) struct Sink(Rc<RefCell<Vec<u8>>>);

impl Sink {
    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

impl AsyncWrite for Sink {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, input: &[u8]) -> Poll<Result<usize>> {
        self.0.borrow_mut().extend_from_slice(input);
        Poll::Ready(Ok(input.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}
