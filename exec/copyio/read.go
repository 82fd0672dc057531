package copyio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Field is one field of a row: its bytes (unescaped), NULL, or the marker of the column's default.
type Field struct {
	Bytes   []byte
	Null    bool
	Default bool
}

// Reader splits a stream into rows of fields. A row is valid until the next.
type Reader struct {
	o       *Options
	next    func() ([]byte, error)
	buf     []byte
	at      int
	eof     bool
	fields  []Field
	scratch []byte
	cut     bool   // the last line had no end
	record  []byte // what was read of the row, raw
	Line    int    // of the row that is read, from 1, for errors

	// NotNull and NullQuoted tell, by position, the columns of FORCE_NOT_NULL and FORCE_NULL; nil: none.
	NotNull, NullQuoted []bool
}

// NewReader makes a reader over pieces of the stream: next gives the next one, io.EOF at the end. Pieces need not end at row borders.
func NewReader(o *Options, next func() ([]byte, error)) *Reader { return &Reader{o: o, next: next} }

// more appends a piece to the buffer; false at the end of the stream.
func (r *Reader) more() (bool, error) {
	if r.eof {
		return false, nil
	}
	if r.at > 0 {
		r.buf = r.buf[:copy(r.buf, r.buf[r.at:])]
		r.at = 0
	}
	piece, err := r.next()
	if errors.Is(err, io.EOF) {
		r.eof = true
		return false, nil
	}
	r.buf = append(r.buf, piece...)
	return true, err
}

// Record gives the line of the row that was read last, as it came, for errors about it; false in the binary format and where there is none.
func (r *Reader) Record() (string, bool) { return string(r.record), r.record != nil }

// Row gives the next row's fields, nil at the end.
func (r *Reader) Row() ([]Field, error) {
	r.record = nil
	switch r.o.Format {
	case Binary:
		return r.binaryRow()
	case CSV:
		return r.csvRow()
	}
	return r.textRow()
}

// Header reads and gives the header line's names.
func (r *Reader) Header() ([]string, error) {
	fields, err := r.Row()
	if err != nil || fields == nil {
		return nil, err
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = string(f.Bytes)
	}
	return names, nil
}

// line gives the next line without its end; ok is false at the end of the data (or at "\.").
func (r *Reader) line() (line []byte, ok bool, err error) {
	from := 0
	r.Line++ // also while it is being waited for: an error of the stream is one of the line that did not come
	for {
		if i := bytes.IndexByte(r.buf[r.at+from:], '\n'); i >= 0 {
			line = r.buf[r.at : r.at+from+i]
			r.at += from + i + 1
			break
		}
		from = len(r.buf) - r.at
		got, err := r.more()
		if err != nil {
			return nil, false, err
		}
		if !got {
			if r.at == len(r.buf) {
				if r.cut {
					r.Line--
				}
				return nil, false, nil
			}
			r.cut = true
			line = r.buf[r.at:]
			r.at = len(r.buf)
			break
		}
	}
	return bytes.TrimSuffix(line, []byte{'\r'}), true, nil
}

func (r *Reader) textRow() ([]Field, error) {
	line, ok, err := r.line()
	if err != nil || !ok || len(line) == 2 && line[0] == '\\' && line[1] == '.' {
		if ok {
			return nil, r.skipRest()
		}
		return nil, err
	}
	r.record = line
	r.fields, r.scratch = r.fields[:0], r.scratch[:0]
	if cap(r.scratch) < len(line) {
		r.scratch = make([]byte, 0, 2*len(line))
	}
	for start := 0; ; {
		end := start
		escaped := false
		for end < len(line) && line[end] != r.o.Delimiter {
			if line[end] == '\\' {
				escaped = true
				end++
			}
			end++
		}
		end = min(end, len(line))
		raw := line[start:end]
		switch {
		case string(raw) == r.o.Null:
			r.fields = append(r.fields, Field{Null: true})
		case r.o.HasDefault && string(raw) == r.o.Default:
			r.fields = append(r.fields, Field{Default: true})
		case escaped:
			at := len(r.scratch)
			r.scratch = unescape(r.scratch, raw)
			r.fields = append(r.fields, Field{Bytes: r.scratch[at:len(r.scratch):len(r.scratch)]})
		default:
			r.fields = append(r.fields, Field{Bytes: raw})
		}
		if end == len(line) {
			return r.fields, nil
		}
		start = end + 1
	}
}

// skipRest reads what a client sends after "\.".
func (r *Reader) skipRest() error {
	for {
		r.at = len(r.buf)
		got, err := r.more()
		if err != nil || !got {
			return err
		}
	}
}

// unescape resolves COPY's backslash sequences.
func unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			dst = append(dst, c)
			continue
		}
		i++
		switch c = raw[i]; c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'v':
			c = '\v'
		case 'x':
			if n, digits := number(raw[i+1:], 16, 2); digits > 0 {
				c = n
				i += digits
			}
		case '0', '1', '2', '3', '4', '5', '6', '7':
			n, digits := number(raw[i:], 8, 3)
			c = n
			i += digits - 1
		}
		dst = append(dst, c)
	}
	return dst
}

