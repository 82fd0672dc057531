package pgtype

import (
	"encoding/binary"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// recordCodec is the composite types, and the pseudo-type record, whose values know their columns' types.
type recordCodec struct{ t *Type }

func (c recordCodec) anonymous() bool { return len(c.t.Columns) == 0 }

func (c recordCodec) errAnonymous() error {
	if c.t.Kind == KindPseudo {
		return pgerr.New(pgerr.FeatureNotSupported, "input of anonymous composite types is not implemented")
	}
	return pgerr.Unsupported("input of type " + c.t.Name)
}

// newRecord makes a record of the composite type with room for its fields.
func (c recordCodec) newRecord() *Record {
	n := len(c.t.Columns)
	r := &Record{Type: c.t, Types: make([]*Type, n), Names: make([]string, n), Fields: make([]Datum, n)}
	for i, col := range c.t.Columns {
		r.Types[i], r.Names[i] = col.Type, col.Name
	}
	return r
}

func (c recordCodec) ParseText(ctx *Context, s string, _ int32) (Datum, error) {
	if c.anonymous() {
		return Null, c.errAnonymous()
	}
	malformed := func(detail string) error {
		return pgerr.Newf(pgerr.InvalidTextRepresentation, "malformed record literal: \"%s\"", s).WithDetail("%s", detail)
	}
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i == len(s) || s[i] != '(' {
		return Null, malformed("Missing left parenthesis.")
	}
	i++
	r := c.newRecord()
	for n, col := range c.t.Columns {
		if n > 0 {
			if i == len(s) || s[i] != ',' {
				return Null, malformed("Too few columns.")
			}
			i++
		}
		text, null, next, ok := scanRecordField(s, i)
		if !ok {
			return Null, malformed("Unexpected end of input.")
		}
		i = next
		if null {
			continue
		}
		var err error
		if r.Fields[n], err = col.Type.Codec.ParseText(ctx, text, col.Typmod); err != nil {
			return Null, err
		}
	}
	if i == len(s) || s[i] != ')' {
		return Null, malformed("Too many columns.")
	}
	i++
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i < len(s) {
		return Null, malformed("Junk after right parenthesis.")
	}
	return RecordValue(r), nil
}

// scanRecordField reads a field's text up to the comma or parenthesis that ends it; an entirely empty one is NULL.
func scanRecordField(s string, i int) (text string, null bool, next int, ok bool) {
	if i < len(s) && (s[i] == ',' || s[i] == ')') {
		return "", true, i, true
	}
	var b []byte
	quoted := false
	for {
		if i == len(s) {
			return "", false, 0, false
		}
		ch := s[i]
		if !quoted && (ch == ',' || ch == ')') {
			return string(b), false, i, true
		}
		i++
		switch {
		case ch == '\\':
			if i == len(s) {
				return "", false, 0, false
			}
			b = append(b, s[i])
			i++
		case ch == '"' && !quoted:
			quoted = true
		case ch == '"' && i < len(s) && s[i] == '"':
			b = append(b, '"')
			i++
		case ch == '"':
			quoted = false
		default:
			b = append(b, ch)
		}
	}
}

func (recordCodec) AppendText(ctx *Context, dst []byte, d Datum) []byte {
	r := d.Record()
	dst = append(dst, '(')
	for i, f := range r.Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		if f.IsNull() {
			continue
		}
		start := len(dst)
		dst = r.Types[i].Codec.AppendText(ctx, dst, f)
		quote, escapes := len(dst) == start, 0
		for _, ch := range dst[start:] {
			switch {
			case ch == '"' || ch == '\\':
				quote = true
				escapes++
			case ch == '(' || ch == ')' || ch == ',' || isSpace(ch):
				quote = true
			}
		}
		if quote {
			dst = quoteTail(dst, start, escapes, 0)
		}
	}
	return append(dst, ')')
}

func (recordCodec) AppendBinary(ctx *Context, dst []byte, d Datum) []byte {
	r := d.Record()
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(r.Fields)))
	for i, f := range r.Fields {
		dst = binary.BigEndian.AppendUint32(dst, uint32(r.Types[i].OID))
		dst = appendSized(ctx, dst, r.Types[i], f)
	}
	return dst
}

