//! An explanation as JSON.

use alloc::{string::String, vec::Vec};

use super::{
    digest, event_type,
    explain::{Explained, Explanation},
    finding::Finding,
    parse::Event,
};
use crate::json::writer::Out;

impl Explanation<'_> {
    /// `{bank, secureBoot?, pcrs, unexplained, findings, events}`; byte strings are hex. An event has its digest of the bank,
    /// and `type` as a number where it has no name.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_out().write()
    }

    pub(crate) fn to_out(&self) -> Out<'_> {
        let mut members = Vec::from([("bank", Out::Text(digest::name(self.algorithm).unwrap_or_default()))]);
        members.extend(self.secure_boot.map(|enforced| ("secureBoot", Out::Bool(enforced))));
        let pcrs = (0..).zip(&self.replayed).filter_map(|(index, value)| {
            let value = Out::Hex(value.as_deref()?);
            Some(Out::Object(Vec::from([("index", Out::Integer(index)), ("value", value)])))
        });
        let events = self.log.events.iter().zip(&self.events).enumerate();
        members.extend([
            ("pcrs", Out::Array(pcrs.collect())),
            ("unexplained", Out::Array(self.unexplained.iter().map(|pcr| Out::Integer((*pcr).into())).collect())),
            ("findings", Out::Array(self.findings.iter().copied().map(Finding::to_out).collect())),
            ("events", Out::Array(events.map(|(index, (event, said))| self.event(index, event, said)).collect())),
        ]);
        Out::Object(members)
    }

    fn event<'b>(&'b self, index: usize, event: &'b Event<'_>, explained: &'b Explained) -> Out<'b> {
        let kind = event_type::name(event.kind).map_or(Out::Integer(event.kind.into()), Out::Text);
        let mut members = Vec::from([
            ("index", Out::Integer(index as u64)),
            ("pcr", Out::Integer(event.pcr.into())),
            ("type", kind),
            ("subject", Out::Text(explained.subject)),
            ("description", Out::Text(&explained.description)),
            ("verified", Out::Bool(explained.verified)),
        ]);
        members.extend(self.log.digest(event, self.algorithm).map(|digest| ("digest", Out::Hex(digest))));
        Out::Object(members)
    }
}

impl Finding {
    pub(crate) fn to_out(self) -> Out<'static> {
        let mut members = Vec::from([("code", Out::Text(self.code.as_str()))]);
        members.extend(self.event.map(|event| ("event", Out::Integer(event as u64))));
        members.extend(self.pcr.map(|pcr| ("pcr", Out::Integer(pcr.into()))));
        Out::Object(members)
    }
}
