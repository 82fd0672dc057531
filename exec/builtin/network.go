package builtin

import (
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// networkAddressFamily is the operators and functions of inet, cidr, macaddr and macaddr8.
var networkAddressFamily = slices.Concat(
	comparisons("network", underNames, compareInets),
	extremes("network_larger", "network_smaller", compareInets),
	comparisons("macaddr", underNames, compareUints),
	comparisons("macaddr8", underNames, compareUints),
	[]Def{
		comparer("network_cmp", compareInets),
		comparer("macaddr_cmp", compareUints),
		comparer("macaddr8_cmp", compareUints),
		{Name: "network_sub", Scalar: inetTest(func(x, y netip.Prefix) bool { return x.Bits() > y.Bits() && contains(y, x) })},
		{Name: "network_subeq", Scalar: inetTest(func(x, y netip.Prefix) bool { return contains(y, x) })},
		{Name: "network_sup", Scalar: inetTest(func(x, y netip.Prefix) bool { return x.Bits() < y.Bits() && contains(x, y) })},
		{Name: "network_supeq", Scalar: inetTest(contains)},
		{Name: "network_overlap", Scalar: inetTest(func(x, y netip.Prefix) bool { return contains(x, y) || contains(y, x) })},
		{Name: "inet_same_family", Scalar: inetTest(func(x, y netip.Prefix) bool { return x.Addr().BitLen() == y.Addr().BitLen() })},
		{Name: "inet_abbrev", Scalar: inetText(inetAbbreviation)},
		{Name: "cidr_abbrev", Scalar: inetText(cidrAbbreviation)},
		{Name: "network_show", Scalar: inetText(netip.Prefix.String)},
		{Name: "network_host", Scalar: inetText(func(p netip.Prefix) string { return p.Addr().String() })},
		{Name: "network_network", Scalar: inetFunc(true, netip.Prefix.Masked)},
		{Name: "inet_to_cidr", Scalar: inetFunc(true, netip.Prefix.Masked)},
		{Name: "network_broadcast", Scalar: inetFunc(false, func(p netip.Prefix) netip.Prefix {
			return netip.PrefixFrom(combine(p.Addr(), maskOf(p, true), orBytes), p.Bits())
		})},
		{Name: "network_netmask", Scalar: inetFunc(false, func(p netip.Prefix) netip.Prefix { return host(maskOf(p, false)) })},
		{Name: "network_hostmask", Scalar: inetFunc(false, func(p netip.Prefix) netip.Prefix { return host(maskOf(p, true)) })},
		{Name: "inetnot", Scalar: inetFunc(false, func(p netip.Prefix) netip.Prefix {
			return netip.PrefixFrom(combine(p.Addr(), p.Addr(), func(x, _ byte) byte { return ^x }), p.Bits())
		})},
		{Name: "inetand", Scalar: inetCombine("AND", func(x, y byte) byte { return x & y })},
		{Name: "inetor", Scalar: inetCombine("OR", orBytes)},
		{Name: "inetpl", Scalar: inetPlus(1)},
		{Name: "inetmi_int8", Scalar: inetPlus(-1)},
		{OID: 2631, Name: "int8 + inet", Scalar: swapped(inetPlus(1))},
		{Name: "inetmi", Scalar: inetMinus},
		{Name: "network_masklen", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Int(int64(a[0].InetPrefix().Bits())), nil
		}},
		{Name: "network_family", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			if a[0].InetPrefix().Addr().Is4() {
				return pgtype.Int(4), nil
			}
			return pgtype.Int(6), nil
		}},
		{Name: "inet_set_masklen", Scalar: setMaskLength(false)},
		{Name: "cidr_set_masklen", Scalar: setMaskLength(true)},
		{Name: "inet_merge", Scalar: inetMerge},
		{Name: "macaddr_not", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Int(^a[0].Int() & (1<<48 - 1)), nil
		}},
		{Name: "macaddr8_not", Scalar: bitNot},
		{Name: "macaddr_and", Scalar: bitAnd},
		{Name: "macaddr_or", Scalar: bitOr},
		{Name: "macaddr8_and", Scalar: bitAnd},
		{Name: "macaddr8_or", Scalar: bitOr},
		{Name: "macaddr_trunc", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Int(a[0].Int() &^ (1<<24 - 1)), nil
		}},
		{Name: "macaddr8_trunc", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Int(a[0].Int() &^ (1<<40 - 1)), nil
		}},
		{Name: "macaddr8_set7bit", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Int(a[0].Int() | 1<<57), nil }},
		{Name: "macaddrtomacaddr8", Scalar: macaddrToMacaddr8},
		{Name: "macaddr8tomacaddr", Scalar: macaddr8ToMacaddr},
	},
)

func compareInets(a, b pgtype.Datum) int { return pgtype.InetType.Codec.Compare(a, b) }

func compareUints(a, b pgtype.Datum) int { return sign(uint64(a.Int()), uint64(b.Int())) }

func orBytes(x, y byte) byte { return x | y }

func inetTest(f func(x, y netip.Prefix) bool) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Bool(f(a[0].InetPrefix(), a[1].InetPrefix())), nil
	}
}

func inetText(f func(netip.Prefix) string) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Text(f(a[0].InetPrefix())), nil }
}

