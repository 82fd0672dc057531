package builtin

import (
	"math"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// toCharFamily is to_char of numbers and to_number.
var toCharFamily = []Def{
	{Name: "numeric_to_char", Scalar: numberToChar(numericFigure)},
	{Name: "int4_to_char", Scalar: numberToChar(integerFigure(4))},
	{Name: "int8_to_char", Scalar: numberToChar(integerFigure(8))},
	{Name: "float4_to_char", Scalar: numberToChar(floatFigure(32, 6))},
	{Name: "float8_to_char", Scalar: numberToChar(floatFigure(64, 15))},
	{Name: "numeric_to_number", Scalar: toNumber},
}

// pictureOf parses a template, or takes it from the call site.
func pictureOf(c *Call, template string) (*numberPicture, error) {
	if p, ok := c.Cache.(*numberPicture); ok && p.source == template {
		return p, nil
	}
	p, err := parseNumberPicture(template)
	if err == nil {
		c.Cache = p
	}
	return p, err
}

// numberToChar makes a to_char of a function that gives the digits for a picture, and how many of them are behind the point.
func numberToChar(digits func(p *numberPicture, d pgtype.Datum) (f figure, after int, err error)) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		p, err := pictureOf(c, a[1].Text())
		if err != nil {
			return pgtype.Null, err
		}
		if len(p.parts) == 0 {
			return pgtype.Text(""), nil
		}
		f, after, err := digits(p, a[0])
		if err != nil {
			return pgtype.Null, err
		}
		text, err := p.print(f, after)
		if err != nil {
			return pgtype.Null, err
		}
		return pgtype.Text(text), nil
	}
}

func splitSign(s string) figure {
	if rest, negative := strings.CutPrefix(s, "-"); negative {
		return figure{rest, true}
	}
	return figure{digits: s}
}

// scientificFigure is a number printed with an exponent, which the picture shows as it is.
func (p *numberPicture) scientificFigure(s string) figure {
	if s == "" { // there is no such number
		s = strings.Repeat("#", p.before) + "." + strings.Repeat("#", p.after+4)
	}
	return splitSign(s)
}

func numericFigure(p *numberPicture, d pgtype.Datum) (figure, int, error) {
	x := d.Numeric()
	switch {
	case p.roman:
		v, err := x.Integer("integer", math.MinInt32, math.MaxInt32)
		return figure{digits: romanNumeral(v)}, p.after, err
	case p.scientific:
		return p.scientificFigure(scientificNumeric(x, p.after)), p.after, nil
	}
	var err error
	if p.shifted {
		if x, err = shiftNumeric(x, p.shift); err != nil {
			return figure{}, 0, err
		}
	}
	if x, err = numeric.Round(x, int32(p.after)); err != nil {
		return figure{}, 0, err
	}
	return splitSign(x.String()), p.after, nil
}

// shiftNumeric is x times ten to a power.
func shiftNumeric(x numeric.Num, power int) (numeric.Num, error) {
	factor, err := numeric.Pow(numeric.FromInt64(10), numeric.FromInt64(int64(power)))
	if err != nil {
		return x, err
	}
	return numeric.Mul(x, factor)
}

// scientificNumeric prints x with one digit in front of the point; empty when x is not finite.
func scientificNumeric(x numeric.Num, after int) string {
	if !x.IsFinite() {
		return ""
	}
	if x.IsZero() {
		return strconv.FormatFloat(0, 'e', after, 64)
	}
	digits := x.BigInt().String()
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	exponent := len(digits) - 1 - int(x.Scale())
	mantissa, err := numeric.Parse(digits[:1] + "." + digits[1:] + "0")
	if err != nil {
		return ""
	}
	if mantissa, err = numeric.Round(mantissa, int32(after)); err != nil {
		return ""
	}
	return sign + mantissa.String() + "e" + exponentText(exponent)
}

// exponentText is an exponent with its sign and at least two digits.
func exponentText(e int) string {
	sign := "+"
	if e < 0 {
		sign, e = "-", -e
	}
	if e < 10 {
		sign += "0"
	}
	return sign + strconv.Itoa(e)
}

func integerFigure(width int) func(*numberPicture, pgtype.Datum) (figure, int, error) {
	return func(p *numberPicture, d pgtype.Datum) (figure, int, error) {
		v := d.Int()
		switch {
		case p.roman:
			if v != int64(int32(v)) {
				return figure{}, 0, integerOutOfRange(4)
			}
			return figure{digits: romanNumeral(v)}, p.after, nil
		case p.scientific && width == 4:
			return p.scientificFigure(strconv.FormatFloat(float64(v), 'e', p.after, 64)), p.after, nil
		case p.scientific:
			return p.scientificFigure(scientificNumeric(numeric.FromInt64(v), p.after)), p.after, nil
		}
		if p.shift > 0 {
			product, ok := multiplyInt64(v, int64(math.Pow(10, float64(min(p.shift, 18)))))
			if width == 4 { // wraps around, as PostgreSQL does
				product, ok = int64(int32(product)), true
			}
			if !ok {
				return figure{}, 0, integerOutOfRange(width)
			}
			v = product
		}
		f := splitSign(strconv.FormatInt(v, 10))
		if p.after > 0 {
			f.digits += "." + strings.Repeat("0", p.after)
		}
		return f, p.after, nil
	}
}

// floatFigure prints no more digits than the type can hold.
func floatFigure(bits, precision int) func(*numberPicture, pgtype.Datum) (figure, int, error) {
	return func(p *numberPicture, d pgtype.Datum) (figure, int, error) {
		v := d.Float()
		switch {
		case p.roman:
			if v = math.RoundToEven(v); !(v >= math.MinInt32 && v <= math.MaxInt32) {
				return figure{}, 0, integerOutOfRange(4)
			}
			return figure{digits: romanNumeral(int64(v))}, p.after, nil
		case p.scientific:
			s := ""
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				s = strconv.FormatFloat(v, 'e', p.after, 64)
			}
			return p.scientificFigure(s), p.after, nil
		}
		if p.shifted {
			v *= math.Pow(10, float64(p.shift))
			if bits == 32 {
				v = float64(float32(v))
			}
		}
		after := p.after
		if whole := len(floatText(math.Abs(v), 0)); whole >= precision {
			after = 0
		} else {
			after = min(after, precision-whole)
		}
		return splitSign(floatText(v, after)), after, nil
	}
}

func floatText(v float64, after int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(v, 'f', after, 64)
}

func toNumber(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	p, err := pictureOf(c, a[1].Text())
	switch {
	case err != nil:
		return pgtype.Null, err
	case len(p.parts) == 0:
		return pgtype.Null, nil
	case p.scientific:
		return pgtype.Null, pgerr.New(pgerr.FeatureNotSupported, "\"EEEE\" not supported for input")
	case p.roman:
		return pgtype.Null, pgerr.New(pgerr.FeatureNotSupported, "\"RN\" not supported for input")
	}
	x, err := numeric.Parse(p.read(a[0].Text()))
	if err != nil {
		return pgtype.Null, err
	}
	if p.shift > 0 {
		return numericResult(shiftNumeric(x, -p.shift))
	}
	return pgtype.NumericValue(x), nil
}
