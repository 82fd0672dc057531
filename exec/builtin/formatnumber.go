package builtin

import (
	"strings"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// A number's template ("FM999,990.00PR") is cut into parts once, and what it asks for is gathered into a numberPicture; printing and reading then walk along the parts.

// numberPart is one element of a template.
type numberPart struct {
	pattern string // upper case; "" for literal text
	lower   bool
	literal string
}

// signStyle is where the sign of pattern S goes.
type signStyle uint8

const (
	signNone signStyle = iota
	signBefore
	signAfter
)

// numberPicture is a parsed template of to_char and to_number.
type numberPicture struct {
	source    string
	parts     []numberPart
	before    int // digits in front of the point
	after     int // digits behind it
	shift     int // digits behind V
	zeroStart int // the place of the first 0 in front of the point
	zeroEnd   int // the number of the last 0
	signAt    int // digits in front of S
	sign      signStyle

	zero, blank, decimal, fill, anchoredSign, minus, plus, bracket, roman, shifted, scientific bool
}

// numberPatterns in the order of search: of two that begin alike the longer one first.
var numberPatterns = []string{
	",", ".", "0", "9", "B", "C", "D", "EEEE", "FM", "G", "L", "MI", "PL", "PR", "RN", "SG", "SP", "S", "TH", "V",
}

func numberPatternAt(s string) (pattern string, lower bool) {
	for _, p := range numberPatterns {
		if strings.HasPrefix(s, p) {
			return p, false
		}
		if l := strings.ToLower(p); strings.HasPrefix(s, l) {
			return p, true
		}
	}
	return "", false
}

func errFormatPattern(message string) *pgerr.Error { return pgerr.New(pgerr.SyntaxError, message) }

// parseNumberPicture parses a template.
func parseNumberPicture(source string) (*numberPicture, error) {
	p := &numberPicture{source: strings.Clone(source)}
	for s := p.source; s != ""; {
		if pattern, lower := numberPatternAt(s); pattern != "" {
			s = s[len(pattern):]
			p.parts = append(p.parts, numberPart{pattern: pattern, lower: lower})
			if err := p.note(pattern); err != nil {
				return nil, err
			}
			continue
		}
		var literal string
		literal, s = templateLiteral(s)
		for _, r := range literal {
			p.parts = append(p.parts, numberPart{literal: string(r)})
		}
	}
	return p, nil
}

// templateLiteral takes quoted text, or one character, off a template.
func templateLiteral(s string) (literal, rest string) {
	if s[0] != '"' {
		if strings.HasPrefix(s, `\"`) {
			s = s[1:]
		}
		_, n := utf8.DecodeRuneInString(s)
		return s[:n], s[n:]
	}
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return out.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		out.WriteByte(s[i])
	}
	return out.String(), ""
}

// note takes one pattern into account and refuses combinations that have no meaning.
func (p *numberPicture) note(pattern string) error {
	if p.scientific && pattern != "EEEE" {
		return errFormatPattern("\"EEEE\" must be the last pattern used")
	}
	switch pattern {
	case "9", "0":
		return p.noteDigit(pattern)
	case ".", "D":
		return p.notePoint()
	case "FM":
		p.fill = true
	case "B":
		p.blank = p.blank || p.before == 0 && p.after == 0 && !p.zero
	case "RN":
		p.roman = true
	case "S", "MI", "PL", "SG", "PR":
		return p.noteSign(pattern)
	case "V":
		if p.decimal {
			return errFormatPattern("cannot use \"V\" and decimal point together")
		}
		p.shifted = true
	case "EEEE":
		if p.scientific {
			return errFormatPattern("cannot use \"EEEE\" twice")
		}
		if p.blank || p.fill || p.anchoredSign || p.bracket || p.minus || p.plus || p.roman || p.shifted {
			return errFormatPattern("\"EEEE\" is incompatible with other formats").
				WithDetail("\"EEEE\" may only be used together with digit and decimal point patterns.")
		}
		p.scientific = true
	}
	return nil
}

func (p *numberPicture) noteDigit(pattern string) error {
	if p.bracket {
		return errFormatPattern("\"" + pattern + "\" must be ahead of \"PR\"")
	}
	switch {
	case pattern == "9" && p.shifted:
		p.shift++
		return nil
	case p.decimal:
		p.after++
	default:
		p.before++
		if pattern == "0" && !p.zero {
			p.zero, p.zeroStart = true, p.before-1
		}
	}
	if pattern == "0" {
		p.zeroEnd = p.before + p.after
	}
	return nil
}

