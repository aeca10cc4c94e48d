//! An explanation as JSON.

use alloc::string::String;

use super::{
    digest,
    explain::{Explained, Explanation},
    finding::Finding,
    type_name,
};
use crate::{
    json::writer::{ITEM, Writer},
    tpm::PCR_COUNT,
};

/// Longest description of an event, in characters: room for the longest command line of a kernel.
const MAX_DESCRIPTION: usize = 4096;

impl Explanation<'_> {
    /// `{bank, pcrs, unexplained, findings, events, secureBoot?}`; byte strings are hex. An event has its digest of the bank,
    /// and `type` as a number where it has no name.
    #[must_use]
    pub fn to_json(&self) -> String {
        Writer::value(|json| json.object(ITEM, |json| self.write(json)))
    }

    pub(super) fn write(&self, json: &mut Writer) {
        self.write_report(json);
        json.array("pcrs", |json| {
            for index in 0..PCR_COUNT {
                if let Some(value) = self.replayed.get(index) {
                    json.object(ITEM, |json| {
                        json.integer("index", index.into());
                        json.hex("value", value);
                    });
                }
            }
        });
    }

    /// What a verdict shows: everything but `pcrs`, since the log's word for a PCR that was not quoted is no proof.
    pub(crate) fn write_report(&self, json: &mut Writer) {
        json.text("bank", digest::name(self.algorithm).unwrap_or_default());
        json.array("unexplained", |json| self.unexplained.iter().for_each(|pcr| json.integer(ITEM, (*pcr).into())));
        json.array("findings", |json| self.findings.iter().for_each(|finding| finding.write(json)));
        json.array("events", |json| self.write_events(json));
        if let Some(enforced) = self.secure_boot {
            json.bool("secureBoot", enforced);
        }
    }

    fn write_events(&self, json: &mut Writer) {
        for (index, event) in self.log.events.iter().enumerate() {
            let Explained { subject, description, verified } = self.explain(event);
            json.object(ITEM, |json| {
                json.integer("index", index as u64);
                json.integer("pcr", event.pcr.into());
                match type_name::name(event.kind) {
                    "" => json.integer("type", event.kind.into()),
                    name => json.text("type", name),
                }
                json.text("subject", subject);
                json.text_of("description", &description, MAX_DESCRIPTION);
                json.bool("verified", verified);
                if let Some(digest) = self.log.digest(event, self.algorithm) {
                    json.hex("digest", digest);
                }
            });
        }
    }
}

impl Finding {
    fn write(&self, json: &mut Writer) {
        json.object(ITEM, |json| {
            json.text("code", self.code.as_str());
            if let Some(event) = self.event {
                json.integer("event", event as u64);
            }
            if let Some(pcr) = self.pcr {
                json.integer("pcr", pcr.into());
            }
        });
    }
}
