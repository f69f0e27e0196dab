//! Which addresses are on the public internet.
//!
//! Invariant: this is the one place that judges an address, so what is refused when a URL is saved is refused when it is dialled too.
//! IPv6 is judged by what is allowed, not by what is denied: a list of denials forgets the ranges that carry an IPv4 address inside.
//! Sources: the IANA special-purpose registries, RFC 6890, 6052, 3056, 4380, 6598, 9637; `reference/webhooks.md` 4.

use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const fn v4(a: u8, b: u8, c: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

/// IPv4 that is private, reserved, or for a purpose of its own.
const SPECIAL_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 8),
    v4(10, 0, 0, 8),
    v4(100, 64, 0, 10),
    v4(127, 0, 0, 8),
    v4(169, 254, 0, 16),
    v4(172, 16, 0, 12),
    v4(192, 0, 0, 24),
    v4(192, 0, 2, 24),
    v4(192, 88, 99, 24),
    v4(192, 168, 0, 16),
    v4(198, 18, 0, 15),
    v4(198, 51, 100, 24),
    v4(203, 0, 113, 24),
    v4(224, 0, 0, 4),
    v4(240, 0, 0, 4),
];

/// All of IPv6 that is given to the public internet …
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);
/// … and what of it is kept for protocols (Teredo among them), documentation and 6to4.
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),
    v6(0x2001, 0xdb8, 32),
    v6(0x2002, 0, 16),
    v6(0x3fff, 0, 20),
];

/// Where clouds tell a machine its secrets. One of them (Azure's) is a public address.
const METADATA_V4: [Ipv4Addr; 6] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(169, 254, 0, 23),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
];

/// The same over IPv6: of AWS (two), of Google and of installations of one's own.
const METADATA_V6: [Ipv6Addr; 4] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
];

/// Whether packets to `address` leave for the public internet and for no purpose of their own.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    if is_metadata(address) {
        return false;
    }
    match address.to_canonical() {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !SPECIAL_V6.iter().any(|net| net.contains(&address))
        }
    }
}

/// Whether a cloud answers there with secrets of the machine, in any spelling of the address.
#[must_use]
pub fn is_metadata(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => METADATA_V4.contains(&address),
        IpAddr::V6(address) => {
            METADATA_V6.contains(&address)
                || carried(address).is_some_and(|inner| METADATA_V4.contains(&inner))
        }
    }
}

