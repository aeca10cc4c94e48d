//! TCP is taken from processes also where they hold sockets of another network namespace: a socket that was passed keeps the network that it
//! was made in, and connect(2) with AF_UNSPEC would make a fresh one of it. Landlock refuses what follows.

use landlock::{
    ABI, Access as _, AccessNet, CompatLevel, Compatible as _, NetPort, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetStatus, Scope,
};

/// Lets this process, and what it becomes, connect over TCP to these ports alone, bind none, and reach neither signals nor abstract UNIX
/// sockets of others.
pub(super) fn restrict(ports: impl Iterator<Item = u16>) -> Result<(), String> {
    let failed = |error: landlock::RulesetError| error.to_string();
    let ports = ports.map(|port| Ok(NetPort::new(port, AccessNet::ConnectTcp)));
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessNet::from_all(ABI::V4))
        .and_then(|rules| rules.scope(Scope::from_all(ABI::V6)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rules(ports))
        .and_then(|rules| rules.restrict_self())
        .map_err(failed)?;
    match status.ruleset {
        RulesetStatus::FullyEnforced => Ok(()),
        other => Err(format!("Landlock: {other:?}")),
    }
}
