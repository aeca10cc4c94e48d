//! Who answers the thread of the TPM: the TPM itself, or an attester that owns it. The rest of the gateway does not notice.

use blindllama_verifier::evidence::instance::instance_event;

use super::attester::client::Client;
use super::attester::socket_of;
use super::device::Device;
use super::measure::MeasuredPcr;
use super::{Activation, AttestationKey, Quote, Template, TpmSettings};
use crate::failure::Failure;

/// An open TPM.
pub(super) enum Backend {
    /// On this process's own connection.
    Device(Box<Device>),
    /// Of another process (PROTOCOL.md §24.5).
    Attester(Box<Client>),
}

impl Backend {
    pub(super) fn open(settings: &TpmSettings) -> Result<Self, Failure> {
        match socket_of(&settings.tcti) {
            Some(path) => Client::open(settings, path).map(Box::new).map(Self::Attester),
            None => Device::open(settings).map(Box::new).map(Self::Device),
        }
    }

    pub(super) const fn attestation_key(&self) -> &AttestationKey {
        match self {
            Self::Device(device) => device.attestation_key(),
            Self::Attester(client) => client.attestation_key(),
        }
    }

    pub(super) fn measure_instance(&mut self, key: [u8; 32]) -> Result<(), Failure> {
        match self {
            Self::Device(device) => device.measure(MeasuredPcr::Instance, &instance_event(&key)),
            Self::Attester(client) => client.measure_instance(key),
        }
    }

    pub(super) fn read(&mut self) -> Result<Vec<(u8, Vec<u8>)>, Failure> {
        match self {
            Self::Device(device) => device.read(),
            Self::Attester(client) => client.read(),
        }
    }

    pub(super) fn endorsements(&mut self) -> Result<Vec<(Template, Vec<u8>)>, Failure> {
        match self {
            Self::Device(device) => device.endorsements(),
            Self::Attester(client) => client.endorsements(),
        }
    }

    pub(super) fn activate(&mut self, activation: Activation) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Device(device) => device.activate(activation),
            Self::Attester(client) => client.activate(activation),
        }
    }

    pub(super) fn quote(&mut self, qualifying_data: &[u8; 32]) -> Result<Quote, Failure> {
        match self {
            Self::Device(device) => device.quote(qualifying_data),
            Self::Attester(client) => client.quote(qualifying_data),
        }
    }
}