/// The IPv4 address to which a gateway passes on what is sent to `address`: NAT64, 6to4, Teredo, and the IPv4-compatible form.
#[must_use]
pub fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b, c) {
        (0x64, 0xff9b, 1) => Some(join(g, h)),
        (0x64, 0xff9b, 0) if (d, e, f) == (0, 0, 0) => Some(join(g, h)),
        (0x2002, _, _) => Some(join(b, c)),
        (0x2001, 0, _) => Some(join(!g, !h)),
        // `::` and `::1` stand in the same range and mean no IPv4 address.
        (0, 0, 0) if (d, e, f) == (0, 0, 0) && g != 0 => Some(join(g, h)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Both ends of each range are inside, and their neighbours outside are public unless another range begins there.
    #[test]
    fn every_range_of_ipv4_ends_where_the_registry_says() {
        for (first, last, before, after) in [
            ("0.0.0.0", "0.255.255.255", None, Some("1.0.0.0")),
            (
                "10.0.0.0",
                "10.255.255.255",
                Some("9.255.255.255"),
                Some("11.0.0.0"),
            ),
            (
                "100.64.0.0",
                "100.127.255.255",
                Some("100.63.255.255"),
                Some("100.128.0.0"),
            ),
            (
                "127.0.0.0",
                "127.255.255.255",
                Some("126.255.255.255"),
                Some("128.0.0.0"),
            ),
            (
                "169.254.0.0",
                "169.254.255.255",
                Some("169.253.255.255"),
                Some("169.255.0.0"),
            ),
            (
                "172.16.0.0",
                "172.31.255.255",
                Some("172.15.255.255"),
                Some("172.32.0.0"),
            ),
            (
                "192.0.0.0",
                "192.0.0.255",
                Some("191.255.255.255"),
                Some("192.0.1.0"),
            ),
            ("192.0.2.0", "192.0.2.255", Some("192.0.1.255"), Some("192.0.3.0")),
            (
                "192.88.99.0",
                "192.88.99.255",
                Some("192.88.98.255"),
                Some("192.88.100.0"),
            ),
            (
                "192.168.0.0",
                "192.168.255.255",
                Some("192.167.255.255"),
                Some("192.169.0.0"),
            ),
            (
                "198.18.0.0",
                "198.19.255.255",
                Some("198.17.255.255"),
                Some("198.20.0.0"),
            ),
            (
                "198.51.100.0",
                "198.51.100.255",
                Some("198.51.99.255"),
                Some("198.51.101.0"),
            ),
            (
                "203.0.113.0",
                "203.0.113.255",
                Some("203.0.112.255"),
                Some("203.0.114.0"),
            ),
            ("224.0.0.0", "239.255.255.255", Some("223.255.255.255"), None),
            ("240.0.0.0", "255.255.255.255", None, None),
        ] {
            for inside in [first, last] {
                assert!(!is_public(ip(inside)), "{inside}");
                assert!(!is_public(ip(&format!("::ffff:{inside}"))), "::ffff:{inside}");
            }
            for outside in [before, after].into_iter().flatten() {
                assert!(is_public(ip(outside)), "{outside}");
                assert!(is_public(ip(&format!("::ffff:{outside}"))), "::ffff:{outside}");
            }
        }
    }

    #[test]
    fn of_ipv6_only_the_global_unicast_space_is_public() {
        for inside in [
            "::",
            "::1",
            "::8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::8.8.8.8",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
            "100::1",
            "1fff:ffff::1",
            "2001::1",
            "2001:0:53aa:64c::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2001:db8:ffff:ffff::1",
            "2002::1",
            "2002:808:808::1",
            "2002:ffff:ffff::1",
            "3fff::1",
            "3fff:fff:ffff::1",
            "4000::1",
            "5f00::1",
            "fbff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ] {
            assert!(!is_public(ip(inside)), "{inside}");
        }
        for outside in [
            "2000::1",
            "2001:200::1",
            "2001:db7:ffff::1",
            "2001:db9::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700::1111",
            "3ffe::1",
            "3fff:1000::1",
        ] {
            assert!(is_public(ip(outside)), "{outside}");
        }
    }

    #[test]
    fn metadata_is_known_in_every_spelling() {
        for (secret, near) in [
            ("169.254.169.254", "169.254.169.253"),
            ("169.254.170.2", "169.254.170.3"),
            ("169.254.170.23", "169.254.170.22"),
            ("169.254.0.23", "169.254.0.24"),
            ("100.100.100.200", "100.100.100.201"),
            ("168.63.129.16", "168.63.129.17"),
            ("fd00:ec2::254", "fd00:ec2::255"),
            ("fd00:ec2::23", "fd00:ec2::24"),
            ("fd20:ce::254", "fd20:ce::253"),
            ("fe80::a9fe:a9fe", "fe80::a9fe:a9fd"),
            ("::ffff:169.254.169.254", "::ffff:169.254.169.253"),
            ("::169.254.169.254", "::169.254.169.253"),
            ("64:ff9b::169.254.169.254", "64:ff9b::169.254.169.253"),
            ("64:ff9b:1::169.254.169.254", "64:ff9b:1::169.254.169.253"),
            ("2002:a9fe:a9fe::1", "2002:a9fe:a9fd::1"),
            ("2001::5601:5601", "2001::5601:5602"),
        ] {
            assert!(is_metadata(ip(secret)), "{secret}");
            assert!(!is_public(ip(secret)), "{secret}");
            assert!(!is_metadata(ip(near)), "{near}");
        }
    }
}
