package netguard

import (
	"fmt"
	"net/netip"
)

// Refused is the error for an address that must not be reached.
type Refused struct {
	Host string // as it was named; empty if the address was
	Addr netip.Addr
	Why  string
}

func (e *Refused) Error() string {
	addr, of := e.Addr.Unmap().String(), ""
	if e.Host != "" && e.Host != addr && e.Host != e.Addr.String() {
		of = " of " + e.Host
	}
	return fmt.Sprintf("the address %s%s is refused: %s", addr, of, e.Why)
}

// special are the ranges that are not of the public internet, and the few
// addresses within it at which clouds serve their machines. The first that fits
// gives the reason.
var special = []struct {
	prefix netip.Prefix
	why    string
}{
	{netip.MustParsePrefix("169.254.169.254/32"), "it is a cloud's metadata service"},
	{netip.MustParsePrefix("169.254.170.2/32"), "it is a cloud's metadata service"},
	{netip.MustParsePrefix("168.63.129.16/32"), "it is a cloud's metadata service"},
	{netip.MustParsePrefix("100.100.100.200/32"), "it is a cloud's metadata service"},
	{netip.MustParsePrefix("192.0.0.192/32"), "it is a cloud's metadata service"},
	{netip.MustParsePrefix("fd00:ec2::254/128"), "it is a cloud's metadata service"},
	{netip.MustParsePrefix("fd20:ce::254/128"), "it is a cloud's metadata service"},
	{netip.MustParsePrefix("0.0.0.0/8"), "it means this host"},
	{netip.MustParsePrefix("10.0.0.0/8"), "it is private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "it is a carrier's own (CGNAT)"},
	{netip.MustParsePrefix("127.0.0.0/8"), "it is loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "it is link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "it is private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "it is reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "it is for documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "it is a relay into IPv6"},
	{netip.MustParsePrefix("192.168.0.0/16"), "it is private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "it is for measurements"},
	{netip.MustParsePrefix("198.51.100.0/24"), "it is for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "it is for documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "it is multicast"},
	{netip.MustParsePrefix("255.255.255.255/32"), "it is broadcast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "it is reserved"},
	{netip.MustParsePrefix("::/128"), "it means this host"},
	{netip.MustParsePrefix("::1/128"), "it is loopback"},
	{netip.MustParsePrefix("::/96"), "it hides an IPv4 address"},
	{netip.MustParsePrefix("64:ff9b::/96"), "it hides an IPv4 address (NAT64)"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "it hides an IPv4 address (NAT64)"},
	{netip.MustParsePrefix("2001::/32"), "it hides an IPv4 address (Teredo)"},
	{netip.MustParsePrefix("2001::/23"), "it is reserved"},
	{netip.MustParsePrefix("2001:db8::/32"), "it is for documentation"},
	{netip.MustParsePrefix("2002::/16"), "it hides an IPv4 address (6to4)"},
	{netip.MustParsePrefix("3fff::/20"), "it is for documentation"},
	{netip.MustParsePrefix("fc00::/7"), "it is private (unique-local)"},
	{netip.MustParsePrefix("fe80::/10"), "it is link-local"},
	{netip.MustParsePrefix("fec0::/10"), "it is site-local"},
	{netip.MustParsePrefix("ff00::/8"), "it is multicast"},
}

// global holds all that is in use of the public IPv6 internet.
var global = netip.MustParsePrefix("2000::/3")

// Check refuses an address that is not of the public internet.
func Check(a netip.Addr) error {
	refuse := func(why string) error { return &Refused{Addr: a, Why: why} }
	if !a.IsValid() {
		return refuse("it is none")
	}
	if a.Zone() != "" {
		return refuse("it is of one network interface only")
	}
	is := a.Unmap() // what is spelled ::ffff:127.0.0.1 is connected to as 127.0.0.1
	for _, s := range special {
		if s.prefix.Contains(is) {
			return refuse(s.why)
		}
	}
	if is.Is6() && !global.Contains(is) {
		return refuse("it is reserved")
	}
	return nil
}
