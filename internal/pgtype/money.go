package pgtype

import (
	"strconv"
	"strings"
)

// moneyCodec is money in the C locale with dollars: a number of cents.
type moneyCodec struct{ word }

func (moneyCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	t := trimSpace(s)
	negative := false
	drop := func(prefix string) bool {
		found := strings.HasPrefix(t, prefix)
		if found {
			t = strings.TrimLeft(t[len(prefix):], " ")
		}
		return found
	}
	drop("$")
	closing := false
	switch {
	case drop("-"):
		negative = true
	case drop("("):
		negative, closing = true, true
	default:
		drop("+")
	}
	drop("$")
	v, places, point, n := uint64(0), 0, false, 0
	overflow := false
	for ; n < len(t); n++ {
		switch c := t[n]; {
		case c >= '0' && c <= '9' && places < 2:
			if v > (1<<63)/10 {
				overflow = true
			}
			v = v*10 + uint64(c-'0')
			overflow = overflow || v > 1<<63
			if point {
				places++
			}
			continue
		case c == '.' && !point:
			point = true
			continue
		case c == ',':
			continue
		}
		break
	}
	if n == 0 {
		return Null, errSyntax("money", s)
	}
	for ; places < 2; places++ {
		overflow = overflow || v > (1<<63)/10
		v *= 10
	}
	rest := t[n:]
	if rest != "" && rest[0] >= '5' && rest[0] <= '9' {
		v++
	}
	rest = strings.TrimLeft(rest, "0123456789")
	for rest != "" {
		switch {
		case isSpace(rest[0]), closing && rest[0] == ')', rest[0] == '$':
		case rest[0] == '-':
			negative = true
		default:
			return Null, errSyntax("money", s)
		}
		rest = rest[1:]
	}
	if overflow || v > 1<<63 || v == 1<<63 && !negative {
		return Null, errRange("money", s)
	}
	if negative {
		return Int(-int64(v)), nil
	}
	return Int(int64(v)), nil
}

func (moneyCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	v := d.n
	if d.Int() < 0 {
		dst = append(dst, '-')
		v = -v
	}
	dst = append(dst, '$')
	var buf [20]byte
	whole := strconv.AppendUint(buf[:0], v/100, 10)
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, c)
	}
	cents := byte(v % 100)
	return append(dst, '.', '0'+cents/10, '0'+cents%10)
}
