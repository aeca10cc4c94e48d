//! The codings that servers use (RFC 9110 §8.4.1, RFC 7932, RFC 8878), decoded bit by bit into pieces of bounded length.

use std::io::{self, BufRead, ErrorKind, Read};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::{Buf, Bytes, BytesMut};
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, Operation};

/// Most bytes that a step gives.
const PIECE: usize = 16 * 1024;

/// Binary logarithm of the longest window of a content coding (RFC 9659 §3): 8 MiB.
const ZSTD_WINDOW: u32 = 23;

/// A coding that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or RFC 1951 alone, which servers send under the same name.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// The coding of this name (RFC 9110 §18.6).
    pub(super) fn of(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// What was decoded is not what a server can have meant.
#[derive(Debug)]
pub(super) struct InvalidCoding;

/// What a step of decoding came to.
#[derive(Debug)]
pub(super) enum Progress {
    /// Some decoded bytes.
    Bytes(Bytes),
    /// Nothing before more input comes.
    Waiting,
    /// The coding has ended; what follows it is nothing, as it is to browsers.
    Ended,
}

/// One coding under way.
pub(super) enum Decoder {
    Gzip(Box<MultiGzDecoder<Input>>),
    /// Which of the two forms it is shows its first byte.
    Deflate(Input),
    Zlib(Box<ZlibDecoder<Input>>),
    Raw(Box<DeflateDecoder<Input>>),
    Brotli(Box<Brotli>),
    Zstd(Box<Zstd>),
}

impl Decoder {
    pub(super) fn new(coding: Coding) -> Self {
        match coding {
            Coding::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(Input::default()))),
            Coding::Deflate => Self::Deflate(Input::default()),
            Coding::Brotli => Self::Brotli(Box::default()),
            Coding::Zstd => Self::Zstd(Box::default()),
        }
    }

    /// What comes next; None at the end of it. To be called when [`Self::next`] waits.
    pub(super) fn push(&mut self, bytes: Option<Bytes>) {
        let input = match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Deflate(input) => input,
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Raw(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => &mut decoder.input,
            Self::Zstd(decoder) => &mut decoder.input,
        };
        match bytes {
            Some(bytes) => input.bytes = bytes,
            None => input.ended = true,
        }
    }

    pub(super) fn next(&mut self) -> Result<Progress, InvalidCoding> {
        match self {
            Self::Deflate(input) => match input.bytes.first() {
                None if input.ended => Err(InvalidCoding),
                None => Ok(Progress::Waiting),
                Some(first) => {
                    // RFC 1950 §2.2: method 8 in the low half. No encoder begins a raw block like that (RFC 1951 §3.2.3).
                    let is_zlib = first & 0x0f == 8;
                    let input = std::mem::take(input);
                    *self = if is_zlib {
                        Self::Zlib(Box::new(ZlibDecoder::new(input)))
                    } else {
                        Self::Raw(Box::new(DeflateDecoder::new(input)))
                    };
                    self.next()
                }
            },
            Self::Gzip(decoder) => read(decoder),
            Self::Zlib(decoder) => read(decoder),
            Self::Raw(decoder) => read(decoder),
            Self::Brotli(decoder) => decoder.next(),
            Self::Zstd(decoder) => decoder.next(),
        }
    }
}

/// What a decoder has not decoded yet: a reader that says that more will come, until the end is there.
#[derive(Default)]
pub(super) struct Input {
    bytes: Bytes,
    ended: bool,
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes.is_empty() && !self.ended { Err(ErrorKind::WouldBlock.into()) } else { Ok(&self.bytes) }
    }

    fn consume(&mut self, length: usize) {
        self.bytes.advance(length);
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(into)?;
        self.consume(length);
        Ok(length)
    }
}

fn read(decoder: &mut impl Read) -> Result<Progress, InvalidCoding> {
    let mut output = BytesMut::zeroed(PIECE);
    match decoder.read(&mut output) {
        Ok(0) => Ok(Progress::Ended),
        Ok(length) => {
            output.truncate(length);
            Ok(Progress::Bytes(output.freeze()))
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Progress::Waiting),
        Err(_) => Err(InvalidCoding),
    }
}

pub(super) struct Brotli {
    input: Input,
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    ended: bool,
}

impl Default for Brotli {
    fn default() -> Self {
        let alloc = StandardAlloc::default;
        // Windows of at most 16 MiB: the larger ones are no content coding.
        let state = BrotliState::new_strict(alloc(), alloc(), alloc());
        Self { input: Input::default(), state, ended: false }
    }
}

impl Brotli {
    fn next(&mut self) -> Result<Progress, InvalidCoding> {
        if self.ended {
            return Ok(Progress::Ended);
        }
        let mut output = BytesMut::zeroed(PIECE);
        let (mut left, mut taken, mut room, mut written, mut total) = (self.input.bytes.len(), 0, PIECE, 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut taken,
            &self.input.bytes,
            &mut room,
            &mut written,
            &mut output,
            &mut total,
            &mut self.state,
        );
        self.input.bytes.advance(taken);
        output.truncate(written);
        self.ended = matches!(result, BrotliResult::ResultSuccess);
        match result {
            BrotliResult::ResultFailure => Err(InvalidCoding),
            _ if !output.is_empty() => Ok(Progress::Bytes(output.freeze())),
            BrotliResult::ResultSuccess => Ok(Progress::Ended),
            _ if self.input.ended => Err(InvalidCoding),
            _ => Ok(Progress::Waiting),
        }
    }
}

pub(super) struct Zstd {
    input: Input,
    /// None where the library had no memory for one.
    decoder: Option<ZstdDecoder<'static>>,
    /// Whether the content may end here: between frames.
    whole: bool,
    /// Whether what came last filled its piece, so that more may wait inside.
    full: bool,
}

impl Default for Zstd {
    fn default() -> Self {
        let limited = |mut decoder: ZstdDecoder<'static>| {
            decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW)).is_ok().then_some(decoder)
        };
        let decoder = ZstdDecoder::new().ok().and_then(limited);
        Self { input: Input::default(), decoder, whole: true, full: false }
    }
}

impl Zstd {
    fn next(&mut self) -> Result<Progress, InvalidCoding> {
        let decoder = self.decoder.as_mut().ok_or(InvalidCoding)?;
        while self.full || !self.input.bytes.is_empty() {
            let mut output = BytesMut::zeroed(PIECE);
            let status = decoder.run_on_buffers(&self.input.bytes, &mut output).map_err(|_| InvalidCoding)?;
            self.input.bytes.advance(status.bytes_read);
            self.whole = status.remaining == 0;
            self.full = status.bytes_written == PIECE && !self.whole;
            output.truncate(status.bytes_written);
            if !output.is_empty() {
                return Ok(Progress::Bytes(output.freeze()));
            }
        }
        match (self.input.ended, self.whole) {
            (false, _) => Ok(Progress::Waiting),
            (true, true) => Ok(Progress::Ended),
            (true, false) => Err(InvalidCoding),
        }
    }
}
