//! Server. Where addresses lead: to everybody's network, into the server's own, or where nobody's requests may go. An IPv6
//! address that stands for an IPv4 one is judged by that.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Everybody can reach it.
    Public,
    /// In the networks the server itself is in, or in none: for agents of admins.
    Inside,
    /// Where a cloud keeps its credentials, or no host's at all.
    Never,
}

/// What is wrong with `Place::Never`, in words.
pub const NEVER: &str = "an address where a cloud keeps its credentials, a link-local one, or one that is no host's";

/// Where clouds answer their machines, outside the link-local networks.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
const METADATA_V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];

pub fn place(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(a) => place_v4(a),
        IpAddr::V6(a) => place_v6(a),
    }
}

fn place_v4(a: Ipv4Addr) -> Place {
    if a.is_link_local() || a.is_multicast() || a.is_broadcast() || METADATA_V4.contains(&a) {
        return Place::Never;
    }
    let own = match a.octets() {
        // This machine; protocols' own; measurements between networks; of no use yet.
        [0 | 240..=255, ..] | [192, 0, 0, _] | [198, 18 | 19, ..] => true,
        // A carrier's own.
        [100, second, ..] => (64..128).contains(&second),
        _ => a.is_private() || a.is_loopback(),
    };
    if own { Place::Inside } else { Place::Public }
}

fn place_v6(a: Ipv6Addr) -> Place {
    if a.is_unicast_link_local() || a.is_multicast() || METADATA_V6.contains(&a) {
        return Place::Never;
    }
    if a.is_loopback() || a.is_unspecified() || a.is_unique_local() {
        return Place::Inside;
    }
    match a.segments() {
        // What link-local's neighbour was until it was given up.
        [0xfec0..=0xfeff, ..] => Place::Inside,
        // Compatible, mapped or translated; NAT64; 6to4.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => place_v4(v4(high, low)),
        [0x64, 0xff9b, 1, ..] => local_nat64(a.octets()),
        _ => Place::Public,
    }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low))
}

/// Of a network's own NAT64 (RFC 8215) only the network knows how long its prefix is, and so where in the address the IPv4
/// one stands (RFC 6052): the strictest reading counts, of those that begin with something.
fn local_nat64(o: [u8; 16]) -> Place {
    let readings = [
        [o[6], o[7], o[9], o[10]],
        [o[7], o[9], o[10], o[11]],
        [o[9], o[10], o[11], o[12]],
        [o[12], o[13], o[14], o[15]],
    ];
    let places = readings.into_iter().filter(|r| r[0] != 0).map(|r| place_v4(r.into()));
    places.max().unwrap_or(Place::Inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_address_has_its_place() {
        let table: [(Place, &[&str]); 3] = [
            (
                Place::Never,
                &[
                    "169.254.0.0",
                    "169.254.169.254",
                    "169.254.255.255",
                    "168.63.129.16",
                    "100.100.100.200",
                    "192.0.0.192",
                    "224.0.0.1",
                    "239.255.255.255",
                    "255.255.255.255",
                    "fd00:ec2::254",
                    "fd20:ce::254",
                    "fe80::1",
                    "febf::1",
                    "ff02::1",
                    "::169.254.169.254",
                    "::ffff:169.254.169.254",
                    "::ffff:0:169.254.169.254",
                    "::ffff:168.63.129.16",
                    "64:ff9b::169.254.169.254",
                    "64:ff9b::100.100.100.200",
                    "64:ff9b:1::169.254.169.254",
                    "64:ff9b:1:fffe::168.63.129.16",
                    // 169.254.169.254 behind 48, 56 and 64 bits.
                    "64:ff9b:1:a9fe:a9:fe00::",
                    "64:ff9b:1:a9:fe:a9fe::",
                    "64:ff9b:1:0:a9:fea9:fe00:0",
                    "2002:a9fe:a9fe::1",
                ],
            ),
            (
                Place::Inside,
                &[
                    "0.0.0.0",
                    "0.1.2.3",
                    "10.1.2.3",
                    "127.0.0.1",
                    "127.255.255.255",
                    "172.16.0.1",
                    "172.31.255.255",
                    "192.168.0.1",
                    "100.64.0.1",
                    "100.127.255.255",
                    "192.0.0.1",
                    "192.0.0.255",
                    "198.18.0.0",
                    "198.19.255.255",
                    "240.0.0.1",
                    "255.255.255.254",
                    "::",
                    "::1",
                    "fc00::1",
                    "fd00::1",
                    "fec0::1",
                    "feff::1",
                    "::10.0.0.1",
                    "::ffff:127.0.0.1",
                    "::ffff:0:10.0.0.1",
                    "64:ff9b::10.0.0.1",
                    "64:ff9b::127.0.0.1",
                    "64:ff9b:1::10.0.0.1",
                    "64:ff9b:1:a00:0:100::",
                    "64:ff9b:1::",
                    "2002:7f00:1::",
                    "2002:c0a8:1::1",
                ],
            ),
            (
                Place::Public,
                &[
                    "1.1.1.1",
                    "100.63.255.255",
                    "100.128.0.1",
                    "169.253.255.255",
                    "168.63.129.17",
                    "172.32.0.1",
                    "192.0.1.1",
                    "198.17.255.255",
                    "198.20.0.1",
                    "223.255.255.255",
                    "2606:4700::1111",
                    "::8.8.8.8",
                    "::ffff:8.8.8.8",
                    "64:ff9b::8.8.8.8",
                    "64:ff9b:1::8.8.8.8",
                    "64:ff9b:1:808:8:800::",
                    "2002:808:808::1",
                ],
            ),
        ];
        for (expected, addresses) in table {
            for address in addresses {
                assert_eq!(place(address.parse().expect("an address")), expected, "{address}");
            }
        }
    }
}
