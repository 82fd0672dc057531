package pgtype

import (
	"math"
	"strconv"
)

// intCodec is smallint, integer and bigint.
type intCodec struct {
	word
	name string
}

func (c intCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	v, err := c.parse(s)
	return Int(v), err
}

func (c intCodec) parse(s string) (int64, error) {
	v, syntax, inRange := scanInt(s)
	if !syntax {
		return 0, errSyntax(c.name, s)
	}
	low := int64(math.MinInt64) >> (64 - 8*uint(c.size))
	if !inRange || v < low || v > ^low {
		return 0, errRange(c.name, s)
	}
	return v, nil
}

func (intCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	return strconv.AppendInt(dst, d.Int(), 10)
}

// scanInt reads an integer as SQL writes it: white space around, sign, decimal, 0x, 0o, 0b, underscores between digits.
func scanInt(s string) (v int64, syntax, inRange bool) {
	i, n := 0, len(s)
	for i < n && isSpace(s[i]) {
		i++
	}
	for n > i && isSpace(s[n-1]) {
		n--
	}
	negative := false
	if i < n && (s[i] == '-' || s[i] == '+') {
		negative = s[i] == '-'
		i++
	}
	base := uint64(10)
	if n-i > 2 && s[i] == '0' {
		switch s[i+1] | 0x20 {
		case 'x':
			base = 16
		case 'o':
			base = 8
		case 'b':
			base = 2
		}
		if base != 10 {
			i += 2
		}
	}
	if i == n {
		return 0, false, false
	}
	var u uint64
	inRange = true
	digit := base != 10 // whether an underscore may come next: after the base's prefix and after a digit
	for ; i < n; i++ {
		if s[i] == '_' {
			if !digit || i+1 == n {
				return 0, false, false
			}
			digit = false
			continue
		}
		w := digitValue(s[i])
		if w >= base {
			return 0, false, false
		}
		digit = true
		if u > (1<<63)/base {
			inRange = false
			continue
		}
		u = u*base + w
		if u > 1<<63 {
			inRange = false
		}
	}
	if negative {
		return -int64(u), true, inRange
	}
	return int64(u), true, inRange && u < 1<<63
}

func digitValue(c byte) uint64 {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return uint64(c|0x20-'a') + 10
	}
	return 255
}
