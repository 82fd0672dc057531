package pgtype

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// inetCodec is inet and cidr. A value is its binary form: family, bits of the mask, whether it is a cidr, length of the address, address.
type inetCodec struct {
	byteString
	cidr bool
}

const (
	inetV4 = 2
	inetV6 = 3
)

// InetPrefix is the address and mask of an inet or cidr.
func (d Datum) InetPrefix() netip.Prefix {
	b := d.Bytes()
	addr, _ := netip.AddrFromSlice(b[4:])
	return netip.PrefixFrom(addr, int(b[1]))
}

// InetValue makes a datum of an inet, or of a cidr.
func InetValue(p netip.Prefix, cidr bool) Datum {
	family, flag := byte(inetV6), byte(0)
	if p.Addr().Is4() {
		family = inetV4
	}
	if cidr {
		flag = 1
	}
	addr := p.Addr().AsSlice()
	return Bytes(append([]byte{family, byte(p.Bits()), flag, byte(len(addr))}, addr...))
}

func (c inetCodec) name() string {
	if c.cidr {
		return "cidr"
	}
	return "inet"
}

func (c inetCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	text, mask, masked := strings.Cut(s, "/")
	addr, bits, ok := c.parseAddress(text, masked)
	if ok && masked {
		v, err := strconv.ParseUint(mask, 10, 8)
		ok = err == nil && mask[0] != '+' && int(v) <= addr.BitLen()
		bits = int(v)
	}
	if !ok {
		return Null, errSyntax(c.name(), s)
	}
	p := netip.PrefixFrom(addr, bits)
	if c.cidr && p.Masked() != p {
		return Null, pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid cidr value: \"%s\"", s).WithDetail("Value has bits set to right of mask.")
	}
	return InetValue(p, c.cidr), nil
}

// parseAddress reads an address; one of fewer than four numbers is a network, and a cidr without a mask gets that of its class.
func (c inetCodec) parseAddress(s string, masked bool) (netip.Addr, int, bool) {
	if strings.Contains(s, ":") {
		addr, err := netip.ParseAddr(s)
		if err != nil || addr.Zone() != "" {
			return netip.Addr{}, 0, false
		}
		return addr, 128, true
	}
	parts := strings.Split(s, ".")
	var b [4]byte
	if len(parts) > 4 || len(parts) < 4 && !masked && !c.cidr {
		return netip.Addr{}, 0, false
	}
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 8)
		if err != nil || p[0] == '+' || len(p) > 3 {
			return netip.Addr{}, 0, false
		}
		b[i] = byte(v)
	}
	bits := 32
	if c.cidr && !masked {
		switch {
		case b[0] >= 240:
			bits = 32
		case b[0] >= 224:
			bits = 8
		case b[0] >= 192:
			bits = 24
		case b[0] >= 128:
			bits = 16
		default:
			bits = 8
		}
		bits = max(bits, 8*len(parts))
	}
	return netip.AddrFrom4(b), bits, true
}

func (c inetCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	p := d.InetPrefix()
	addr := p.Addr()
	if addr.Is6() && isZeroPrefix(addr) {
		// ::a.b.c.d, as inet_ntop prints addresses that only use the low half.
		a := addr.As16()
		dst = append(dst, "::"...)
		dst = netip.AddrFrom4([4]byte(a[12:])).AppendTo(dst)
	} else {
		dst = addr.AppendTo(dst)
	}
	if c.cidr || p.Bits() != addr.BitLen() {
		dst = strconv.AppendInt(append(dst, '/'), int64(p.Bits()), 10)
	}
	return dst
}

func isZeroPrefix(a netip.Addr) bool {
	b := a.As16()
	for _, c := range b[:12] {
		if c != 0 {
			return false
		}
	}
	return b[12] != 0 || b[13] != 0
}

func (c inetCodec) ParseBinary(_ *Context, b []byte, _ int32) (Datum, error) {
	bad := func(what string) error {
		return pgerr.Newf(pgerr.InvalidBinaryRepresentation, "invalid %s in external \"%s\" value", what, c.name())
	}
	if len(b) < 4 {
		return Null, errShortMessage()
	}
	size := map[byte]int{inetV4: 4, inetV6: 16}[b[0]]
	switch {
	case size == 0:
		return Null, bad("address family")
	case int(b[1]) > 8*size:
		return Null, bad("bits")
	case int(b[3]) != size:
		return Null, bad("length")
	case len(b) != 4+size:
		return Null, errBinaryLength(len(b), 4+size)
	}
	addr, _ := netip.AddrFromSlice(b[4:])
	p := netip.PrefixFrom(addr, int(b[1]))
	if c.cidr && p.Masked() != p {
		return Null, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid external \"cidr\" value").WithDetail("Value has bits set to right of mask.")
	}
	return InetValue(p, c.cidr), nil
}

func (inetCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	return append(dst, d.Bytes()...)
}

