package numeric

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
)

func errSyntax(s string) error {
	return pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input syntax for type numeric: \"%s\"", s)
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// Parse reads a numeric as its input function does.
func Parse(s string) (Num, error) {
	x, err := parse(s)
	if err != nil {
		return Num{}, err
	}
	if x.Scale() > maxScale {
		return Num{}, errOverflow()
	}
	return checked(x)
}

// ParseTypmod reads a numeric(precision, scale), which may have more digits in the input than a numeric holds.
func ParseTypmod(s string, precision, scale int32) (Num, error) {
	x, err := parse(s)
	if err == errExponent {
		x, err = New(1, 0), nil
		for i := int32(0); i <= precision-scale; i++ {
			x, _ = Mul(x, FromInt64(10))
		}
	}
	if err != nil {
		return Num{}, err
	}
	return ApplyTypmod(x, precision, scale)
}

// errExponent is the overflow of a number that is too large to write down.
var errExponent error = pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")

func parse(s string) (Num, error) {
	t := s
	for len(t) > 0 && isSpace(t[0]) {
		t = t[1:]
	}
	for len(t) > 0 && isSpace(t[len(t)-1]) {
		t = t[:len(t)-1]
	}
	negative := false
	u := t
	if len(u) > 0 && (u[0] == '-' || u[0] == '+') {
		negative = u[0] == '-'
		u = u[1:]
	}
	if len(u) > 0 && (u[0] >= '0' && u[0] <= '9' || u[0] == '.') {
		return parseDigits(s, u, negative)
	}
	switch {
	case strings.EqualFold(t, "NaN"):
		return NaN, nil
	case strings.EqualFold(u, "Infinity"), strings.EqualFold(u, "inf"):
		if negative {
			return NegInf, nil
		}
		return PosInf, nil
	}
	return Num{}, errSyntax(s)
}

// parseDigits reads the number u without its sign; s is the whole text for messages.
func parseDigits(s, u string, negative bool) (Num, error) {
	if len(u) > 2 && u[0] == '0' {
		switch u[1] {
		case 'x', 'X', 'o', 'O', 'b', 'B':
			return parseRadix(s, u, negative)
		}
	}
	coef := int64(0)
	fits := true
	var digits []byte // all of them, once the coefficient does not fit
	scale, point, seen := int64(0), false, false
	i := 0
	for ; i < len(u); i++ {
		ch := u[i]
		switch {
		case ch >= '0' && ch <= '9':
			seen = true
			if point {
				scale++
			}
			if fits {
				if coef > (math.MaxInt64-9)/10 {
					fits = false
					digits = strconv.AppendInt(make([]byte, 0, len(u)), coef, 10)
					digits = append(digits, ch)
				} else {
					coef = coef*10 + int64(ch-'0')
				}
			} else {
				digits = append(digits, ch)
			}
			continue
		case ch == '.' && !point:
			point = true
			continue
		case ch == '_' && i > 0 && u[i-1] >= '0' && u[i-1] <= '9' && i+1 < len(u) && u[i+1] >= '0' && u[i+1] <= '9':
			continue
		}
		break
	}
	if !seen {
		return Num{}, errSyntax(s)
	}
	if i < len(u) {
		exp, err := parseExponent(s, u[i:])
		if err != nil {
			return Num{}, err
		}
		scale -= exp
	}
	zero := fits && coef == 0
	if scale < -maxIntegerDigits-1 && !zero {
		return Num{}, errExponent
	}
	if scale > math.MaxInt32/2 {
		return Num{}, errOverflow()
	}
	if fits && scale >= 0 {
		if negative {
			coef = -coef
		}
		return small(coef, int32(scale)), nil
	}
	c := big.NewInt(coef)
	if !fits {
		c.SetString(string(digits), 10)
	}
	if negative {
		c.Neg(c)
	}
	if zero {
		return small(0, int32(max(scale, 0))), nil
	}
	if scale < 0 {
		c.Mul(c, pow10(int32(-scale)))
		scale = 0
	}
	return fromBig(c, int32(scale)), nil
}

// parseExponent reads "e-5".
func parseExponent(s, e string) (int64, error) {
	if e[0] != 'e' && e[0] != 'E' {
		return 0, errSyntax(s)
	}
	e = e[1:]
	negative := false
	if len(e) > 0 && (e[0] == '-' || e[0] == '+') {
		negative = e[0] == '-'
		e = e[1:]
	}
	if e == "" {
		return 0, errSyntax(s)
	}
	v := int64(0)
	for i := 0; i < len(e); i++ {
		if e[i] == '_' && i > 0 && e[i-1] != '_' && i+1 < len(e) {
			continue
		}
		if e[i] < '0' || e[i] > '9' {
			return 0, errSyntax(s)
		}
		if v = v*10 + int64(e[i]-'0'); v > math.MaxInt32/2 {
			return 0, errOverflow()
		}
	}
	if negative {
		v = -v
	}
	return v, nil
}

// parseRadix reads a hexadecimal, octal or binary integer.
func parseRadix(s, u string, negative bool) (Num, error) {
	base := map[byte]int{'x': 16, 'o': 8, 'b': 2}[u[1]|0x20]
	body := u[2:]
	if strings.HasSuffix(body, "_") || strings.Contains(body, "__") {
		return Num{}, errSyntax(s)
	}
	body = strings.ReplaceAll(body, "_", "")
	if body == "" || body[0] == '-' || body[0] == '+' {
		return Num{}, errSyntax(s)
	}
	c, ok := new(big.Int).SetString(body, base)
	if !ok {
		return Num{}, errSyntax(s)
	}
	if negative {
		c.Neg(c)
	}
	return checked(fromBig(c, 0))
}

// Append prints x.
func (x Num) Append(dst []byte) []byte {
	switch x.special() {
	case nan:
		return append(dst, "NaN"...)
	case posInf:
		return append(dst, "Infinity"...)
	case negInf:
		return append(dst, "-Infinity"...)
	}
	var buf [64]byte
	digits := buf[:0]
	if x.big != nil {
		digits = x.big.coef.Append(digits, 10)
	} else {
		digits = strconv.AppendInt(digits, x.coef, 10)
	}
	if digits[0] == '-' {
		dst = append(dst, '-')
		digits = digits[1:]
	}
	scale := int(x.Scale())
	if scale == 0 {
		return append(dst, digits...)
	}
	whole := len(digits) - scale
	if whole <= 0 {
		dst = append(dst, '0', '.')
		for ; whole < 0; whole++ {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[:whole]...)
	dst = append(dst, '.')
	return append(dst, digits[whole:]...)
}

// String prints x.
func (x Num) String() string { return string(x.Append(nil)) }
