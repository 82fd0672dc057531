package rocks

// #include "size.h"
import "C"

import (
	"github.com/kalampg/kalampg/internal/kv"
)

var _ kv.Sizer = (*Store)(nil)

// ApproximateSize estimates the bytes in a span, compressed where they are on disk.
func (s *Store) ApproximateSize(span kv.Span) (size int64, err error) {
	err = s.Use(func() error {
		var r C.kg_result
		C.kg_size(handle(s.e.db), handle(s.e.families[familyOf(span.Start)]), chars(span.Start), C.size_t(len(span.Start)), chars(span.End), C.size_t(len(span.End)), &r)
		size = int64(r.need)
		return failure(&r)
	})
	return size, err
}