// Compare orders by family, the bits that both masks cover, the length of the mask, and the whole address.
func (inetCodec) Compare(x, y Datum) int {
	a, b := x.Bytes(), y.Bytes()
	if a[0] != b[0] {
		return compareInt(int64(a[0]), int64(b[0]))
	}
	if r := compareBits(a[4:], b[4:], int(min(a[1], b[1]))); r != 0 {
		return r
	}
	if a[1] != b[1] {
		return compareInt(int64(a[1]), int64(b[1]))
	}
	return bytes.Compare(a[4:], b[4:])
}

func compareBits(a, b []byte, n int) int {
	if r := bytes.Compare(a[:n/8], b[:n/8]); r != 0 || n%8 == 0 {
		return r
	}
	shift := 8 - n%8
	return compareInt(int64(a[n/8]>>shift), int64(b[n/8]>>shift))
}

func (inetCodec) Hash(d Datum, seed uint64) uint64 {
	b := d.Bytes()
	return hashBytes(b[4:], hashWord(uint64(b[0])<<8|uint64(b[1]), seed))
}

// AppendKey writes family, then the network's bits, each byte of eight bits marked, a last byte of fewer bits with how many, then the whole address: a shorter mask that agrees
// sorts first.
func (inetCodec) AppendKey(dst []byte, d Datum) []byte {
	b := d.Bytes()
	bits := int(b[1])
	dst = append(dst, b[0])
	for i := 0; i < bits; i++ {
		// One byte a bit: 1 + bit, and 0 at the end, keeps "shorter first" without arithmetic on part bytes.
		dst = append(dst, 1+b[4+i/8]>>(7-i%8)&1)
	}
	dst = append(dst, 0)
	return append(dst, b[4:]...)
}

func (c inetCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	if len(b) == 0 || b[0] != inetV4 && b[0] != inetV6 {
		return Null, nil, errCorrupt("key")
	}
	size := map[byte]int{inetV4: 4, inetV6: 16}[b[0]]
	bits := bytes.IndexByte(b[1:], 0)
	if bits < 0 || bits > 8*size || len(b) < 2+bits+size {
		return Null, nil, errCorrupt("key")
	}
	b = b[2+bits:]
	addr, _ := netip.AddrFromSlice(b[:size])
	return InetValue(netip.PrefixFrom(addr, bits), c.cidr), b[size:], nil
}

func (c inetCodec) DecodeStored(b []byte) (Datum, error) {
	if len(b) < 8 || int(b[3]) != len(b)-4 || b[3] != 4 && b[3] != 16 || int(b[1]) > 8*int(b[3]) {
		return Null, errCorrupt("address")
	}
	return Bytes(b), nil
}

// macaddrCodec is macaddr (6 bytes) and macaddr8 (8 bytes): the bytes as one number.
type macaddrCodec struct {
	word
	name  string
	count int
}

func (c macaddrCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	t := trimSpace(s)
	var v uint64
	n := 0
	sep := byte(0)
	group := 0
	for i := 0; i < len(t); i++ {
		ch := t[i]
		if ch == ':' || ch == '-' || ch == '.' {
			if sep != 0 && sep != ch || group == 0 || i+1 == len(t) {
				return Null, errSyntax(c.name, s)
			}
			sep, group = ch, 0
			continue
		}
		// The short form of a byte is only known when bytes are separated.
		w := digitValue(ch)
		if w > 15 {
			return Null, errSyntax(c.name, s)
		}
		if group == 0 && i+1 < len(t) && (t[i+1] == ':' || t[i+1] == '-') || group == 0 && i+1 == len(t) && sep != 0 && sep != '.' {
			v = v<<8 | w
			n += 2
			group += 2
			continue
		}
		v = v<<4 | w
		n++
		group++
	}
	switch {
	case n == 2*c.count:
		return Int(int64(v)), nil
	case c.count == 8 && n == 12:
		return Int(int64(v>>24<<40 | 0xFFFE<<24 | v&0xFFFFFF)), nil
	}
	return Null, errSyntax(c.name, s)
}

func (c macaddrCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	for i := c.count - 1; i >= 0; i-- {
		b := byte(d.n >> (8 * i))
		dst = append(dst, hexDigits[b>>4], hexDigits[b&15])
		if i > 0 {
			dst = append(dst, ':')
		}
	}
	return dst
}

func (c macaddrCodec) ParseBinary(_ *Context, b []byte, _ int32) (Datum, error) {
	if len(b) != c.count && !(c.count == 8 && len(b) == 6) {
		return Null, errBinaryLength(len(b), c.count)
	}
	var v uint64
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	if len(b) != c.count {
		v = v>>24<<40 | 0xFFFE<<24 | v&0xFFFFFF
	}
	return Int(int64(v)), nil
}

func (c macaddrCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	for i := c.count - 1; i >= 0; i-- {
		dst = append(dst, byte(d.n>>(8*i)))
	}
	return dst
}
