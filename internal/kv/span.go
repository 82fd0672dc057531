package kv

// PrefixSpan is the span of all keys that begin with prefix.
func PrefixSpan(prefix []byte) Span { return Span{Start: prefix, End: PrefixEnd(prefix)} }

// PrefixEnd is the first key after every key that begins with prefix, or nil when there is none (all bytes 0xff).
func PrefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			end := append([]byte(nil), prefix[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}
