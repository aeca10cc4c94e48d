//! A verdict as JSON. `ts/verdict.ts` declares the same shape for TypeScript.

use super::{AttestedKey, Step, Verdict};
use crate::{
    evidence::VERSION,
    json::writer::{ITEM, Writer},
    policy::Assurance,
};

pub(super) fn verdict(json: &mut Writer, verdict: &Verdict) {
    json.integer("version", VERSION);
    let next_state = match verdict {
        Verdict::Passed { assurance, key, next_state, .. } => {
            json.text("result", "pass");
            json.bool("simulated", *assurance == Assurance::Simulated);
            json.text("assurance", assurance.as_str());
            json.object("key", |json| self::key(json, key));
            next_state
        }
        Verdict::Failed { code, detail, next_state, .. } => {
            json.text("result", "fail");
            json.text("code", code.as_str());
            json.text("detail", detail);
            next_state
        }
    };
    if let Some(state) = next_state {
        json.hex("nextState", state);
    }
    let report = verdict.report();
    json.array("steps", |json| report.steps.iter().for_each(|step| json.object(ITEM, |json| self::step(json, step))));
    report.write(json);
}

fn step(json: &mut Writer, step: &Step) {
    json.text("id", step.id.as_str());
    json.text("status", step.status.as_str());
    json.text("code", step.code.as_str());
    json.text("detail", &step.detail);
}

fn key(json: &mut Writer, key: &AttestedKey) {
    json.text("instance", &key.instance);
    json.hex("epochId", &key.epoch_id);
    json.hex("keyConfig", &key.key_config);
    json.integer("keyId", key.key_id.into());
    json.integer("kemId", key.suite.kem_id.into());
    json.integer("kdfId", key.suite.kdf_id.into());
    json.integer("aeadId", key.suite.aead_id.into());
    json.hex("publicKey", &key.public_key);
    json.integer("serverTimeMs", key.server_time_ms);
    json.integer("validForMs", key.valid_for_ms);
}
