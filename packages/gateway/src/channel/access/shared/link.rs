//! A connection to the counter, and what is asked over it.

use std::io;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, RedisConnectionInfo, RedisError, cmd};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinSet;

use crate::config::SharedSettings;
use crate::upstream::address::Address;
use crate::upstream::passage;

/// Seconds that a counter lives after it was last changed: its window, and one more for corrections.
const EXPIRY: u64 = 2 * crate::channel::access::window::SECONDS;

/// KEYS: tokens of the key, tokens of all, requests of the key, requests of all. ARGV: the limit of each, 0 for none; the expiry.
/// Counts a request where all four are below their limits, and returns 0 twice. Else returns the place of the first that is not, from 1, and
/// what it holds.
const ADMIT: &str = "\
for i = 1, 4 do
  local limit = tonumber(ARGV[i])
  local count = tonumber(redis.call('GET', KEYS[i]) or 0)
  if limit > 0 and count >= limit then return {i, count} end
end
for i = 3, 4 do
  if tonumber(ARGV[i]) > 0 then
    redis.call('INCR', KEYS[i])
    redis.call('EXPIRE', KEYS[i], ARGV[5])
  end
end
return {0, 0}";

/// KEYS: counters. ARGV: what is added to each; the expiry. Returns the sums. A counter that was lost meanwhile is not left below 0.
const ADD: &str = "\
local sums = {}
for i, name in ipairs(KEYS) do
  sums[i] = redis.call('INCRBY', name, ARGV[i])
  if sums[i] < 0 then redis.call('SET', name, 0) end
  redis.call('EXPIRE', name, ARGV[#ARGV])
end
return sums";

const MALFORMED: &str = "a malformed answer";

/// Why there is no answer, in fixed words or a code of Redis: a text of another program is not for the log.
pub(super) type Why = String;

/// A connection that works. It can be used by many at once.
#[derive(Clone)]
pub(super) struct Link(MultiplexedConnection);

/// Moves what is sent and received; the connection ends when it is dropped.
pub(super) struct Driver(JoinSet<()>);

impl Driver {
    /// Resolves when the connection has ended.
    pub(super) async fn ended(&mut self) {
        self.0.join_next().await;
    }
}

impl Link {
    /// A connection over which a script ran: certificate, password and rights are in order.
    pub(super) async fn open(settings: &SharedSettings) -> Result<(Self, Driver), Why> {
        let (link, driver) = match &settings.address {
            Address::Unix(path) => Self::over(UnixStream::connect(path).await.map_err(refused)?, settings).await,
            Address::Http { authority, passage, tls, .. } => {
                let stream = match passage {
                    Some(passage) => passage::connect(passage).await.map_err(refused)?,
                    None => TcpStream::connect(authority).await.map_err(refused)?,
                };
                stream.set_nodelay(true).map_err(refused)?;
                match tls {
                    // The texts of the handshake are fixed, and name settings.
                    Some(tls) => {
                        let stream = tls.clone().handshake(stream).await.map_err(|error| error.to_string())?;
                        Self::over(stream, settings).await
                    }
                    None => Self::over(stream, settings).await,
                }
            }
        }?;
        link.add(&[]).await?;
        Ok((link, driver))
    }

    async fn over<S>(stream: S, settings: &SharedSettings) -> Result<(Self, Driver), Why>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut info = RedisConnectionInfo::default().set_skip_set_lib_name();
        if let Some(user) = &settings.user {
            info = info.set_username(user.as_str());
        }
        if let Some(password) = &settings.password {
            info = info.set_password(password.as_str());
        }
        // Every wait is bounded by whoever asks.
        let config = AsyncConnectionConfig::new().set_response_timeout(None::<Duration>);
        let opened = MultiplexedConnection::new_with_config(&info, stream, config).await;
        let (connection, driver) = opened.map_err(|error| why(&error))?;
        Ok((Self(connection), Driver([driver].into_iter().collect())))
    }

    /// Counts a request: `counters` are those of [`ADMIT`], each with its limit. Returns the place of a limit that is reached, and what is
    /// counted there.
    pub(super) async fn admit(&self, counters: &[(String, u64); 4]) -> Result<Option<(usize, u64)>, Why> {
        let mut command = script(ADMIT, counters.iter().map(|(name, _)| name.as_str()));
        for (_, limit) in counters {
            command.arg(*limit);
        }
        command.arg(EXPIRY);
        match self.ask::<(usize, u64)>(&command).await? {
            (0, _) => Ok(None),
            (place @ 1..=4, count) => Ok(place.checked_sub(1).map(|place| (place, count))),
            _ => Err(MALFORMED.into()),
        }
    }

    /// Adds to counters. Returns what each would hold, which is below 0 where it was lost meanwhile.
    pub(super) async fn add(&self, more: &[(String, i64)]) -> Result<Vec<i64>, Why> {
        let mut command = script(ADD, more.iter().map(|(name, _)| name.as_str()));
        for (_, amount) in more {
            command.arg(*amount);
        }
        command.arg(EXPIRY);
        let sums = self.ask::<Vec<i64>>(&command).await?;
        if sums.len() == more.len() { Ok(sums) } else { Err(MALFORMED.into()) }
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &Cmd) -> Result<T, Why> {
        command.query_async(&mut self.0.clone()).await.map_err(|error| why(&error))
    }
}

fn refused(error: io::Error) -> Why {
    format!("no connection: {}", error.kind())
}

fn script<'a>(text: &str, names: impl ExactSizeIterator<Item = &'a str>) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(text).arg(names.len());
    for name in names {
        command.arg(name);
    }
    command
}

fn why(error: &RedisError) -> Why {
    // Codes of Redis are words such as NOAUTH; anything else is none.
    let code = error.code().filter(|code| code.len() <= 16 && code.bytes().all(|byte| byte.is_ascii_uppercase()));
    code.map_or_else(|| error.category().to_owned(), str::to_owned)
}