func (c recordCodec) ParseBinary(ctx *Context, b []byte, _ int32) (Datum, error) {
	if c.anonymous() {
		return Null, c.errAnonymous()
	}
	if len(b) < 4 {
		return Null, errShortMessage()
	}
	n := int32(binary.BigEndian.Uint32(b))
	b = b[4:]
	if int(n) != len(c.t.Columns) {
		return Null, pgerr.Newf(pgerr.DatatypeMismatch, "wrong number of columns: %d, expected %d", n, len(c.t.Columns))
	}
	r := c.newRecord()
	for i, col := range c.t.Columns {
		if len(b) < 4 {
			return Null, errShortMessage()
		}
		oid := OID(binary.BigEndian.Uint32(b))
		if oid != col.Type.OID {
			return Null, pgerr.Newf(pgerr.DatatypeMismatch, "binary data has type %d (%s) instead of expected %d (%s) in record column %d",
				oid, typeNameByOID(ctx, oid), col.Type.OID, col.Type.String(), i+1)
		}
		var err error
		if r.Fields[i], b, err = parseSized(ctx, b[4:], col.Type, col.Typmod); err != nil {
			return Null, err
		}
	}
	return RecordValue(r), trailing(b)
}

func (c recordCodec) Comparable() bool {
	for _, col := range c.t.Columns {
		if !col.Type.Codec.Comparable() {
			return false
		}
	}
	return true
}

// Compare goes column by column; columns of different types order by type, which the binder does not let happen.
func (recordCodec) Compare(x, y Datum) int {
	a, b := x.Record(), y.Record()
	for i := 0; i < len(a.Fields) && i < len(b.Fields); i++ {
		if a.Types[i].OID != b.Types[i].OID {
			return compareInt(int64(a.Types[i].OID), int64(b.Types[i].OID))
		}
		if r := compareNullable(a.Types[i].Codec, a.Fields[i], b.Fields[i]); r != 0 {
			return r
		}
	}
	return compareInt(int64(len(a.Fields)), int64(len(b.Fields)))
}

func (recordCodec) Hash(d Datum, seed uint64) uint64 {
	r := d.Record()
	for i, f := range r.Fields {
		if f.IsNull() {
			seed = hashWord(hashC, seed)
			continue
		}
		seed = r.Types[i].Codec.Hash(f, seed)
	}
	return hashWord(uint64(len(r.Fields)), seed)
}

func (recordCodec) AppendKey(dst []byte, d Datum) []byte {
	r := d.Record()
	for i, f := range r.Fields {
		dst = appendKeyNullable(dst, r.Types[i].Codec, f)
	}
	return append(dst, keyEnd)
}

func (c recordCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	r := c.newRecord()
	for i := 0; ; i++ {
		if len(b) == 0 {
			return Null, nil, errCorrupt("key")
		}
		mark := b[0]
		b = b[1:]
		if mark == keyEnd {
			return RecordValue(r), b, nil
		}
		if i == len(r.Fields) {
			return Null, nil, errCorrupt("key")
		}
		if mark == keyNull {
			continue
		}
		var err error
		if r.Fields[i], b, err = r.Types[i].Codec.DecodeKey(b); err != nil {
			return Null, nil, err
		}
	}
}

// The stored form is the number of fields and, for each, its length + 1 (0: NULL) and its stored form; an anonymous row's fields are preceded by their types.
func (c recordCodec) AppendStored(dst []byte, d Datum) []byte {
	r := d.Record()
	dst = binary.AppendUvarint(dst, uint64(len(r.Fields)))
	for i, f := range r.Fields {
		if c.anonymous() {
			dst = binary.AppendUvarint(dst, uint64(r.Types[i].OID))
		}
		dst = appendStoredNullable(dst, r.Types[i].Codec, f)
	}
	return dst
}

// DecodeStored gives NULL to columns that the type got after the value was stored.
func (c recordCodec) DecodeStored(b []byte) (Datum, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)) || !c.anonymous() && n > uint64(len(c.t.Columns)) {
		return Null, errCorrupt("record")
	}
	b = b[size:]
	r := c.newRecord()
	if c.anonymous() {
		r.Types, r.Fields, r.Names = make([]*Type, n), make([]Datum, n), nil
	}
	for i := 0; i < int(n); i++ {
		if c.anonymous() {
			oid, size := binary.Uvarint(b)
			if size <= 0 || ByOID(OID(oid)) == nil {
				return Null, errCorrupt("record")
			}
			r.Types[i] = ByOID(OID(oid))
			b = b[size:]
		}
		var err error
		if r.Fields[i], b, err = decodeStoredNullable(b, r.Types[i].Codec); err != nil {
			return Null, err
		}
	}
	return RecordValue(r), nil
}