func (p *numberPicture) notePoint() error {
	switch {
	case p.decimal:
		return errFormatPattern("multiple decimal points")
	case p.shifted:
		return errFormatPattern("cannot use \"V\" and decimal point together")
	}
	p.decimal = true
	return nil
}

func (p *numberPicture) noteSign(pattern string) error {
	switch {
	case pattern == "S" && p.anchoredSign:
		return errFormatPattern("cannot use \"S\" twice")
	case pattern == "S" && (p.plus || p.minus || p.bracket):
		return errFormatPattern("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together")
	case pattern == "PR" && (p.anchoredSign || p.plus || p.minus):
		return errFormatPattern("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together")
	case pattern != "S" && pattern != "PR" && p.anchoredSign:
		return errFormatPattern("cannot use \"S\" and \"" + pattern + "\" together")
	}
	switch pattern {
	case "S":
		p.anchoredSign = true
		if p.decimal {
			p.sign = signAfter
		} else {
			p.sign, p.signAt = signBefore, p.before
		}
	case "MI":
		p.minus = true
	case "PL":
		p.plus = true
	case "SG":
		p.minus, p.plus = true, true
	case "PR":
		p.bracket = true
	}
	return nil
}

// figure is a number as to_char prints it: its digits with a point, without the sign.
type figure struct {
	digits   string
	negative bool
}

// numberPrinter is the state of printing one figure.
type numberPrinter struct {
	p        *numberPicture
	f        figure
	out      strings.Builder
	spaces   int  // digits of the picture that the figure does not fill
	slot     int  // digits and points done
	slots    int  // their number
	at       int  // position in the figure
	signDone bool // nothing is to be written in front of the number any more
	inNumber bool // the last slot wrote something
	last     int  // position of the last digit that FM keeps; -1: all are kept
	bracket  bool
	sign     signStyle
	end      int // where the output ends early; -1: it does not
	err      error
}

// print puts the figure into the picture; what is too large is shown as #. after is how many digits the figure has behind the point. A number with an exponent is
// not cut to the picture.
func (p *numberPicture) print(f figure, after int) (string, error) {
	if p.scientific {
		if f.negative {
			return "-" + f.digits, nil
		}
		return " " + f.digits, nil
	}
	before := p.before + p.shift
	length := strings.IndexByte(f.digits, '.')
	if length < 0 {
		length = len(f.digits)
	}
	w := &numberPrinter{p: p, f: f, last: -1, end: -1, bracket: p.bracket, sign: p.sign, slots: before + after}
	if p.decimal {
		w.slots++
	}
	switch {
	case length < before:
		w.spaces = before - length
	case length > before && !p.roman:
		w.f.digits = strings.Repeat("#", before) + "." + strings.Repeat("#", after)
	}
	w.prepare(before)
	for _, part := range p.parts {
		w.part(part)
	}
	if w.end >= 0 {
		return w.out.String()[:w.end], w.err
	}
	return w.out.String(), w.err
}

func (w *numberPrinter) prepare(before int) {
	p := w.p
	switch {
	case p.plus || p.minus: // a pattern of its own writes the sign; PL alone leaves the minus to the number
		w.signDone = p.minus
	default:
		w.bracket = p.bracket && (w.f.negative || !p.fill)
		w.signDone = !w.f.negative && p.fill && !p.anchoredSign
		if p.sign == signBefore && p.signAt == before {
			w.sign = signAfter
		}
	}
	point := strings.IndexByte(w.f.digits, '.')
	if !p.fill || !p.decimal || point < 0 {
		return
	}
	w.last = point
	for i := point + 1; i < len(w.f.digits); i++ {
		if w.f.digits[i] != '0' {
			w.last = i
		}
	}
	if p.zeroEnd > w.spaces {
		w.last = max(w.last, min(len(w.f.digits)-1, p.zeroEnd-w.spaces))
	}
}

func (w *numberPrinter) signChar() byte {
	if w.f.negative {
		return '-'
	}
	return '+'
}

// blankUnlessFill writes a space, or nothing with FM.
func (w *numberPrinter) blankUnlessFill() {
	if !w.p.fill {
		w.out.WriteByte(' ')
	}
}