// number reads up to most digits of a base.
func number(b []byte, base, most int) (n byte, digits int) {
	for digits < most && digits < len(b) {
		d := hexDigit(b[digits])
		if d < 0 || d >= base {
			break
		}
		n = n*byte(base) + byte(d)
		digits++
	}
	return n, digits
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// csvRow reads a record: fields may be quoted, and then hold delimiters and line ends.
func (r *Reader) csvRow() ([]Field, error) {
	line, ok, err := r.line()
	if err != nil || !ok {
		return nil, err
	}
	if string(line) == `\.` {
		return nil, r.skipRest()
	}
	record := append(r.scratch[:0], line...)
	for openQuote(record, r.o) {
		next, ok, err := r.line()
		if err != nil {
			return nil, err
		}
		if !ok {
			r.scratch, r.record = record, append(record, '\n')
			return nil, pgerr.New(pgerr.BadCopyFileFormat, "unterminated CSV quoted field")
		}
		record = append(append(record, '\n'), next...)
	}
	r.scratch, r.record = record, record
	return r.csvFields(record), nil
}

// openQuote tells whether a record ends inside a quoted field.
func openQuote(b []byte, o *Options) bool {
	in := false
	for i := 0; i < len(b); i++ {
		switch {
		case in && b[i] == o.Escape && o.Escape != o.Quote && i+1 < len(b) && (b[i+1] == o.Quote || b[i+1] == o.Escape):
			i++
		case b[i] == o.Quote:
			in = !in
		}
	}
	return in
}

func (r *Reader) csvFields(b []byte) []Field {
	o := r.o
	r.fields = r.fields[:0]
	out := make([]byte, 0, len(b))
	in, quoted := false, false
	start := 0
	end := func() {
		value := out[start:len(out):len(out)]
		start = len(out)
		i := len(r.fields)
		f := Field{Bytes: value}
		force := i < len(r.NotNull) && r.NotNull[i]
		match := i < len(r.NullQuoted) && r.NullQuoted[i]
		switch {
		case string(value) == o.Null && (!quoted && !force || quoted && match):
			f = Field{Null: true}
		case o.HasDefault && !quoted && string(value) == o.Default:
			f = Field{Default: true}
		}
		r.fields = append(r.fields, f)
		quoted = false
	}
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case in && c == o.Escape && i+1 < len(b) && (b[i+1] == o.Quote || b[i+1] == o.Escape):
			i++
			out = append(out, b[i])
		case c == o.Quote:
			in, quoted = !in, true
		case c == o.Delimiter && !in:
			end()
		default:
			out = append(out, c)
		}
	}
	end()
	return r.fields
}

// signature begins a binary stream.
const signature = "PGCOPY\n\xff\r\n\x00"

// need makes sure that n more bytes are in the buffer.
func (r *Reader) need(n int) (bool, error) {
	for len(r.buf)-r.at < n {
		got, err := r.more()
		if err != nil || !got {
			return false, err
		}
	}
	return true, nil
}

// Start reads the header of a binary stream.
func (r *Reader) Start() error {
	if r.o.Format != Binary {
		return nil
	}
	ok, err := r.need(len(signature) + 8)
	if err != nil {
		return err
	}
	if !ok || string(r.buf[r.at:r.at+len(signature)]) != signature {
		return pgerr.New(pgerr.BadCopyFileFormat, "COPY file signature not recognized")
	}
	r.at += len(signature)
	flags := binary.BigEndian.Uint32(r.buf[r.at:])
	if flags>>16&^1 != 0 {
		return pgerr.New(pgerr.BadCopyFileFormat, "unrecognized critical flags in COPY file header")
	}
	extension := int(int32(binary.BigEndian.Uint32(r.buf[r.at+4:])))
	r.at += 8
	if extension < 0 {
		return pgerr.New(pgerr.BadCopyFileFormat, "invalid COPY file header (missing length)")
	}
	if ok, err := r.need(extension); err != nil || !ok {
		return errors.Join(err, pgerr.New(pgerr.BadCopyFileFormat, "invalid COPY file header (wrong length)"))
	}
	r.at += extension
	return nil
}

// maxField bounds a binary field, as PostgreSQL's values are bounded.
const maxField = 1 << 30

func (r *Reader) binaryRow() ([]Field, error) {
	r.Line++
	ok, err := r.need(2)
	if err != nil {
		return nil, err
	}
	unexpected := pgerr.New(pgerr.BadCopyFileFormat, "unexpected EOF in COPY data")
	if !ok {
		if r.at == len(r.buf) {
			return nil, nil
		}
		return nil, unexpected
	}
	n := int16(binary.BigEndian.Uint16(r.buf[r.at:]))
	r.at += 2
	if n == -1 {
		return nil, r.skipRest()
	}
	if n < 0 {
		return nil, pgerr.Newf(pgerr.BadCopyFileFormat, "row field count is %d, expected more", n)
	}
	r.fields, r.scratch = r.fields[:0], r.scratch[:0]
	for range n {
		if ok, err := r.need(4); err != nil || !ok {
			return nil, errors.Join(err, unexpected)
		}
		size := int32(binary.BigEndian.Uint32(r.buf[r.at:]))
		r.at += 4
		if size == -1 {
			r.fields = append(r.fields, Field{Null: true})
			continue
		}
		if size < 0 || size > maxField {
			return nil, pgerr.New(pgerr.BadCopyFileFormat, "invalid field size")
		}
		if ok, err := r.need(int(size)); err != nil || !ok {
			return nil, errors.Join(err, unexpected)
		}
		r.fields = append(r.fields, Field{Bytes: bytes.Clone(r.buf[r.at : r.at+int(size)])})
		r.at += int(size)
	}
	return r.fields, nil
}
