package pgtype

import (
	"math"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// arrayState is where in an array literal the scanner is.
type arrayState uint8

const (
	noLevel arrayState = iota
	levelStarted
	elemStarted
	quotedElemStarted
	quotedElemCompleted
	elemDelimited
	levelCompleted
	levelDelimited
)

// arrayScanner takes an array literal apart before any element is parsed, because a malformed literal is reported
// before a malformed element.
type arrayScanner struct {
	s     string
	i     int
	delim byte

	state    arrayState
	quoted   bool // inside of quotes
	depth    int
	ndim     int
	leaf     int          // depth at which elements were found
	count    [maxDims]int // members of the level that is open
	last     [maxDims]int // members of the level of this depth that was closed before
	elems    []arrayToken
	token    []byte
	keep     int  // the token's length without the blanks behind it
	verbatim bool // the token has an escape or quotes: it is not NULL
}

type arrayToken struct {
	text string
	null bool
}

func (c arrayCodec) ParseText(ctx *Context, s string, typmod int32) (Datum, error) {
	malformed := func(detail string) error {
		return pgerr.Newf(pgerr.InvalidTextRepresentation, "malformed array literal: \"%s\"", s).WithDetail("%s", detail)
	}
	given, rest, err := parseArrayDims(s, malformed)
	if err != nil {
		return Null, err
	}
	sc := arrayScanner{s: s, i: len(s) - len(rest), delim: c.elem.Delim}
	if err := sc.scan(malformed); err != nil {
		return Null, err
	}
	a := &Array{Elem: c.elem}
	if len(sc.elems) > 0 {
		a.Dims = make([]Dim, sc.ndim)
		for i := range a.Dims {
			a.Dims[i] = Dim{Len: int32(sc.last[i]), Lower: 1}
		}
	}
	if given != nil {
		if len(given) != sc.ndim {
			return Null, malformed("Specified array dimensions do not match array contents.")
		}
		for i := range given {
			if len(a.Dims) == 0 || given[i].Len != a.Dims[i].Len {
				return Null, malformed("Specified array dimensions do not match array contents.")
			}
		}
		a.Dims = given
	}
	if err := CheckArrayBounds(a.Dims); err != nil {
		return Null, err
	}
	if len(sc.elems) > 0 {
		a.Elems = make([]Datum, len(sc.elems))
	}
	for i, e := range sc.elems {
		if e.null {
			continue
		}
		if a.Elems[i], err = c.elem.Codec.ParseText(ctx, e.text, typmod); err != nil {
			return Null, err
		}
	}
	return ArrayValue(a), nil
}

// parseArrayDims reads "[1:2][0:3]=" in front of the contents; rest starts with the opening brace.
func parseArrayDims(s string, malformed func(string) error) (dims []Dim, rest string, err error) {
	skip := func() {
		for len(rest) > 0 && isSpace(rest[0]) {
			rest = rest[1:]
		}
	}
	number := func() (int64, bool) {
		n := 0
		for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '-' || rest[n] == '+') {
			n++
		}
		v := atoi(rest[:n])
		rest = rest[n:]
		return v, n > 0
	}
	rest = s
	for {
		skip()
		if rest == "" || rest[0] != '[' {
			break
		}
		rest = rest[1:]
		if len(dims) == maxDims {
			return nil, "", errDims(maxDims + 1)
		}
		low, ok := number()
		if !ok {
			return nil, "", malformed(`"[" must introduce explicitly-specified array dimensions.`)
		}
		high := low
		if rest != "" && rest[0] == ':' {
			rest = rest[1:]
			if high, ok = number(); !ok {
				return nil, "", malformed("Missing array dimension value.")
			}
		} else {
			low = 1
		}
		if rest == "" || rest[0] != ']' {
			return nil, "", malformed(`Missing "]" after array dimensions.`)
		}
		rest = rest[1:]
		if high < low {
			return nil, "", pgerr.New(pgerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
		}
		if high-low+1 > math.MaxInt32 {
			return nil, "", pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxElements)
		}
		dims = append(dims, Dim{Len: int32(high - low + 1), Lower: int32(low)})
	}
	if dims == nil {
		if rest == "" || rest[0] != '{' {
			return nil, "", malformed(`Array value must start with "{" or dimension information.`)
		}
		return nil, rest, nil
	}
	if rest == "" || rest[0] != '=' {
		return nil, "", malformed(`Missing "=" after array dimensions.`)
	}
	rest = rest[1:]
	skip()
	if rest == "" || rest[0] != '{' {
		return nil, "", malformed(`Array contents must start with "{".`)
	}
	return dims, rest, nil
}

// atoi reads as much of a number as there is, kept within 32 bits.
func atoi(s string) int64 {
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	v := int64(0)
	for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		if v = v*10 + int64(s[i]-'0'); v > math.MaxInt32 {
			v = math.MaxInt32
			break
		}
	}
	if negative {
		return -v
	}
	return v
}