func (w *numberPrinter) part(part numberPart) {
	switch part.pattern {
	case "":
		w.out.WriteString(part.literal)
	case "9", "0", ".", "D":
		if !w.p.roman {
			w.digit(part.pattern == "0")
		}
	case ",", "G":
		if w.inNumber {
			w.out.WriteByte(',')
		} else {
			w.blankUnlessFill()
		}
	case "L":
		w.out.WriteByte(' ')
	case "RN":
		w.romanPart(part.lower)
	case "TH":
		w.ordinal(!part.lower)
	case "MI":
		if w.f.negative {
			w.out.WriteByte('-')
		} else {
			w.blankUnlessFill()
		}
	case "PL":
		if !w.f.negative {
			w.out.WriteByte('+')
		} else {
			w.blankUnlessFill()
		}
	case "SG":
		w.out.WriteByte(w.signChar())
	}
}

func (w *numberPrinter) ordinal(upper bool) {
	digits := w.f.digits
	switch {
	case w.p.roman || w.p.decimal || w.f.negative || digits == "" || digits[0] == '#':
	case digits[len(digits)-1] < '0' || digits[len(digits)-1] > '9':
		w.err = pgerr.Newf(pgerr.InvalidTextRepresentation, "\"%s\" is not a number", digits)
	default:
		w.out.WriteString(ordinalSuffix(digits, upper))
	}
}

func (w *numberPrinter) romanPart(lower bool) {
	s := w.f.digits
	if lower {
		s = strings.ToLower(s)
	}
	if !w.p.fill && len(s) < romanWidth {
		w.out.WriteString(strings.Repeat(" ", romanWidth-len(s)))
	}
	w.out.WriteString(s)
}

// leadingZero tells whether the figure stands at the 0 in front of the point, which 9.9 does not show.
func (w *numberPrinter) leadingZero() bool {
	return !w.p.zero && w.at == 0 && w.f.digits[0] == '0' && w.p.after != 0
}

// endsAtPoint tells whether FM cuts all digits behind the point.
func (w *numberPrinter) endsAtPoint() bool { return w.last >= 0 && w.f.digits[w.last] == '.' }

// digit does one digit or the point.
func (w *numberPrinter) digit(isZero bool) {
	w.inNumber = false
	started := w.slot >= w.spaces || w.p.zero && w.p.zeroStart == w.slot
	if !w.signDone && started && (!w.leadingZero() || w.endsAtPoint()) {
		w.leadingSign()
	}
	switch {
	case w.slot >= w.spaces:
		w.figureChar(isZero)
	case w.p.zero && w.p.zeroStart <= w.slot:
		w.out.WriteByte('0')
		w.inNumber = true
	default:
		w.blankUnlessFill()
	}
	if w.slot++; w.slot == w.slots {
		w.trailingSign()
	}
}

func (w *numberPrinter) leadingSign() {
	switch {
	case w.p.anchoredSign:
		if w.sign == signBefore {
			w.out.WriteByte(w.signChar())
			w.signDone = true
		}
		return
	case w.bracket && w.f.negative:
		w.out.WriteByte('<')
	case w.bracket:
		w.out.WriteByte(' ')
	case w.f.negative:
		w.out.WriteByte('-')
	default:
		w.blankUnlessFill()
	}
	w.signDone = true
}

func (w *numberPrinter) trailingSign() {
	switch {
	case w.signDone && w.bracket && w.f.negative:
		w.out.WriteByte('>')
	case w.signDone && w.bracket:
		w.out.WriteByte(' ')
	case w.p.anchoredSign && w.sign == signAfter:
		w.out.WriteByte(w.signChar())
	}
}

// figureChar writes the figure's next character.
func (w *numberPrinter) figureChar(isZero bool) {
	if w.at >= len(w.f.digits) {
		// PostgreSQL writes the zero byte that ends its figure, and so ends the text.
		if (w.last < 0 || isZero) && w.end < 0 {
			w.end = w.out.Len()
		}
		return
	}
	c := w.f.digits[w.at]
	switch {
	case c == '.':
		w.out.WriteByte('.')
	case w.last >= 0 && w.at > w.last && !isZero:
	case w.leadingZero():
		if !w.p.fill {
			w.out.WriteByte(' ')
		} else if w.endsAtPoint() {
			w.out.WriteByte('0')
		}
	default:
		w.out.WriteByte(c)
		w.inNumber = true
	}
	w.at++
}

// ordinalSuffix is st, nd, rd or th.
func ordinalSuffix(digits string, upper bool) string {
	last := digits[len(digits)-1]
	if len(digits) > 1 && digits[len(digits)-2] == '1' {
		last = '0'
	}
	suffix := "th"
	switch last {
	case '1':
		suffix = "st"
	case '2':
		suffix = "nd"
	case '3':
		suffix = "rd"
	}
	if upper {
		return strings.ToUpper(suffix)
	}
	return suffix
}

