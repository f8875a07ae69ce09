//! Networks of trusted proxies.

use std::net::IpAddr;
use std::str::FromStr;

/// A network in CIDR form; a single address is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    bits: u8,
}

impl Cidr {
    /// Whether the address lies in the network. IPv4 inside IPv6 (`::ffff:10.0.0.1`) counts as
    /// IPv4, because a dual-stack listener shows it so.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(one)) => {
                let shift = 32 - u32::from(self.bits);
                u32::from(net).checked_shr(shift) == u32::from(one).checked_shr(shift)
            }
            (IpAddr::V6(net), IpAddr::V6(one)) => {
                let shift = 128 - u32::from(self.bits);
                u128::from(net).checked_shr(shift) == u128::from(one).checked_shr(shift)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address or a network such as 10.0.0.0/8");
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?,
        };
        Ok(Self { address, bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_contains(net: &str, address: &str, expected: bool) {
        let cidr: Cidr = net.parse().unwrap();
        assert_eq!(cidr.contains(address.parse().unwrap()), expected, "{address} in {net}");
    }

    #[test]
    fn a_network_contains_its_addresses_only() {
        check_contains("10.0.0.0/8", "10.255.0.1", true);
        check_contains("10.0.0.0/8", "11.0.0.1", false);
        check_contains("10.0.0.0/8", "::ffff:10.1.1.1", true);
        check_contains("10.0.0.0/8", "::1", false);
        check_contains("0.0.0.0/0", "203.0.113.9", true);
        check_contains("127.0.0.1", "127.0.0.1", true);
        check_contains("127.0.0.1", "127.0.0.2", false);
        check_contains("fd00::/8", "fdab::1", true);
        check_contains("::/0", "2001:db8::1", true);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "proxy.example", "10.0.0.0/-1"] {
            assert!(text.parse::<Cidr>().is_err(), "{text}");
        }
    }
}
