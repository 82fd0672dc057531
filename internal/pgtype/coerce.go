package pgtype

import (
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// Coerce fits a value to its type's modifier, as the type's length coercion function: an explicit cast cuts strings, an assignment only cuts
// blanks and refuses the rest; numbers and times are rounded in both. Values of types without modifiers, and NULL, come back as they are.
func Coerce(t *Type, d Datum, typmod int32, explicit bool) (Datum, error) {
	if typmod < 0 || d.IsNull() {
		return d, nil
	}
	t = t.BaseType()
	switch t.OID {
	case OIDVarchar:
		return coerceVarchar(d.Text(), typmod, explicit)
	case OIDBpchar:
		return coerceBpchar(d.Text(), typmod, explicit)
	case OIDBit, OIDVarbit:
		return bitCodec{varying: t.OID == OIDVarbit}.coerce(d, typmod, explicit)
	case OIDNumeric:
		return coerceNumeric(d.Numeric(), typmod)
	case OIDTime, OIDTimestamp, OIDTimestamptz:
		return Int(datetime.RoundTimestamp(d.Int(), typmod)), nil
	case OIDTimetz:
		v := d.TimeTZ()
		v.Micros = datetime.RoundTimestamp(v.Micros, typmod)
		return TimeTZValue(v), nil
	case OIDInterval:
		return IntervalValue(datetime.ApplyIntervalTypmod(d.Interval(), typmod)), nil
	}
	if !t.IsArray() || !t.Elem.HasTypmod() {
		return d, nil
	}
	a := *d.Array()
	a.Elems = make([]Datum, len(a.Elems))
	for i, e := range d.Array().Elems {
		var err error
		if a.Elems[i], err = Coerce(t.Elem, e, typmod, explicit); err != nil {
			return Null, err
		}
	}
	return ArrayValue(&a), nil
}
