package pgtype

import (
	"github.com/kalampg/kalampg/internal/pgerr"
)

// pseudoCodecOf chooses for the pseudo-types: a few have values, the others only stand in signatures.
func pseudoCodecOf(t *Type) (Rep, Codec) {
	switch t.OID {
	case OIDRecord:
		return RepRecord, recordCodec{t: t}
	case OIDCstring, OIDUnknown:
		return RepBytes, textCodec{t: t}
	case OIDVoid:
		return RepBytes, voidCodec{textCodec{t: t}}
	case OIDAnyarray, OIDAnycompatiblearray:
		return RepArray, anyarrayCodec{arrayCodec{t: t}}
	}
	return RepBytes, opaqueCodec{textCodec{t: t}}
}

// voidCodec is void: an empty text.
type voidCodec struct{ textCodec }

func (voidCodec) ParseText(*Context, string, int32) (Datum, error)   { return Text(""), nil }
func (voidCodec) ParseBinary(*Context, []byte, int32) (Datum, error) { return Text(""), nil }
func (voidCodec) Comparable() bool                                   { return false }

// opaqueCodec is a type whose input function refuses all: its values, if any, are text that the server made.
type opaqueCodec struct{ textCodec }

func errOpaque(t *Type) error {
	return pgerr.Newf(pgerr.FeatureNotSupported, "cannot accept a value of type %s", t.Name)
}

func (c opaqueCodec) ParseText(*Context, string, int32) (Datum, error)   { return Null, errOpaque(c.t) }
func (c opaqueCodec) ParseBinary(*Context, []byte, int32) (Datum, error) { return Null, errOpaque(c.t) }
func (opaqueCodec) Comparable() bool                                     { return false }

// anyarrayCodec prints arrays of any element type, as in pg_stats.
type anyarrayCodec struct{ arrayCodec }

func (c anyarrayCodec) ParseText(*Context, string, int32) (Datum, error) { return Null, errOpaque(c.t) }
func (c anyarrayCodec) ParseBinary(*Context, []byte, int32) (Datum, error) {
	return Null, errOpaque(c.t)
}
func (c anyarrayCodec) DecodeKey(b []byte) (Datum, []byte, error) { return Null, b, errOpaque(c.t) }
func (c anyarrayCodec) DecodeStored([]byte) (Datum, error)        { return Null, errOpaque(c.t) }
