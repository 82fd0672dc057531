package builtin

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// formatFamily is concat, format and the quoting functions.
var formatFamily = []Def{
	{Name: "text_concat", Scalar: concatAll},
	{Name: "text_concat_ws", Scalar: concatWithSeparator},
	{Name: "text_format", Scalar: formatText},
	{Name: "text_format_nv", Scalar: formatText},
	{Name: "quote_ident", Scalar: textFunc(pgtype.QuoteIdentifier)},
	{Name: "quote_literal", Scalar: textFunc(quoteLiteral)},
	{Name: "quote_nullable", Scalar: quoteNullable},
	{OID: 1285, Name: "quote_literal(anyelement)", Scalar: quoteAny},
	{OID: 1290, Name: "quote_nullable(anyelement)", Scalar: quoteAny},
}

// variadicArguments gives the arguments of a VARIADIC "any" function from skip on, whether they came one by one or as an array.
// ok is false when the array is NULL.
func variadicArguments(c *Call, a []pgtype.Datum, skip int) (values []pgtype.Datum, typeOf func(int) *pgtype.Type, ok bool) {
	if !c.Variadic {
		return a[skip:], func(i int) *pgtype.Type { return c.Types[skip+i] }, true
	}
	last := a[len(a)-1]
	if last.IsNull() {
		return nil, nil, false
	}
	array := last.Array()
	elem := array.Elem
	if elem == nil {
		elem = c.Types[len(a)-1].BaseType().Elem
	}
	return array.Elems, func(int) *pgtype.Type { return elem }, true
}

func concatAll(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return joinValues(c, a, 0, "")
}

func concatWithSeparator(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() {
		return pgtype.Null, nil
	}
	return joinValues(c, a, 1, a[0].Text())
}

func joinValues(c *Call, a []pgtype.Datum, skip int, separator string) (pgtype.Datum, error) {
	values, typeOf, ok := variadicArguments(c, a, skip)
	if !ok {
		return pgtype.Null, nil
	}
	var b []byte
	first := true
	for i, d := range values {
		if d.IsNull() {
			continue
		}
		if !first {
			b = append(b, separator...)
		}
		first = false
		b = typeOf(i).Codec.AppendText(c.Text, b, d)
		if len(b) > maxText {
			return pgtype.Null, errTooLong()
		}
	}
	return pgtype.Bytes(b), nil
}

// quoteLiteral quotes s as an SQL string, with E when it has a backslash.
func quoteLiteral(s string) string {
	if strings.IndexByte(s, '\\') >= 0 {
		return "E'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(s) + "'"
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func quoteNullable(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() {
		return pgtype.Text("NULL"), nil
	}
	return pgtype.Text(quoteLiteral(a[0].Text())), nil
}

// quoteAny is quote_literal and quote_nullable of any type; only the latter is called with a NULL.
func quoteAny(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() {
		return pgtype.Text("NULL"), nil
	}
	return pgtype.Text(quoteLiteral(castToText(c, c.Types[0], a[0]))), nil
}

// formatter is the state of one call of format.
type formatter struct {
	c      *Call
	values []pgtype.Datum
	typeOf func(int) *pgtype.Type
	next   int // the argument that a specifier without a position takes
	out    strings.Builder
}

func formatText(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() {
		return pgtype.Null, nil
	}
	f := formatter{c: c, typeOf: func(int) *pgtype.Type { return pgtype.TextType }}
	if len(a) > 1 {
		if values, typeOf, ok := variadicArguments(c, a, 1); ok {
			f.values, f.typeOf = values, typeOf
		}
	}
	s := a[0].Text()
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			f.out.WriteString(s)
			return pgtype.Text(f.out.String()), nil
		}
		f.out.WriteString(s[:i])
		s = s[i+1:]
		if strings.HasPrefix(s, "%") {
			f.out.WriteByte('%')
			s = s[1:]
			continue
		}
		rest, err := f.specifier(s)
		if err != nil {
			return pgtype.Null, err
		}
		s = rest
	}
}

func errFormat(format string, args ...any) *pgerr.Error {
	return pgerr.Newf(pgerr.InvalidParameterValue, format, args...)
}

func errUnterminated() error {
	return errFormat("unterminated format() type specifier").WithHint("For a single \"%%\" use \"%%%%\".")
}

// formatDigits reads a number; ok is false when there is none.
func formatDigits(s string) (n int64, rest string, ok bool, err error) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + int64(s[i]-'0')
		if n > 1<<31-1 {
			return 0, "", false, pgerr.New(pgerr.NumericValueOutOfRange, "number is out of range")
		}
		i++
	}
	if i > 0 && i == len(s) {
		return 0, "", false, errUnterminated()
	}
	return n, s[i:], i > 0, nil
}

