package pgtype

import (
	"fmt"
	"strconv"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// varHeader is the four bytes that the modifiers of numeric and of the character types count in front of the length.
const varHeader = 4

// Limits of the modifiers.
const (
	maxCharLength      = 10485760
	maxPrecision       = 1000
	minScale, maxScale = -1000, 1000
	maxTimePrecision   = 6
)

// The field mask of an interval's modifier, in its upper half; the precision is in the lower half.
const (
	IntervalMonth  = 1 << 1
	IntervalYear   = 1 << 2
	IntervalDay    = 1 << 3
	IntervalHour   = 1 << 10
	IntervalMinute = 1 << 11
	IntervalSecond = 1 << 12

	intervalFullRange     = 0x7FFF
	intervalFullPrecision = 0xFFFF
)

// intervalFields are the legal masks and how a type's name shows them.
var intervalFields = map[int32]string{
	IntervalYear:                 " year",
	IntervalMonth:                " month",
	IntervalDay:                  " day",
	IntervalHour:                 " hour",
	IntervalMinute:               " minute",
	IntervalSecond:               " second",
	IntervalYear | IntervalMonth: " year to month",
	IntervalDay | IntervalHour:   " day to hour",
	IntervalDay | IntervalHour | IntervalMinute:                  " day to minute",
	IntervalDay | IntervalHour | IntervalMinute | IntervalSecond: " day to second",
	IntervalHour | IntervalMinute:                                " hour to minute",
	IntervalHour | IntervalMinute | IntervalSecond:               " hour to second",
	IntervalMinute | IntervalSecond:                              " minute to second",
	intervalFullRange:                                            "",
}

// HasTypmod tells whether t (or the elements of t) may be written with modifiers.
func (t *Type) HasTypmod() bool { return t.Proc.ModifierIn != "-" && t.Proc.ModifierIn != "" }

// TypmodIn turns the modifiers of a type name into a typmod, as the type's typmodin function.
func TypmodIn(t *Type, mods []int32) (int32, error) {
	name := t.Proc.ModifierIn
	if t.IsArray() && t.Elem != nil && t.Elem.HasTypmod() {
		t = t.Elem
		name = t.Proc.ModifierIn
	}
	switch name {
	case "varchartypmodin":
		return lengthTypmod("varchar", mods, maxCharLength, varHeader)
	case "bpchartypmodin":
		return lengthTypmod("char", mods, maxCharLength, varHeader)
	case "bittypmodin":
		return lengthTypmod("bit", mods, maxCharLength*8, 0)
	case "varbittypmodin":
		return lengthTypmod("varbit", mods, maxCharLength*8, 0)
	case "numerictypmodin":
		return numericTypmod(mods)
	case "timetypmodin":
		return timeTypmod("TIME", "", mods)
	case "timetztypmodin":
		return timeTypmod("TIME", " WITH TIME ZONE", mods)
	case "timestamptypmodin":
		return timeTypmod("TIMESTAMP", "", mods)
	case "timestamptztypmodin":
		return timeTypmod("TIMESTAMP", " WITH TIME ZONE", mods)
	case "intervaltypmodin":
		return intervalTypmod(mods)
	}
	return -1, pgerr.Newf(pgerr.SyntaxError, "type modifier is not allowed for type \"%s\"", t.String())
}

func lengthTypmod(name string, mods []int32, limit, header int32) (int32, error) {
	switch {
	case len(mods) != 1:
		return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid type modifier")
	case mods[0] < 1:
		return -1, pgerr.Newf(pgerr.InvalidParameterValue, "length for type %s must be at least 1", name)
	case mods[0] > limit:
		return -1, pgerr.Newf(pgerr.InvalidParameterValue, "length for type %s cannot exceed %d", name, limit)
	}
	return mods[0] + header, nil
}

func numericTypmod(mods []int32) (int32, error) {
	if len(mods) < 1 || len(mods) > 2 {
		return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid NUMERIC type modifier")
	}
	if mods[0] < 1 || mods[0] > maxPrecision {
		return -1, pgerr.Newf(pgerr.InvalidParameterValue, "NUMERIC precision %d must be between 1 and %d", mods[0], maxPrecision)
	}
	scale := int32(0)
	if len(mods) == 2 {
		scale = mods[1]
		if scale < minScale || scale > maxScale {
			return -1, pgerr.Newf(pgerr.InvalidParameterValue, "NUMERIC scale %d must be between %d and %d", scale, minScale, maxScale)
		}
	}
	return NumericTypmod(mods[0], scale), nil
}

// NumericTypmod is the modifier of numeric(precision, scale).
func NumericTypmod(precision, scale int32) int32 { return precision<<16 | scale&0x7ff + varHeader }

// NumericPrecisionScale takes the modifier of a numeric apart; ok is false when there is none.
func NumericPrecisionScale(typmod int32) (precision, scale int32, ok bool) {
	if typmod < varHeader {
		return 0, 0, false
	}
	m := typmod - varHeader
	return m >> 16 & 0xffff, (m&0x7ff ^ 1024) - 1024, true
}

// TypmodWarning is what PostgreSQL warns of when it reads modifiers, "" for nothing.
func TypmodWarning(t *Type, mods []int32) string {
	var name, zone string
	at := 0
	switch t.OID {
	case OIDTime:
		name = "TIME"
	case OIDTimetz:
		name, zone = "TIME", " WITH TIME ZONE"
	case OIDTimestamp:
		name = "TIMESTAMP"
	case OIDTimestamptz:
		name, zone = "TIMESTAMP", " WITH TIME ZONE"
	case OIDInterval:
		name, at = "INTERVAL", 1
	default:
		return ""
	}
	if len(mods) != at+1 || mods[at] <= maxTimePrecision {
		return ""
	}
	return fmt.Sprintf("%s(%d)%s precision reduced to maximum allowed, %d", name, mods[at], zone, maxTimePrecision)
}

// timeTypmod takes a precision above 6 for 6; the warning is TypmodWarning's.
func timeTypmod(name, zone string, mods []int32) (int32, error) {
	if len(mods) != 1 {
		return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid type modifier")
	}
	if mods[0] < 0 {
		return -1, pgerr.Newf(pgerr.InvalidParameterValue, "%s(%d)%s precision must not be negative", name, mods[0], zone)
	}
	return min(mods[0], maxTimePrecision), nil
}

func intervalTypmod(mods []int32) (int32, error) {
	if len(mods) < 1 || len(mods) > 2 {
		return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid INTERVAL type modifier")
	}
	if _, ok := intervalFields[mods[0]]; !ok {
		return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid INTERVAL type modifier")
	}
	if len(mods) == 1 {
		if mods[0] == intervalFullRange {
			return -1, nil
		}
		return mods[0]<<16 | intervalFullPrecision, nil
	}
	if mods[1] < 0 {
		return -1, pgerr.Newf(pgerr.InvalidParameterValue, "INTERVAL(%d) precision must not be negative", mods[1])
	}
	return mods[0]<<16 | min(mods[1], maxTimePrecision), nil
}

// TypmodOut is how a type's name shows the modifier, as the type's typmodout function: "(10)", "(3) with time zone"; typmod is not negative.
func TypmodOut(t *Type, typmod int32) string {
	num := func(v int32) string { return "(" + strconv.Itoa(int(v)) + ")" }
	switch t.Proc.ModifierOut {
	case "-", "":
		return num(typmod)
	case "varchartypmodout", "bpchartypmodout":
		if typmod <= varHeader {
			return ""
		}
		return num(typmod - varHeader)
	case "numerictypmodout":
		p, s, ok := NumericPrecisionScale(typmod)
		if !ok {
			return ""
		}
		return "(" + strconv.Itoa(int(p)) + "," + strconv.Itoa(int(s)) + ")"
	case "timetypmodout", "timestamptypmodout":
		return num(typmod) + " without time zone"
	case "timetztypmodout", "timestamptztypmodout":
		return num(typmod) + " with time zone"
	case "intervaltypmodout":
		fields, ok := intervalFields[typmod>>16&intervalFullRange]
		if p := typmod & 0xFFFF; ok && p != intervalFullPrecision {
			fields += num(p)
		}
		return fields
	}
	return num(typmod)
}
