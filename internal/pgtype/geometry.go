package pgtype

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Values of geometric types are lists of float8 numbers, eight little-endian bytes each:
//
//	point    x y               lseg     x1 y1 x2 y2        box    high x, high y, low x, low y
//	circle   x y radius        line     A B C              polygon, closed path: x y …
//
// A path has a number in front, 1 when it is closed, else 0.

// FloatsValue makes a datum of a geometric type.
func FloatsValue(v ...float64) Datum {
	b := make([]byte, 0, 8*len(v))
	for _, f := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	return Bytes(b)
}

// Floats are the numbers of a value of a geometric type.
func (d Datum) Floats() []float64 {
	b := d.Bytes()
	out := make([]float64, len(b)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return out
}

// BoxValue makes a box of two opposite corners.
func BoxValue(x1, y1, x2, y2 float64) Datum {
	if x1 < x2 || math.IsNaN(x1) && !math.IsNaN(x2) {
		x1, x2 = x2, x1
	}
	if y1 < y2 || math.IsNaN(y1) && !math.IsNaN(y2) {
		y1, y2 = y2, y1
	}
	return FloatsValue(x1, y1, x2, y2)
}

// geometryCodec is the geometric types. They have no order of the kind that an index needs.
type geometryCodec struct {
	textCodec
	oid OID
}

func (c geometryCodec) syntax(s string) error {
	return pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", c.t.Name, s)
}

func (c geometryCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	r := &geometryReader{s: s, c: c}
	var v []float64
	switch c.oid {
	case OIDPoint:
		v = r.pair(nil)
	case OIDLseg:
		v, _ = r.points(2, true, nil)
	case OIDBox:
		if v, _ = r.points(2, false, nil); r.whole() {
			return BoxValue(v[0], v[1], v[2], v[3]), nil
		}
	case OIDPath:
		return r.path()
	case OIDPolygon:
		n := r.count()
		if n <= 0 {
			return Null, c.syntax(s)
		}
		v, _ = r.points(n, false, nil)
	case OIDCircle:
		v = r.circle()
	case OIDLine:
		return r.line()
	}
	if !r.whole() {
		return Null, r.error()
	}
	return FloatsValue(v...), nil
}

// geometryReader reads the forms that PostgreSQL takes, which leave parentheses out in many ways.
type geometryReader struct {
	s   string
	at  int
	bad bool
	err error // of a number out of range
	c   geometryCodec
}

func (r *geometryReader) fail() { r.bad = true }

func (r *geometryReader) error() error {
	if r.err != nil {
		return r.err
	}
	return r.c.syntax(r.s)
}

// whole tells whether all of the text was read, without an error.
func (r *geometryReader) whole() bool { return !r.bad && r.err == nil && r.at == len(r.s) }

func (r *geometryReader) peek() byte {
	if r.bad || r.at >= len(r.s) {
		return 0
	}
	return r.s[r.at]
}

func (r *geometryReader) skipSpace() {
	for r.at < len(r.s) && isSpace(r.s[r.at]) {
		r.at++
	}
}

func (r *geometryReader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

func (r *geometryReader) want(c byte) {
	if !r.take(c) {
		r.fail()
	}
}

func (r *geometryReader) number() float64 {
	if r.bad || r.err != nil {
		return 0
	}
	r.skipSpace()
	from := r.at
	for r.at < len(r.s) && (strings.IndexByte("+-.", r.s[r.at]) >= 0 || r.s[r.at] >= '0' && r.s[r.at] <= '9' || r.s[r.at]|0x20 >= 'a' && r.s[r.at]|0x20 <= 'z') {
		r.at++
	}
	d, err := Float8Type.Codec.ParseText(nil, r.s[from:r.at], -1)
	if err != nil {
		if pgerr.Is(err, pgerr.NumericValueOutOfRange) {
			r.err = err
		}
		r.fail()
		return 0
	}
	r.skipSpace()
	return d.Float()
}

// pair reads "x,y" or "(x,y)".
func (r *geometryReader) pair(into []float64) []float64 {
	r.skipSpace()
	inside := r.take('(')
	x := r.number()
	r.want(',')
	y := r.number()
	if inside {
		r.want(')')
		r.skipSpace()
	}
	return append(into, x, y)
}

// points reads n points, inside parentheses or not; brackets, where they are allowed, make a path open.
func (r *geometryReader) points(n int, brackets bool, into []float64) (v []float64, open bool) {
	depth := 0
	r.skipSpace()
	switch {
	case r.peek() == '[':
		if !brackets {
			r.fail()
		}
		open, depth = true, 1
		r.at++
	case r.peek() == '(':
		next := r.at + 1
		for next < len(r.s) && isSpace(r.s[next]) {
			next++
		}
		if next < len(r.s) && r.s[next] == '(' || strings.LastIndexByte(r.s, '(') == r.at {
			depth = 1
			r.at = next
		}
	}
	v = into
	for range n {
		if r.bad || r.err != nil {
			return v, open
		}
		v = r.pair(v)
		r.take(',')
	}
	for ; depth > 0; depth-- {
		if !(open && r.take(']')) {
			r.want(')')
		}
		r.skipSpace()
	}
	return v, open
}

// count is the number of points in a text, -1 when its numbers do not come in pairs.
func (r *geometryReader) count() int {
	n := strings.Count(r.s, ",")
	if n%2 == 0 {
		return -1
	}
	return (n + 1) / 2
}

func (r *geometryReader) path() (Datum, error) {
	n := r.count()
	if n <= 0 {
		return Null, r.c.syntax(r.s)
	}
	r.skipSpace()
	outer := r.peek() == '(' && strings.LastIndexByte(r.s, '(') == r.at
	if outer {
		r.at++
	}
	v, open := r.points(n, true, []float64{1})
	if open {
		v[0] = 0
	}
	if outer {
		r.want(')')
		r.skipSpace()
	}
	if !r.whole() {
		return Null, r.error()
	}
	return FloatsValue(v...), nil
}

func (r *geometryReader) circle() []float64 {
	depth, angle := 0, false
	r.skipSpace()
	if r.take('<') {
		depth, angle = 1, true
	} else if r.peek() == '(' {
		next := r.at + 1
		for next < len(r.s) && isSpace(r.s[next]) {
			next++
		}
		if next < len(r.s) && r.s[next] == '(' {
			depth = 1
			r.at = next
		}
	}
	v := r.pair(nil)
	r.take(',')
	v = append(v, r.number())
	if v[2] < 0 {
		r.fail()
	}
	if depth > 0 {
		if !(angle && r.take('>')) {
			r.want(')')
		}
		r.skipSpace()
	}
	return v
}

func (r *geometryReader) line() (Datum, error) {
	invalid := func(what string) (Datum, error) {
		return Null, pgerr.New(pgerr.InvalidTextRepresentation, "invalid line specification: "+what)
	}
	r.skipSpace()
	if r.take('{') {
		a := r.number()
		r.want(',')
		b := r.number()
		r.want(',')
		c := r.number()
		r.want('}')
		r.skipSpace()
		if !r.whole() {
			return Null, r.error()
		}
		if math.Abs(a) <= Epsilon && math.Abs(b) <= Epsilon {
			return invalid("A and B cannot both be zero")
		}
		return FloatsValue(a, b, c), nil
	}
	v, _ := r.points(2, true, nil)
	if !r.whole() {
		return Null, r.error()
	}
	if math.Abs(v[0]-v[2]) <= Epsilon && math.Abs(v[1]-v[3]) <= Epsilon {
		return invalid("must be two distinct points")
	}
	return LineThrough(v[0], v[1], v[2], v[3]), nil
}

// Epsilon is how near numbers of geometric types may be to be taken for equal.
const Epsilon = 1e-6

// LineThrough makes the line through two points: A x + B y + C = 0.
func LineThrough(x1, y1, x2, y2 float64) Datum {
	if math.Abs(x1-x2) <= Epsilon {
		return FloatsValue(-1, 0, x1)
	}
	if math.Abs(y1-y2) <= Epsilon {
		return FloatsValue(0, -1, y1)
	}
	m := (y1 - y2) / (x1 - x2)
	c := y1 - m*x1
	if c == 0 {
		c = 0 // no negative zero
	}
	return FloatsValue(m, -1, c)
}

func (c geometryCodec) AppendText(ctx *Context, dst []byte, d Datum) []byte {
	v := d.Floats()
	num := func(f float64) { dst = Float8Type.Codec.AppendText(ctx, dst, Float(f)) }
	points := func(open, end string, v []float64) {
		dst = append(dst, open...)
		for i := 0; i+1 < len(v); i += 2 {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, '(')
			num(v[i])
			dst = append(dst, ',')
			num(v[i+1])
			dst = append(dst, ')')
		}
		dst = append(dst, end...)
	}
	switch c.oid {
	case OIDPoint, OIDBox:
		points("", "", v)
	case OIDLseg:
		points("[", "]", v)
	case OIDPolygon:
		points("(", ")", v)
	case OIDPath:
		if v[0] != 0 {
			points("(", ")", v[1:])
		} else {
			points("[", "]", v[1:])
		}
	case OIDCircle:
		points("<", ",", v[:2])
		num(v[2])
		dst = append(dst, '>')
	case OIDLine:
		for i, open := range []string{"{", ",", ","} {
			dst = append(dst, open...)
			num(v[i])
		}
		dst = append(dst, '}')
	}
	return dst
}

// width is how many numbers a type has, 0 for one of any number of points.
func (c geometryCodec) width() int {
	switch c.oid {
	case OIDPoint:
		return 2
	case OIDLseg, OIDBox:
		return 4
	case OIDCircle, OIDLine:
		return 3
	}
	return 0
}

func (c geometryCodec) ParseBinary(_ *Context, b []byte, _ int32) (Datum, error) {
	bad := func(what string) (Datum, error) {
		return Null, pgerr.Newf(pgerr.InvalidBinaryRepresentation, "%s", what)
	}
	var v []float64
	n := c.width()
	if c.oid == OIDPath {
		if len(b) < 1 {
			return Null, errShortMessage()
		}
		v, b = append(v, float64(b[0])), b[1:]
		if v[0] != 0 {
			v[0] = 1
		}
	}
	if n == 0 {
		if len(b) < 4 {
			return Null, errShortMessage()
		}
		k := int32(binary.BigEndian.Uint32(b))
		if b = b[4:]; k <= 0 || k > 1<<26 {
			return bad("invalid number of points in external \"" + c.t.Name + "\" value")
		}
		n = 2 * int(k)
	}
	if len(b) < 8*n {
		return Null, errShortMessage()
	}
	for i := range n {
		v = append(v, math.Float64frombits(binary.BigEndian.Uint64(b[8*i:])))
	}
	switch {
	case c.oid == OIDBox:
		return BoxValue(v[0], v[1], v[2], v[3]), trailing(b[8*n:])
	case c.oid == OIDCircle && v[2] < 0:
		return bad("invalid radius in external \"circle\" value")
	case c.oid == OIDLine && math.Abs(v[0]) <= Epsilon && math.Abs(v[1]) <= Epsilon:
		return bad("invalid line specification: A and B cannot both be zero")
	}
	return FloatsValue(v...), trailing(b[8*n:])
}

func (c geometryCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	v := d.Floats()
	if c.oid == OIDPath {
		dst, v = append(dst, byte(v[0])), v[1:]
	}
	if c.width() == 0 {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(v)/2))
	}
	for _, f := range v {
		dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(f))
	}
	return dst
}

func (c geometryCodec) Comparable() bool { return false }

func (c geometryCodec) DecodeStored(b []byte) (Datum, error) {
	if n := c.width(); len(b)%8 != 0 || n > 0 && len(b) != 8*n || n == 0 && len(b) < 16 {
		return Null, errCorrupt(c.t.Name)
	}
	return Bytes(b), nil
}

func (c geometryCodec) AppendStored(dst []byte, d Datum) []byte { return append(dst, d.Bytes()...) }
