//! From where a credential may be used.
//!
//! Invariant: only an empty list means everywhere. An entry that cannot be read matches nothing and keeps the list from being
//! empty, so that a damaged row can lock a merchant out but can never let a stranger in.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// Most entries of one list.
pub const MAX_NETWORKS: usize = 64;

/// The networks from which a credential may be used, in CIDR notation, IPv4 and IPv6.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<String>", from = "Vec<String>")]
pub struct IpAllowlist {
    networks: Vec<IpNet>,
    unreadable: Vec<String>,
}

/// A list that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowlistRefusal {
    /// An entry is no network.
    #[error("{entry:?} is no network in CIDR notation such as 185.62.75.24/32 or 2001:db8::/48")]
    NotCidr {
        /// What was given, cut to 64 characters.
        entry: String,
    },
    /// An entry has bits beyond its prefix, so that it is unclear which network is meant.
    #[error("{entry} is not the beginning of its network: did you mean {network}?")]
    HostBits {
        /// What was given.
        entry: IpNet,
        /// The network that it lies in.
        network: IpNet,
    },
    /// Too many entries.
    #[error("an allowlist holds at most {MAX_NETWORKS} networks")]
    TooMany,
}

impl IpAllowlist {
    /// Reads what a merchant wrote. A single address stands for itself alone.
    ///
    /// # Errors
    /// [`AllowlistRefusal`] for the first entry that is no network.
    pub fn read<T: AsRef<str>>(entries: &[T]) -> Result<Self, AllowlistRefusal> {
        if entries.len() > MAX_NETWORKS {
            return Err(AllowlistRefusal::TooMany);
        }
        let mut networks = Vec::with_capacity(entries.len());
        for entry in entries {
            let network = network(entry.as_ref())?;
            if !networks.contains(&network) {
                networks.push(network);
            }
        }
        Ok(Self {
            networks,
            unreadable: Vec::new(),
        })
    }

    /// Reads what was stored: nothing is refused, and what is no network is kept aside.
    #[must_use]
    pub fn from_stored(entries: Vec<String>) -> Self {
        let mut list = Self::default();
        for entry in entries {
            match network(&entry) {
                Ok(network) => list.networks.push(network),
                Err(_) => list.unreadable.push(entry),
            }
        }
        list
    }

    /// Whether the credential may be used from `address`.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.is_empty() || self.networks.iter().any(|network| network.contains(&address))
    }

    /// Whether it may be used from everywhere.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.unreadable.is_empty()
    }

    /// The entries as text, those that cannot be read last.
    pub fn entries(&self) -> impl Iterator<Item = String> + '_ {
        let networks = self.networks.iter().map(ToString::to_string);
        networks.chain(self.unreadable.iter().cloned())
    }
}

fn network(entry: &str) -> Result<IpNet, AllowlistRefusal> {
    let text = entry.trim();
    let network = text.parse::<IpNet>().or_else(|_| {
        let address: IpAddr = text.parse().map_err(|_| AllowlistRefusal::NotCidr {
            entry: text.chars().take(64).collect(),
        })?;
        Ok(IpNet::from(address))
    })?;
    if network.addr() == network.network() {
        Ok(network)
    } else {
        let entry = network;
        let network = network.trunc();
        Err(AllowlistRefusal::HostBits { entry, network })
    }
}

impl From<IpAllowlist> for Vec<String> {
    fn from(list: IpAllowlist) -> Self {
        list.entries().collect()
    }
}

impl From<Vec<String>> for IpAllowlist {
    fn from(entries: Vec<String>) -> Self {
        Self::from_stored(entries)
    }
}

impl fmt::Display for IpAllowlist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.entries().collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(list: &IpAllowlist, address: &str) -> bool {
        list.allows(address.parse().unwrap())
    }

    #[test]
    fn a_list_lets_in_whom_it_names_and_an_empty_one_everybody() {
        let list =
            IpAllowlist::read(&["185.62.75.24/32", "10.0.0.0/8", "2001:db8::/48", "192.0.2.7"]).unwrap();
        for address in [
            "185.62.75.24",
            "10.255.0.1",
            "2001:db8:0:ffff::1",
            "192.0.2.7",
            "::ffff:10.0.0.1",
        ] {
            assert!(allows(&list, address), "{address}");
        }
        for address in ["185.62.75.25", "11.0.0.0", "2001:db8:1::", "192.0.2.8", "::1"] {
            assert!(!allows(&list, address), "{address}");
        }
        assert!(allows(&IpAllowlist::default(), "198.51.100.1"));
        assert_eq!(
            list.to_string(),
            "185.62.75.24/32, 10.0.0.0/8, 2001:db8::/48, 192.0.2.7/32"
        );
    }

    #[test]
    fn what_is_no_network_is_refused_with_its_entry() {
        for entry in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "example.iq",
            "10.0.0.0/8,10.1.0.0/16",
            "١٠.0.0.1",
        ] {
            assert!(
                matches!(IpAllowlist::read(&[entry]), Err(AllowlistRefusal::NotCidr { .. })),
                "{entry}"
            );
        }
        let refused = IpAllowlist::read(&["10.0.0.1/8"]).unwrap_err();
        assert!(
            refused.to_string().ends_with("did you mean 10.0.0.0/8?"),
            "{refused}"
        );
        assert_eq!(
            IpAllowlist::read(&vec!["::/0"; 65]),
            Err(AllowlistRefusal::TooMany)
        );
    }

    #[test]
    fn a_damaged_list_never_lets_everybody_in() {
        let list = IpAllowlist::from_stored(vec!["everywhere".into()]);
        assert!(!list.is_empty() && !allows(&list, "192.0.2.1"));
        let list = IpAllowlist::from_stored(vec!["everywhere".into(), "192.0.2.0/24".into()]);
        assert!(allows(&list, "192.0.2.1") && !allows(&list, "192.0.3.1"));
        assert_eq!(list.to_string(), "192.0.2.0/24, everywhere");
    }
}
