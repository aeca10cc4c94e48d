//! Reading a document: its text, what it means, and what was wrong with it.

use alloc::boxed::Box;
use core::{
    cell::{Cell, OnceCell},
    ptr,
};

use super::{
    item::{Item, Value},
    reader::parse,
};
use crate::{
    Code,
    rejection::{Place, Rejection},
};

/// A kind of document: what its faults are called.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Where a fault stands, before the path inside the document; empty for a policy.
    pub(crate) name: &'static str,
    pub(crate) syntax: Code,
    pub(crate) invalid: Code,
}

/// What can be wrong with an item.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flaw {
    Syntax,
    Invalid,
    Unsupported,
}

/// What was wrong, and where.
#[derive(Clone, Copy)]
struct Fault<'d> {
    flaw: Flaw,
    item: &'d Item<'d>,
    /// The member that the item lacks; empty where the item itself is at fault.
    missing: &'static str,
}

/// Keeps documents for as long as what was read of them is in use.
#[derive(Default)]
pub(crate) struct Documents<'d> {
    /// The one of the document that is being read which is told.
    fault: Cell<Option<Fault<'d>>>,
    kept: DocumentList<'d>,
}

/// One document, and those after it.
#[derive(Default)]
struct DocumentList<'d>(OnceCell<Box<(Item<'d>, Self)>>);

impl<'d> Documents<'d> {
    fn keep(&'d self, document: Item<'d>) -> &'d Item<'d> {
        let mut end = &self.kept;
        while let Some(kept) = end.0.get() {
            end = &kept.1;
        }
        &end.0.get_or_init(|| Box::new((document, DocumentList::default()))).0
    }

    /// Notes a fault unless there was one before. Syntax is told before what means nothing safe, wherever each stands (PROTOCOL.md §7).
    #[cold]
    pub(super) fn note(&self, flaw: Flaw, item: &'d Item<'d>, missing: &'static str) {
        let is_syntax = !matches!(flaw, Flaw::Invalid);
        if self.fault.get().is_none_or(|known| is_syntax && matches!(known.flaw, Flaw::Invalid)) {
            self.fault.set(Some(Fault { flaw, item, missing }));
        }
    }
}

impl Kind {
    /// Reads the text strictly and gives its top to `read`. A fault does not end the reading, which goes on with harmless
    /// values; nothing that was read leaves here once there was one.
    ///
    /// # Errors
    /// The code for syntax, and the first fault that `read` came upon; one of [`Flaw::Invalid`] where there is no other.
    pub(crate) fn read<'d, T>(
        &self,
        text: &[u8],
        documents: &'d Documents<'d>,
        read: impl FnOnce(&'d Item<'d>) -> T,
    ) -> Result<T, Rejection> {
        let top = self.parse(text, documents)?;
        let value = read(top);
        match documents.fault.take() {
            None => Ok(value),
            Some(fault) => Err(self.rejection(top, &fault)),
        }
    }

    fn parse<'d>(&self, text: &[u8], documents: &'d Documents<'d>) -> Result<&'d Item<'d>, Rejection> {
        match parse(text, documents) {
            Ok(top) => Ok(documents.keep(top)),
            Err(unreadable) => {
                let mut place = Place::from(self.name);
                separate(&mut place, " ");
                place.own("byte ").number(unreadable.offset as u64);
                Err(Rejection::at(self.syntax, place))
            }
        }
    }

    #[cold]
    fn rejection<'d>(&self, top: &'d Item<'d>, fault: &Fault<'d>) -> Rejection {
        let code = match fault.flaw {
            Flaw::Syntax => self.syntax,
            Flaw::Invalid => self.invalid,
            Flaw::Unsupported => Code::POLICY_UNSUPPORTED,
        };
        let mut place = Place::from(self.name);
        push_path(&mut place, " ", top, fault.item);
        if !fault.missing.is_empty() {
            separate(&mut place, if ptr::eq(top, fault.item) { " " } else { "." });
            place.own(fault.missing);
        }
        Rejection::at(code, place)
    }
}

fn separate(place: &mut Place, separator: &'static str) {
    if !place.as_str().is_empty() {
        place.own(separator);
    }
}

/// Appends how one comes from `from` to `to`, and says whether that is possible at all. A search, so that items need not know
/// where they stand.
fn push_path<'d>(place: &mut Place, separator: &'static str, from: &Item<'d>, to: &Item<'d>) -> bool {
    if ptr::eq(from, to) {
        return true;
    }
    let length = place.as_str().len();
    for (index, item) in from.items().iter().enumerate() {
        if let Value::Array(_) = from.value {
            place.own("[").number(index as u64).own("]");
        } else {
            separate(place, separator);
            place.foreign(&item.key);
        }
        if push_path(place, ".", item, to) {
            return true;
        }
        place.truncate(length);
    }
    false
}
