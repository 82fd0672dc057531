package pgtype

import (
	"github.com/kalampg/kalampg/internal/pgerr"
)

// unsupportedCodec is the codec of a type that exists in the catalog and has no values here: nothing can be parsed, so nothing else is ever called with a value.
type unsupportedCodec struct{ textCodec }

func newUnsupported(t *Type) unsupportedCodec { return unsupportedCodec{textCodec{t: t}} }

func (u unsupportedCodec) err() error { return pgerr.Unsupported("type " + u.t.Name) }

func (u unsupportedCodec) ParseText(*Context, string, int32) (Datum, error)   { return Null, u.err() }
func (u unsupportedCodec) ParseBinary(*Context, []byte, int32) (Datum, error) { return Null, u.err() }
func (u unsupportedCodec) Comparable() bool                                   { return false }
func (u unsupportedCodec) DecodeStored([]byte) (Datum, error)                 { return Null, u.err() }
func (u unsupportedCodec) DecodeKey(b []byte) (Datum, []byte, error)          { return Null, b, u.err() }
