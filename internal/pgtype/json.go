package pgtype

type jsonCodec struct{ textCodec }
type jsonbCodec struct{ textCodec }