// scan reads the contents up to the end of the literal.
func (a *arrayScanner) scan(malformed func(string) error) error {
	for {
		if a.i == len(a.s) {
			return malformed("Unexpected end of input.")
		}
		ch := a.s[a.i]
		a.i++
		detail := ""
		switch {
		case ch == '\\':
			detail = a.escape()
		case ch == '"':
			detail = a.quote()
		case a.quoted:
			a.add(ch, true)
		case ch == '{':
			if a.depth == maxDims && (a.state == levelStarted) {
				return errDims(maxDims + 1)
			}
			detail = a.open()
		case ch == '}':
			detail = a.close()
		case ch == a.delim:
			detail = a.delimiter(ch)
		case isSpace(ch):
			if a.state == elemStarted {
				a.add(ch, false)
			}
		default:
			if a.state != levelStarted && a.state != elemStarted && a.state != elemDelimited {
				detail = "Unexpected array element."
				break
			}
			a.state = elemStarted
			a.add(ch, true)
		}
		if detail != "" {
			return malformed(detail)
		}
		if a.depth == 0 {
			break
		}
	}
	if strings.Trim(a.s[a.i:], " \t\n\v\f\r") != "" {
		return malformed("Junk after closing right brace.")
	}
	return nil
}

func (a *arrayScanner) add(ch byte, keep bool) {
	a.token = append(a.token, ch)
	if keep {
		a.keep = len(a.token)
	}
}

func (a *arrayScanner) escape() string {
	switch a.state {
	case levelStarted, elemStarted, quotedElemStarted, elemDelimited:
	default:
		return `Unexpected "\" character.`
	}
	if !a.quoted {
		a.state = elemStarted
	}
	if a.i == len(a.s) {
		return "Unexpected end of input."
	}
	a.verbatim = true
	a.add(a.s[a.i], true)
	a.i++
	return ""
}

func (a *arrayScanner) quote() string {
	switch a.state {
	case levelStarted, quotedElemStarted, elemDelimited:
	default:
		return "Unexpected array element."
	}
	a.verbatim = true
	a.quoted = !a.quoted
	a.state = quotedElemCompleted
	if a.quoted {
		a.state = quotedElemStarted
	}
	return ""
}

func (a *arrayScanner) open() string {
	switch a.state {
	case noLevel, levelStarted, levelDelimited:
	default:
		return `Unexpected "{" character.`
	}
	a.state = levelStarted
	a.count[a.depth] = 0
	a.depth++
	a.ndim = max(a.ndim, a.depth)
	return ""
}

const mismatchedLevels = "Multidimensional arrays must have sub-arrays with matching dimensions."

// element ends the element that was being read, if any.
func (a *arrayScanner) element() string {
	if a.state != elemStarted && a.state != quotedElemCompleted {
		return ""
	}
	if a.leaf != 0 && a.leaf != a.depth || a.depth != a.ndim {
		return mismatchedLevels
	}
	a.leaf = a.depth
	text := string(a.token[:a.keep])
	a.elems = append(a.elems, arrayToken{text: text, null: !a.verbatim && len(text) == 4 && strings.EqualFold(text, "NULL")})
	a.count[a.depth-1]++
	a.token, a.keep, a.verbatim = a.token[:0], 0, false
	return ""
}

func (a *arrayScanner) close() string {
	switch {
	case a.state == elemStarted, a.state == quotedElemCompleted, a.state == levelCompleted:
	case a.depth == 1 && a.state == levelStarted:
	default:
		return `Unexpected "}" character.`
	}
	if detail := a.element(); detail != "" {
		return detail
	}
	a.state = levelCompleted
	a.depth--
	if a.last[a.depth] != 0 && a.count[a.depth] != a.last[a.depth] {
		return mismatchedLevels
	}
	a.last[a.depth] = a.count[a.depth]
	if a.depth > 0 {
		a.count[a.depth-1]++
	}
	return ""
}

func (a *arrayScanner) delimiter(ch byte) string {
	switch a.state {
	case elemStarted, quotedElemCompleted, levelCompleted:
	default:
		return `Unexpected "` + string(rune(ch)) + `" character.`
	}
	if a.state == levelCompleted {
		a.state = levelDelimited
		return ""
	}
	detail := a.element()
	a.state = elemDelimited
	return detail
}

// vectorCodec is int2vector and oidvector: elements from subscript 0, printed with blanks between.
type vectorCodec struct{ arrayCodec }

// NewVector makes a value of int2vector or oidvector.
func NewVector(elem *Type, elems []Datum) Datum {
	return ArrayValue(&Array{Elem: elem, Dims: []Dim{{Len: int32(len(elems)), Lower: 0}}, Elems: elems})
}

func (c vectorCodec) ParseText(ctx *Context, s string, _ int32) (Datum, error) {
	var elems []Datum
	for _, f := range strings.Fields(s) {
		d, err := c.elem.Codec.ParseText(ctx, f, -1)
		if err != nil {
			return Null, err
		}
		elems = append(elems, d)
	}
	return NewVector(c.elem, elems), nil
}

func (c vectorCodec) AppendText(ctx *Context, dst []byte, d Datum) []byte {
	for i, e := range d.Array().Elems {
		if i > 0 {
			dst = append(dst, ' ')
		}
		if !e.IsNull() {
			dst = c.elem.Codec.AppendText(ctx, dst, e)
		}
	}
	return dst
}
