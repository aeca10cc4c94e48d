//! Lets several programs use one swtpm at once, as the kernel's resource manager does for a real TPM: commands go one after the other.
//! On the way quotes can be falsified as no working TPM would.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex as SyncMutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use super::ports::pair_of_ports;

/// TPM_CC_Quote (TPM 2.0 Part 2 §6.5.2).
const QUOTE: u32 = 0x158;

/// What goes wrong with one TPM2_Quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TpmFault {
    /// TPM_RC_RETRY is answered, nothing is run.
    Busy,
    /// A bit of the signature is flipped.
    Forged,
    /// The answer to the quote before comes again.
    Replayed,
    /// PCR 16 is extended before the quote, and once more before its answer leaves.
    Changed,
    /// The connection ends without an answer.
    Lost,
}

/// What happens to the quotes that come next, in their order; the others are left alone.
#[derive(Clone, Default)]
pub struct TpmFaults(Arc<SyncMutex<VecDeque<TpmFault>>>);

impl TpmFaults {
    pub fn push(&self, faults: impl IntoIterator<Item = TpmFault>) {
        self.0.lock().unwrap().extend(faults);
    }

    /// How many are still to come.
    pub fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn next(&self, command: &[u8]) -> Option<TpmFault> {
        (code_of(command) == QUOTE).then(|| self.0.lock().unwrap().pop_front()).flatten()
    }
}

/// The connection to the TPM, and its last answer to a quote.
struct Tpm {
    stream: TcpStream,
    quote: Vec<u8>,
}

/// Serves the TPM at `port` (its control channel at `port + 1`) to any number of connections; returns the port to use.
pub async fn share(port: u16, faults: TpmFaults) -> u16 {
    let (commands, control, shared) = loop {
        let shared = pair_of_ports();
        let bound =
            (TcpListener::bind(("127.0.0.1", shared)).await, TcpListener::bind(("127.0.0.1", shared + 1)).await);
        if let (Ok(commands), Ok(control)) = bound {
            break (commands, control, shared);
        }
    };
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let tpm = Arc::new(Mutex::new(Tpm { stream, quote: Vec::new() }));
    tokio::spawn(async move {
        while let Ok((mut client, _)) = commands.accept().await {
            let (tpm, faults) = (Arc::clone(&tpm), faults.clone());
            tokio::spawn(async move { while exchange(&mut client, &tpm, &faults).await.is_ok() {} });
        }
    });
    tokio::spawn(async move {
        while let Ok((mut client, _)) = control.accept().await {
            tokio::spawn(async move {
                let mut tpm = TcpStream::connect(("127.0.0.1", port + 1)).await.unwrap();
                drop(copy_bidirectional(&mut client, &mut tpm).await);
            });
        }
    });
    shared
}

/// Carries one command to the TPM and its response back.
async fn exchange(client: &mut TcpStream, tpm: &Mutex<Tpm>, faults: &TpmFaults) -> io::Result<()> {
    let command = read_message(client).await?;
    let mut tpm = tpm.lock().await;
    let response = match faults.next(&command) {
        None => tpm.run(&command).await?,
        Some(TpmFault::Busy) => [&[0x80, 0x01][..], &10_u32.to_be_bytes(), &0x922_u32.to_be_bytes()].concat(),
        Some(TpmFault::Forged) => forged(tpm.run(&command).await?),
        Some(TpmFault::Replayed) => tpm.quote.clone(),
        Some(TpmFault::Lost) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(TpmFault::Changed) => {
            tpm.run(&extend_16()).await?;
            let response = tpm.run(&command).await?;
            tpm.run(&extend_16()).await?;
            response
        }
    };
    client.write_all(&response).await
}

impl Tpm {
    async fn run(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        self.stream.write_all(command).await?;
        let response = read_message(&mut self.stream).await?;
        if code_of(command) == QUOTE {
            self.quote.clone_from(&response);
        }
        Ok(response)
    }
}

/// The code of a command or a response (Part 1 §18).
fn code_of(message: &[u8]) -> u32 {
    u32::from_be_bytes(message[6..10].try_into().unwrap())
}

/// TPM2_PCR_Extend (Part 3 §22.2) of PCR 16 with an empty password.
fn extend_16() -> Vec<u8> {
    let authorization = [&0x4000_0009_u32.to_be_bytes()[..], &[0, 0, 0, 0, 0]].concat();
    let digests = [&1_u32.to_be_bytes()[..], &[0, 0x0b], &[0xab; 32]].concat();
    let body = [&16_u32.to_be_bytes()[..], &(authorization.len() as u32).to_be_bytes(), &authorization, &digests];
    let body = body.concat();
    let size = (10 + body.len() as u32).to_be_bytes();
    [&[0x80, 0x02][..], &size, &0x182_u32.to_be_bytes(), &body].concat()
}

/// The response to TPM2_Quote (Part 3 §18.4) with one bit of the signature's first number flipped: behind header and size of the
/// parameters stand TPM2B_ATTEST and TPMT_SIGNATURE.
fn forged(mut response: Vec<u8>) -> Vec<u8> {
    let size_at = |response: &[u8], at: usize| usize::from(u16::from_be_bytes([response[at], response[at + 1]]));
    let signature = 16 + size_at(&response, 14);
    let last = signature + 6 + size_at(&response, signature + 4) - 1;
    response[last] ^= 1;
    response
}

/// A command or a response: tag, size of all of it, code, the rest (TPM 2.0 Part 1 §18).
async fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut message = vec![0; 6];
    stream.read_exact(&mut message).await?;
    let size = u32::from_be_bytes(message[2..].try_into().unwrap()) as usize;
    message.resize(size, 0);
    stream.read_exact(&mut message[6..]).await?;
    Ok(message)
}
