//! An explanation as JSON.

use alloc::{string::String, vec::Vec};

use super::{
    digest, event_type,
    explain::{Explained, Explanation},
    finding::Finding,
};
use crate::{json::writer::Out, tpm::PCR_COUNT};

impl Explanation<'_> {
    /// `{bank, pcrs, unexplained, findings, events, secureBoot?}`; byte strings are hex. An event has its digest of the bank,
    /// and `type` as a number where it has no name.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_out(&self.explain_all()).write()
    }

    /// What every event says, in the order of the log.
    pub(crate) fn explain_all(&self) -> Vec<Explained> {
        self.log.events.iter().map(|event| self.explain(event)).collect()
    }

    /// What a verdict shows: [`Self::to_json`] without `pcrs`, since the log's word for a PCR that was not quoted is no proof.
    pub(crate) fn to_report(&self) -> String {
        Out::Object(self.members(&self.explain_all())).write()
    }

    pub(crate) fn to_out<'b>(&'b self, explained: &'b [Explained]) -> Out<'b> {
        let mut pcrs = Vec::new();
        for index in 0..PCR_COUNT {
            if let Some(value) = self.replayed.get(index) {
                pcrs.push(Out::Object(Vec::from([("index", Out::Integer(index.into())), ("value", Out::Hex(value))])));
            }
        }
        let mut members = self.members(explained);
        members.push(("pcrs", Out::Array(pcrs)));
        Out::Object(members)
    }

    fn members<'b>(&'b self, explained: &'b [Explained]) -> Vec<(&'static str, Out<'b>)> {
        let (mut unexplained, mut findings) = (Vec::new(), Vec::new());
        self.unexplained.iter().for_each(|pcr| unexplained.push(Out::Integer((*pcr).into())));
        self.findings.iter().for_each(|finding| findings.push(finding.to_out()));
        let mut members = Vec::from([
            ("bank", Out::Text(digest::name(self.algorithm).unwrap_or_default())),
            ("unexplained", Out::Array(unexplained)),
            ("findings", Out::Array(findings)),
            ("events", Out::Array(self.events(explained))),
        ]);
        if let Some(enforced) = self.secure_boot {
            members.push(("secureBoot", Out::Bool(enforced)));
        }
        members
    }

    fn events<'b>(&'b self, explained: &'b [Explained]) -> Vec<Out<'b>> {
        let mut events = Vec::new();
        for (event, explained) in self.log.events.iter().zip(explained) {
            let mut members = Vec::from([
                ("index", Out::Integer(events.len() as u64)),
                ("pcr", Out::Integer(event.pcr.into())),
                ("type", event_type::name(event.kind).map_or(Out::Integer(event.kind.into()), Out::Text)),
                ("subject", Out::Text(explained.subject)),
                ("description", Out::Text(&explained.description)),
                ("verified", Out::Bool(explained.verified)),
            ]);
            if let Some(digest) = self.log.digest(event, self.algorithm) {
                members.push(("digest", Out::Hex(digest)));
            }
            events.push(Out::Object(members));
        }
        events
    }
}

impl Finding {
    fn to_out(self) -> Out<'static> {
        let mut members = Vec::from([("code", Out::Text(self.code.as_str()))]);
        if let Some(event) = self.event {
            members.push(("event", Out::Integer(event as u64)));
        }
        if let Some(pcr) = self.pcr {
            members.push(("pcr", Out::Integer(pcr.into())));
        }
        Out::Object(members)
    }
}
