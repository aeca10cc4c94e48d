//! Every rule told with a log that is generated here; logs of real machines are read by `pnpm eventlog`.

mod allowing;
mod check;
mod explaining;
mod hostile;
mod replaying;
mod requiring;
mod rules;
mod syntax;

use blindllama_testkit::machine;
