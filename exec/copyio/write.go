package copyio

import (
	"encoding/binary"
	"slices"

	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Writer turns rows into a COPY stream. Bytes gives what has been written since the last Reset.
type Writer struct {
	o       *Options
	c       *pgtype.Context
	columns []result.Column
	force   []bool
	buf     []byte
	value   []byte
}

// NewWriter makes a writer for rows of the given columns.
func NewWriter(o *Options, c *pgtype.Context, columns []result.Column) *Writer {
	w := &Writer{o: o, c: c, columns: columns, force: make([]bool, len(columns))}
	for i, col := range columns {
		w.force[i] = slices.Contains(o.ForceQuote, "*") || slices.Contains(o.ForceQuote, col.Name)
	}
	return w
}

// Bytes is what is written and not yet taken; Reset takes it.
func (w *Writer) Bytes() []byte { return w.buf }

// Reset forgets the written bytes and keeps the memory.
func (w *Writer) Reset() { w.buf = w.buf[:0] }

// Start writes the header.
func (w *Writer) Start() {
	switch {
	case w.o.Format == Binary:
		w.buf = append(w.buf, signature...)
		w.buf = append(w.buf, 0, 0, 0, 0, 0, 0, 0, 0)
	case w.o.Header:
		for i, c := range w.columns {
			if i > 0 {
				w.buf = append(w.buf, w.o.Delimiter)
			}
			w.field([]byte(c.Name), false)
		}
		w.buf = append(w.buf, '\n')
	}
}

// End writes the trailer.
func (w *Writer) End() {
	if w.o.Format == Binary {
		w.buf = append(w.buf, 0xff, 0xff)
	}
}

// Row writes a row.
func (w *Writer) Row(values []pgtype.Datum) {
	if w.o.Format == Binary {
		w.binary(values)
		return
	}
	for i, v := range values {
		if i > 0 {
			w.buf = append(w.buf, w.o.Delimiter)
		}
		if v.IsNull() {
			w.buf = append(w.buf, w.o.Null...)
			continue
		}
		w.value = w.columns[i].Type.Codec.AppendText(w.c, w.value[:0], v)
		w.field(w.value, w.force[i])
	}
	w.buf = append(w.buf, '\n')
}

func (w *Writer) binary(values []pgtype.Datum) {
	w.buf = binary.BigEndian.AppendUint16(w.buf, uint16(len(values)))
	for i, v := range values {
		if v.IsNull() {
			w.buf = append(w.buf, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		at := len(w.buf)
		w.buf = append(w.buf, 0, 0, 0, 0)
		w.buf = w.columns[i].Type.Codec.AppendBinary(w.c, w.buf, v)
		binary.BigEndian.PutUint32(w.buf[at:], uint32(len(w.buf)-at-4))
	}
}

// field writes a value with the format's escapes.
func (w *Writer) field(b []byte, force bool) {
	if w.o.Format == CSV {
		w.quoted(b, force)
		return
	}
	for _, c := range b {
		switch c {
		case '\\':
			w.buf = append(w.buf, '\\', '\\')
		case '\n':
			w.buf = append(w.buf, '\\', 'n')
		case '\r':
			w.buf = append(w.buf, '\\', 'r')
		case '\t':
			w.buf = append(w.buf, '\\', 't')
		case '\b':
			w.buf = append(w.buf, '\\', 'b')
		case '\f':
			w.buf = append(w.buf, '\\', 'f')
		case '\v':
			w.buf = append(w.buf, '\\', 'v')
		case w.o.Delimiter:
			w.buf = append(w.buf, '\\', c)
		default:
			w.buf = append(w.buf, c)
		}
	}
}

func (w *Writer) quoted(b []byte, force bool) {
	quote := force || string(b) == w.o.Null || string(b) == `\.`
	for _, c := range b {
		if c == w.o.Delimiter || c == w.o.Quote || c == '\n' || c == '\r' {
			quote = true
		}
	}
	if !quote {
		w.buf = append(w.buf, b...)
		return
	}
	w.buf = append(w.buf, w.o.Quote)
	for _, c := range b {
		if c == w.o.Quote || c == w.o.Escape {
			w.buf = append(w.buf, w.o.Escape)
		}
		w.buf = append(w.buf, c)
	}
	w.buf = append(w.buf, w.o.Quote)
}
