//! What every attester has to outlive, whichever key it quotes with.

use super::client::{Evidence, random};
use super::http::get;
use super::{Gateway, Swtpm, in_time};

/// Takes the TPM away and puts another one in its place, whose key no policy names.
pub async fn outlive(gateway: &Gateway, swtpm: &mut Swtpm) {
    let address = gateway.address.as_str();
    let evidence = || async move { get(address, &Evidence::path(&random())).await };
    swtpm.kill().await;
    assert_eq!(evidence().await.code(), "evidence.unavailable");
    swtpm.forget();
    swtpm.restart().await;
    let noticed = async {
        while gateway.log.named("evidence.failed").iter().all(|line| line["code"] != "tpm.key") {
            assert_eq!(evidence().await.code(), "evidence.unavailable", "policies name the key that is gone");
        }
    };
    in_time("the reason in the log", noticed).await;
}
