//! Webhooks: which addresses may be told, and when a delivery is tried again (AP-08).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::limits::{WEBHOOK_RETRY_MOST_SECONDS, WEBHOOK_RETRY_SECONDS};

/// Whether an address belongs to the public internet: no loopback, private, link-local, shared,
/// documentation, benchmark, multicast or reserved network (IANA's special-purpose registries), also
/// not by way of an IPv4 address inside an IPv6 one.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b, c) {
        // This network, private, loopback, multicast and reserved.
        (0 | 10 | 127 | 224.., _, _) => true,
        // Shared address space of carriers.
        (100, 64..=127, _) => true,
        // Link-local, among it the metadata services of clouds.
        (169, 254, _) => true,
        (172, 16..=31, _) => true,
        // Private; IETF assignments, documentation, 6to4 relays.
        (192, 168, _) | (192, 0, 0 | 2) | (192, 88, 99) => true,
        // Benchmarks.
        (198, 18 | 19, _) => true,
        // Documentation.
        (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let part = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match part {
        // IPv4 inside IPv6, and through the well-known NAT64 prefix.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(embedded(high, low))
        }
        // 6to4.
        [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        // Teredo and other IETF assignments, documentation.
        [0x2001, 0x0000..=0x01ff | 0x0db8, ..] | [0x3fff, ..] => false,
        // What else is public is global unicast.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

/// How long to wait after so many failed deliveries in a row, in seconds.
pub fn pause_seconds(attempts: u32) -> i64 {
    let doubled = WEBHOOK_RETRY_SECONDS.checked_shl(attempts.saturating_sub(1).min(32));
    doubled.map_or(WEBHOOK_RETRY_MOST_SECONDS, |pause| pause.min(WEBHOOK_RETRY_MOST_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        let special = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.9.9",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "3fff::1",
            "100::1",
        ];
        for text in special {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        let public = [
            "1.1.1.1",
            "9.255.255.255",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::",
            "2600::1",
            "2a00:1450::1",
        ];
        for text in public {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn pauses_double_up_to_an_hour() {
        assert_eq!([1, 2, 3].map(pause_seconds), [5, 10, 20]);
        assert_eq!(pause_seconds(10), 2_560);
        assert_eq!([11, 40, u32::MAX].map(pause_seconds), [3_600; 3]);
    }
}
