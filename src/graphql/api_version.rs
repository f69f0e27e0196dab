//! Dated versions of the API.

use super::context::ContextExt;
use super::time::Date;
use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use domain::api_version::{ApiVersion as Version, Support};
use service::credential::Admitted;

/// How long a version is looked after.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiVersionSupport {
    /// The newest: what new credentials get.
    Current,
    /// Older, and kept.
    Supported,
}

/// What a version is to the credential that asks.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiVersionUpgradeState {
    /// It is the version of this credential.
    Current,
    /// It is newer: an upgrade is possible.
    Available,
    /// It is older.
    Older,
}

/// A dated version of the API.
#[derive(SimpleObject, Clone, Debug)]
pub struct ApiVersion {
    /// Its name: the day it came out and a river or town, as in the header `X-API-Version`.
    pub version: String,
    /// The day it came out.
    pub released_on: Date,
    /// Whether there is no newer one.
    pub latest: bool,
    /// How long it is looked after.
    pub support: ApiVersionSupport,
    /// What it is to the credential that asks.
    pub upgrade: ApiVersionUpgradeState,
    /// What it does otherwise than the version before it.
    pub changes: Vec<ApiChange>,
}

/// Something that a version does otherwise than the one before it.
#[derive(SimpleObject, Clone, Debug)]
pub struct ApiChange {
    /// Where it shows.
    pub area: String,
    /// What the older version does.
    pub before: String,
    /// What this version does.
    pub after: String,
}

impl From<domain::api_version::ApiChange> for ApiChange {
    fn from(change: domain::api_version::ApiChange) -> Self {
        Self {
            area: change.area.to_owned(),
            before: change.before.to_owned(),
            after: change.after.to_owned(),
        }
    }
}

#[derive(Default)]
pub struct ApiVersionQuery;

#[Object]
impl ApiVersionQuery {
    /// The versions of the API, newest first, and what each is to the credential that asks.
    async fn api_versions(&self, ctx: &Context<'_>) -> Result<Vec<ApiVersion>> {
        ctx.actor()?;
        let admitted: Option<&Admitted> = ctx.data_opt();
        let own = admitted.map_or(Version::NEWEST, |admitted| admitted.api_version);
        let version = |version: Version| ApiVersion {
            version: version.to_string(),
            released_on: Date(version.released_on()),
            latest: version == Version::NEWEST,
            support: match version.support() {
                Support::Current => ApiVersionSupport::Current,
                Support::Supported => ApiVersionSupport::Supported,
            },
            upgrade: match version.cmp(&own) {
                std::cmp::Ordering::Equal => ApiVersionUpgradeState::Current,
                std::cmp::Ordering::Greater => ApiVersionUpgradeState::Available,
                std::cmp::Ordering::Less => ApiVersionUpgradeState::Older,
            },
            changes: version.changes().iter().copied().map(ApiChange::from).collect(),
        };
        Ok(Version::ALL.into_iter().map(version).collect())
    }
}
