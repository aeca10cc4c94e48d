//! Lets several programs use one swtpm at once, as the kernel's resource manager does for a real TPM: commands go one after the other.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use super::swtpm::pair_of_ports;

/// Serves the TPM at `port` (its control channel at `port + 1`) to any number of connections; returns the port to use.
pub async fn share(port: u16) -> u16 {
    let (commands, control, shared) = loop {
        let shared = pair_of_ports();
        let bound =
            (TcpListener::bind(("127.0.0.1", shared)).await, TcpListener::bind(("127.0.0.1", shared + 1)).await);
        if let (Ok(commands), Ok(control)) = bound {
            break (commands, control, shared);
        }
    };
    let tpm = Arc::new(Mutex::new(TcpStream::connect(("127.0.0.1", port)).await.unwrap()));
    tokio::spawn(async move {
        while let Ok((mut client, _)) = commands.accept().await {
            let tpm = Arc::clone(&tpm);
            tokio::spawn(async move { while exchange(&mut client, &tpm).await.is_ok() {} });
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
async fn exchange(client: &mut TcpStream, tpm: &Mutex<TcpStream>) -> io::Result<()> {
    let command = read_message(client).await?;
    let mut tpm = tpm.lock().await;
    tpm.write_all(&command).await?;
    let response = read_message(&mut tpm).await?;
    client.write_all(&response).await
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