// specifier handles what follows a percent sign: [position$][flags][width]type.
func (f *formatter) specifier(s string) (rest string, err error) {
	var argument, width, widthArgument int64 = -1, 0, -1
	n, rest, ok, err := formatDigits(s)
	if err != nil {
		return "", err
	}
	position := ok && rest[0] == '$'
	switch {
	case position:
		argument, s = n, rest[1:]
		if argument == 0 {
			return "", errFormat("format specifies argument 0, but arguments are numbered from 1")
		}
		if s == "" {
			return "", errUnterminated()
		}
	case ok: // a width: nothing but the type may follow
		return f.conversion(rest, -1, n, false)
	}
	leftAlign := false
	for strings.HasPrefix(s, "-") {
		leftAlign = true
		if s = s[1:]; s == "" {
			return "", errUnterminated()
		}
	}
	if strings.HasPrefix(s, "*") {
		if widthArgument, s, err = formatWidthArgument(s[1:]); err != nil {
			return "", err
		}
		if width, err = f.width(widthArgument); err != nil {
			return "", err
		}
	} else if width, s, _, err = formatDigits(s); err != nil {
		return "", err
	}
	return f.conversion(s, argument, width, leftAlign)
}

// formatWidthArgument reads what follows an asterisk: nothing (0, the next argument) or position$.
func formatWidthArgument(s string) (argument int64, rest string, err error) {
	if s == "" {
		return 0, "", errUnterminated()
	}
	n, rest, ok, err := formatDigits(s)
	switch {
	case err != nil:
		return 0, "", err
	case !ok:
		return 0, s, nil
	case rest[0] != '$':
		return 0, "", errFormat("width argument position must be ended by \"$\"")
	case n == 0:
		return 0, "", errFormat("format specifies argument 0, but arguments are numbered from 1")
	case len(rest) == 1:
		return 0, "", errUnterminated()
	}
	return n, rest[1:], nil
}

// take finds an argument by number, 0 or less for the next one.
func (f *formatter) take(argument int64) (pgtype.Datum, *pgtype.Type, error) {
	if argument > 0 {
		f.next = int(argument)
	} else {
		f.next++
	}
	if f.next > len(f.values) {
		return pgtype.Null, nil, errFormat("too few arguments for format()")
	}
	return f.values[f.next-1], f.typeOf(f.next - 1), nil
}

func (f *formatter) width(argument int64) (int64, error) {
	d, t, err := f.take(argument)
	if err != nil || d.IsNull() {
		return 0, err
	}
	switch t.OID {
	case pgtype.OIDInt4, pgtype.OIDInt2:
		return d.Int(), nil
	}
	w, err := pgtype.Int4Type.Codec.ParseText(f.c.Text, outputText(f.c, t, d), -1)
	return w.Int(), err
}

func (f *formatter) conversion(s string, argument, width int64, leftAlign bool) (rest string, err error) {
	if s == "" {
		return "", errUnterminated()
	}
	kind, n := utf8.DecodeRuneInString(s)
	if !strings.ContainsRune("sIL", kind) {
		return "", errFormat("unrecognized format() type specifier \"%c\"", kind).WithHint("For a single \"%%\" use \"%%%%\".")
	}
	d, t, err := f.take(argument)
	if err != nil {
		return "", err
	}
	text := ""
	switch {
	case !d.IsNull():
		text = outputText(f.c, t, d)
		switch kind {
		case 'I':
			text = pgtype.QuoteIdentifier(text)
		case 'L':
			text = quoteLiteral(text)
		}
	case kind == 'I':
		return "", pgerr.New(pgerr.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
	case kind == 'L':
		text = "NULL"
	}
	return s[n:], f.pad(text, width, leftAlign)
}

// pad writes text in at least width characters; a negative width aligns left.
func (f *formatter) pad(text string, width int64, leftAlign bool) error {
	if width < 0 {
		leftAlign, width = true, -width
	}
	missing := width - int64(utf8.RuneCountInString(text))
	if more := int64(len(text)) + max(missing, 0); int64(f.out.Len())+more > maxText {
		return errEnlarge(f.out.Len(), int(more))
	}
	if missing > 0 && !leftAlign {
		f.out.WriteString(strings.Repeat(" ", int(missing)))
	}
	f.out.WriteString(text)
	if missing > 0 && leftAlign {
		f.out.WriteString(strings.Repeat(" ", int(missing)))
	}
	return nil
}

// hexString is lower-case hexadecimal digits.
func hexString(b []byte) string {
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		if c < 16 {
			out = append(out, '0')
		}
		out = strconv.AppendUint(out, uint64(c), 16)
	}
	return string(out)
}