// romanWidth is how many characters the longest roman number below 4000 has.
const romanWidth = 15

// romanNumeral is v in roman digits, # for what has none.
func romanNumeral(v int64) string {
	if v < 1 || v > 3999 {
		return strings.Repeat("#", romanWidth)
	}
	var out strings.Builder
	for _, r := range romanValues {
		for v >= r.value {
			out.WriteString(r.digits)
			v -= r.value
		}
	}
	return out.String()
}

var romanValues = []struct {
	value  int64
	digits string
}{
	{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"},
}

// numberReader is the state of to_number.
type numberReader struct {
	p           *numberPicture
	s           string
	out         []byte
	sign        byte // 0 until one is read
	point       bool
	read, after int // digits read in front of the point and behind it
}

// read gives the number in s as text that numeric's input takes.
func (p *numberPicture) read(s string) string {
	r := &numberReader{p: p, s: s}
	for _, part := range p.parts {
		if r.s == "" {
			break
		}
		r.part(part)
	}
	sign := r.sign
	if sign == 0 {
		sign = ' '
	}
	return string(sign) + strings.TrimSuffix(string(r.out), ".")
}

func (r *numberReader) skip() {
	if r.s != "" {
		_, n := utf8.DecodeRuneInString(r.s)
		r.s = r.s[n:]
	}
}

// skipNonData passes up to n characters that cannot belong to a number.
func (r *numberReader) skipNonData(n int) {
	for ; n > 0 && r.s != "" && strings.IndexByte("0123456789.,+-", r.s[0]) < 0; n-- {
		r.skip()
	}
}

func (r *numberReader) part(part numberPart) {
	switch part.pattern {
	case "":
		r.skip()
	case "9", "0", ".", "D":
		r.digit(part.pattern == "9" || part.pattern == "0")
	case ",", "G":
		if (r.read+r.after > 0 || !r.p.fill) && strings.HasPrefix(r.s, ",") {
			r.skip()
		}
	case "L":
		r.skipNonData(1)
	case "TH":
		if !r.p.roman && !r.p.decimal && r.sign != '-' {
			r.skipNonData(2)
		}
	case "MI":
		r.signPart("-")
	case "PL":
		r.signPart("+")
	case "SG":
		r.signPart("+-")
	}
}

func (r *numberReader) signPart(signs string) {
	if r.s != "" && strings.IndexByte(signs, r.s[0]) >= 0 {
		r.sign = r.s[0]
		r.skip()
		return
	}
	r.skipNonData(1)
}

// digit reads what a digit or the point of the template stands for, with a sign in front of the number or behind it.
func (r *numberReader) digit(isDigit bool) {
	if strings.HasPrefix(r.s, " ") {
		r.skip()
	}
	if r.s != "" && r.sign == 0 && isDigit && r.read+r.after == 0 {
		r.leadingSign()
	}
	if r.s == "" {
		return
	}
	c, took := r.s[0], false
	switch {
	case c >= '0' && c <= '9':
		if r.point && r.after == r.p.after {
			r.skip()
			return
		}
		r.out = append(r.out, c)
		if r.point {
			r.after++
		} else {
			r.read++
		}
		took = true
	case r.p.decimal && !r.point && c == '.':
		r.out = append(r.out, '.')
		r.point, took = true, true
	}
	r.skipAfterDigit(took)
}

func (r *numberReader) leadingSign() {
	c := r.s[0]
	switch {
	case r.p.anchoredSign && r.p.sign != signBefore:
		return
	case c == '-', c == '<' && r.p.bracket && !r.p.anchoredSign:
		r.sign = '-'
	case c == '+':
		r.sign = '+'
	default:
		return
	}
	r.skip()
}

// skipAfterDigit passes the character that the digit stood for, and takes a sign that follows it.
func (r *numberReader) skipAfterDigit(took bool) {
	isSign := func(s string) bool { return s != "" && (s[0] == '-' || s[0] == '+') }
	if r.sign == 0 && r.read+r.after > 0 {
		switch {
		case r.p.anchoredSign && took && isSign(r.s[1:]):
			r.sign = r.s[1]
			r.skip()
		case !took && !r.p.anchoredSign && isSign(r.s):
			r.sign = r.s[0]
		}
	}
	r.skip()
}