func inetFunc(cidr bool, f func(netip.Prefix) netip.Prefix) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.InetValue(f(a[0].InetPrefix()), cidr), nil
	}
}

// contains tells whether y lies in x or is it.
func contains(x, y netip.Prefix) bool {
	return x.Addr().BitLen() == y.Addr().BitLen() && x.Bits() <= y.Bits() && x.Contains(y.Addr())
}

func host(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// maskOf is the bits of the network, or those of the host.
func maskOf(p netip.Prefix, hostPart bool) netip.Addr {
	b := p.Addr().AsSlice()
	for i := range b {
		n := min(max(p.Bits()-8*i, 0), 8)
		b[i] = 0xff << (8 - n)
		if hostPart {
			b[i] = ^b[i]
		}
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func combine(x, y netip.Addr, op func(x, y byte) byte) netip.Addr {
	b, c := x.AsSlice(), y.AsSlice()
	for i := range b {
		b[i] = op(b[i], c[i])
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func errInet(code pgerr.Code, format string, args ...any) error {
	return pgerr.Newf(code, format, args...)
}

func inetCombine(name string, op func(x, y byte) byte) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, y := a[0].InetPrefix(), a[1].InetPrefix()
		if x.Addr().BitLen() != y.Addr().BitLen() {
			return pgtype.Null, errInet(pgerr.InvalidParameterValue, "cannot %s inet values of different sizes", name)
		}
		return pgtype.InetValue(netip.PrefixFrom(combine(x.Addr(), y.Addr(), op), max(x.Bits(), y.Bits())), false), nil
	}
}

func errInetRange() error { return errInet(pgerr.NumericValueOutOfRange, "result is out of range") }

func inetPlus(direction int64) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		p := a[0].InetPrefix()
		sum := new(big.Int).SetBytes(p.Addr().AsSlice())
		sum.Add(sum, new(big.Int).Mul(big.NewInt(direction), big.NewInt(a[1].Int())))
		if sum.Sign() < 0 || sum.BitLen() > p.Addr().BitLen() {
			return pgtype.Null, errInetRange()
		}
		addr, _ := netip.AddrFromSlice(sum.FillBytes(make([]byte, p.Addr().BitLen()/8)))
		return pgtype.InetValue(netip.PrefixFrom(addr, p.Bits()), false), nil
	}
}

func inetMinus(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, y := a[0].InetPrefix().Addr(), a[1].InetPrefix().Addr()
	if x.BitLen() != y.BitLen() {
		return pgtype.Null, errInet(pgerr.InvalidParameterValue, "cannot subtract inet values of different sizes")
	}
	diff := new(big.Int).Sub(new(big.Int).SetBytes(x.AsSlice()), new(big.Int).SetBytes(y.AsSlice()))
	if !diff.IsInt64() {
		return pgtype.Null, errInetRange()
	}
	return pgtype.Int(diff.Int64()), nil
}

// inetAbbreviation leaves the mask out when it covers the whole address.
func inetAbbreviation(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// cidrAbbreviation leaves out the numbers behind the mask.
func cidrAbbreviation(p netip.Prefix) string {
	if !p.Addr().Is4() {
		return p.String()
	}
	numbers := strings.Split(p.Addr().String(), ".")
	return fmt.Sprintf("%s/%d", strings.Join(numbers[:max((p.Bits()+7)/8, 1)], "."), p.Bits())
}

func setMaskLength(cidr bool) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		addr, bits := a[0].InetPrefix().Addr(), a[1].Int()
		if bits == -1 {
			bits = int64(addr.BitLen())
		}
		if bits < 0 || bits > int64(addr.BitLen()) {
			return pgtype.Null, errInet(pgerr.InvalidParameterValue, "invalid mask length: %d", bits)
		}
		p := netip.PrefixFrom(addr, int(bits))
		if cidr {
			p = p.Masked()
		}
		return pgtype.InetValue(p, cidr), nil
	}
}

// inetMerge is the smallest network that holds both.
func inetMerge(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, y := a[0].InetPrefix(), a[1].InetPrefix()
	if x.Addr().BitLen() != y.Addr().BitLen() {
		return pgtype.Null, errInet(pgerr.InvalidParameterValue, "cannot merge addresses from different families")
	}
	bits := min(x.Bits(), y.Bits())
	for !netip.PrefixFrom(x.Addr(), bits).Contains(y.Addr()) {
		bits--
	}
	return pgtype.InetValue(netip.PrefixFrom(x.Addr(), bits).Masked(), true), nil
}

// macaddrToMacaddr8 puts ff:fe in the middle.
func macaddrToMacaddr8(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v := a[0].Int()
	return pgtype.Int(v>>24<<40 | 0xfffe<<24 | v&(1<<24-1)), nil
}

func macaddr8ToMacaddr(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v := uint64(a[0].Int())
	if v>>24&0xffff != 0xfffe {
		return pgtype.Null, pgerr.New(pgerr.NumericValueOutOfRange, "macaddr8 data out of range to convert to macaddr").
			WithHint("Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, for example " +
				"xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.")
	}
	return pgtype.Int(int64(v>>40<<24 | v&(1<<24-1))), nil
}
