package pgtype

import (
	"encoding/binary"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// Datetime gives the context's settings to package datetime.
func (c *Context) Datetime() datetime.Options {
	if c == nil {
		return datetime.Options{Order: 'M', Style: 'I', Interval: 'p'}
	}
	return datetime.Options{Location: c.Location, Order: c.DateOrder, Style: c.DateStyle, Interval: c.IntervalStyle, Now: c.Now}
}

// dateCodec is date: days since 2000-01-01.
type dateCodec struct{ word }

// DateValue makes a datum of a date.
func DateValue(d int32) Datum { return Int(int64(d)) }

func (dateCodec) ParseText(c *Context, s string, _ int32) (Datum, error) {
	o := c.Datetime()
	d, err := datetime.ParseDate(&o, s)
	return DateValue(d), err
}

func (dateCodec) AppendText(c *Context, dst []byte, d Datum) []byte {
	o := c.Datetime()
	return o.AppendDate(dst, int32(d.Int()))
}

func (k dateCodec) ParseBinary(c *Context, b []byte, typmod int32) (Datum, error) {
	d, err := k.word.ParseBinary(c, b, typmod)
	if err == nil && !datetime.ValidDate(int32(d.Int())) {
		return Null, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range")
	}
	return d, err
}

// timeCodec is time without time zone: microseconds since midnight.
type timeCodec struct{ word }

func (timeCodec) ParseText(c *Context, s string, typmod int32) (Datum, error) {
	o := c.Datetime()
	t, err := datetime.ParseTime(&o, s, typmod)
	return Int(t), err
}

func (timeCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	return datetime.AppendTime(dst, d.Int())
}

func (k timeCodec) ParseBinary(c *Context, b []byte, typmod int32) (Datum, error) {
	d, err := k.word.ParseBinary(c, b, typmod)
	if err != nil {
		return Null, err
	}
	if d.Int() < 0 || d.Int() > datetime.Day {
		return Null, pgerr.New(pgerr.DatetimeFieldOverflow, "time out of range")
	}
	return Int(datetime.RoundTimestamp(d.Int(), typmod)), nil
}

// timestampCodec is timestamp with and without time zone: microseconds since 2000-01-01.
type timestampCodec struct {
	word
	zoned bool
}

func (k timestampCodec) ParseText(c *Context, s string, typmod int32) (Datum, error) {
	if k.zoned && c != nil {
		if ts, ok := datetime.ISOTimestampTZ(s, c.Location, typmod); ok {
			return Int(ts), nil
		}
	}
	o := c.Datetime()
	if k.zoned {
		ts, err := datetime.ParseTimestampTZ(&o, s, typmod)
		return Int(ts), err
	}
	ts, err := datetime.ParseTimestamp(&o, s, typmod)
	return Int(ts), err
}

func (k timestampCodec) AppendText(c *Context, dst []byte, d Datum) []byte {
	o := c.Datetime()
	if k.zoned {
		return o.AppendTimestampTZ(dst, d.Int())
	}
	return o.AppendTimestamp(dst, d.Int())
}

func (k timestampCodec) ParseBinary(c *Context, b []byte, typmod int32) (Datum, error) {
	d, err := k.word.ParseBinary(c, b, typmod)
	if err != nil {
		return Null, err
	}
	if !datetime.ValidTimestamp(d.Int()) {
		return Null, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
	}
	return Int(datetime.RoundTimestamp(d.Int(), typmod)), nil
}

// TimeTZValue makes a datum of a time with time zone.
func TimeTZValue(t datetime.TimeTZ) Datum { return Pair(uint64(t.Micros), uint64(uint32(t.West))) }

// TimeTZ is the time with time zone in d.
func (d Datum) TimeTZ() datetime.TimeTZ {
	return datetime.TimeTZ{Micros: int64(d.n), West: int32(uint32(d.a))}
}

// timetzCodec is time with time zone, which orders by the moment in UTC and then by zone.
type timetzCodec struct{}

func (timetzCodec) ParseText(c *Context, s string, typmod int32) (Datum, error) {
	o := c.Datetime()
	t, err := datetime.ParseTimeTZ(&o, s, typmod)
	return TimeTZValue(t), err
}

func (timetzCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	return datetime.AppendTimeTZ(dst, d.TimeTZ())
}

func (timetzCodec) ParseBinary(_ *Context, b []byte, typmod int32) (Datum, error) {
	if len(b) != 12 {
		return Null, errBinaryLength(len(b), 12)
	}
	t := datetime.TimeTZ{Micros: int64(binary.BigEndian.Uint64(b)), West: int32(binary.BigEndian.Uint32(b[8:]))}
	if t.Micros < 0 || t.Micros > datetime.Day {
		return Null, pgerr.New(pgerr.DatetimeFieldOverflow, "time out of range")
	}
	if t.West <= -16*3600 || t.West >= 16*3600 {
		return Null, pgerr.New(pgerr.InvalidTimeZoneDisplacementValue, "time zone displacement out of range")
	}
	t.Micros = datetime.RoundTimestamp(t.Micros, typmod)
	return TimeTZValue(t), nil
}

func (timetzCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	dst = binary.BigEndian.AppendUint64(dst, d.n)
	return binary.BigEndian.AppendUint32(dst, uint32(d.a))
}

func (timetzCodec) Compare(a, b Datum) int {
	x, y := a.TimeTZ(), b.TimeTZ()
	if r := compareInt(x.UTC(), y.UTC()); r != 0 {
		return r
	}
	return compareInt(int64(x.West), int64(y.West))
}

func (timetzCodec) Comparable() bool                 { return true }
func (timetzCodec) Hash(d Datum, seed uint64) uint64 { return hashWord(d.a, hashWord(d.n, seed)) }
func (timetzCodec) AppendStored(dst []byte, d Datum) []byte {
	return timetzCodec{}.AppendBinary(nil, dst, d)
}

func (timetzCodec) AppendKey(dst []byte, d Datum) []byte {
	t := d.TimeTZ()
	dst = binary.BigEndian.AppendUint64(dst, uint64(t.UTC())^1<<63)
	return binary.BigEndian.AppendUint32(dst, uint32(t.West)^1<<31)
}

func (timetzCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	if len(b) < 12 {
		return Null, nil, errCorrupt("key")
	}
	utc := int64(binary.BigEndian.Uint64(b) ^ 1<<63)
	west := int32(binary.BigEndian.Uint32(b[8:]) ^ 1<<31)
	return TimeTZValue(datetime.TimeTZ{Micros: utc - int64(west)*datetime.Second, West: west}), b[12:], nil
}

func (timetzCodec) DecodeStored(b []byte) (Datum, error) {
	if len(b) != 12 {
		return Null, errCorrupt("time")
	}
	return Pair(binary.BigEndian.Uint64(b), uint64(binary.BigEndian.Uint32(b[8:]))), nil
}

// IntervalValue makes a datum of an interval.
func IntervalValue(v datetime.Interval) Datum {
	return Pair(uint64(v.Micros), uint64(uint32(v.Months))<<32|uint64(uint32(v.Days)))
}

// Interval is the interval in d.
func (d Datum) Interval() datetime.Interval {
	return datetime.Interval{Months: int32(d.a >> 32), Days: int32(uint32(d.a)), Micros: int64(d.n)}
}

// intervalCodec is interval, which orders by length with months of 30 days and days of 24 hours.
type intervalCodec struct{}

func (intervalCodec) ParseText(c *Context, s string, typmod int32) (Datum, error) {
	o := c.Datetime()
	v, err := datetime.ParseInterval(&o, s, typmod)
	return IntervalValue(v), err
}

func (intervalCodec) AppendText(c *Context, dst []byte, d Datum) []byte {
	o := c.Datetime()
	return o.AppendInterval(dst, d.Interval())
}

func (intervalCodec) ParseBinary(_ *Context, b []byte, typmod int32) (Datum, error) {
	if len(b) != 16 {
		return Null, errBinaryLength(len(b), 16)
	}
	v := datetime.Interval{
		Micros: int64(binary.BigEndian.Uint64(b)), Days: int32(binary.BigEndian.Uint32(b[8:])), Months: int32(binary.BigEndian.Uint32(b[12:])),
	}
	return IntervalValue(datetime.ApplyIntervalTypmod(v, typmod)), nil
}

func (intervalCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	v := d.Interval()
	dst = binary.BigEndian.AppendUint64(dst, uint64(v.Micros))
	dst = binary.BigEndian.AppendUint32(dst, uint32(v.Days))
	return binary.BigEndian.AppendUint32(dst, uint32(v.Months))
}

func (intervalCodec) Compare(a, b Datum) int {
	return datetime.CompareInterval(a.Interval(), b.Interval())
}
func (intervalCodec) Comparable() bool { return true }

func (intervalCodec) Hash(d Datum, seed uint64) uint64 {
	hi, lo := d.Interval().Span()
	return hashWord(uint64(hi), hashWord(lo, seed))
}

// AppendKey writes the length: equal intervals, such as a day and 24 hours, have one key.
func (intervalCodec) AppendKey(dst []byte, d Datum) []byte {
	hi, lo := d.Interval().Span()
	dst = append(dst, byte(hi>>24)^0x80, byte(hi>>16), byte(hi>>8), byte(hi))
	return binary.BigEndian.AppendUint64(dst, lo)
}

func (intervalCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	if len(b) < 12 {
		return Null, nil, errCorrupt("key")
	}
	hi := int64(int32(uint32(b[0]^0x80)<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])))
	v, ok := datetime.FromSpan(hi, binary.BigEndian.Uint64(b[4:]))
	if !ok {
		return Null, nil, errCorrupt("key")
	}
	return IntervalValue(v), b[12:], nil
}

// AppendStored writes months and days as varints and the microseconds in as few bytes as hold them.
func (intervalCodec) AppendStored(dst []byte, d Datum) []byte {
	v := d.Interval()
	dst = binary.AppendVarint(dst, int64(v.Months))
	dst = binary.AppendVarint(dst, int64(v.Days))
	return appendStoredInt(dst, v.Micros)
}

func (intervalCodec) DecodeStored(b []byte) (Datum, error) {
	months, n := binary.Varint(b)
	if n <= 0 {
		return Null, errCorrupt("interval")
	}
	days, m := binary.Varint(b[n:])
	if m <= 0 {
		return Null, errCorrupt("interval")
	}
	micros, err := decodeStoredInt(b[n+m:])
	return IntervalValue(datetime.Interval{Months: int32(months), Days: int32(days), Micros: micros}), err
}
