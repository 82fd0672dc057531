package pgtype

// The length coercions, for casts: explicit says that what does not fit is cut off silently.

// CoerceVarchar fits s to character varying(n).
func CoerceVarchar(s string, typmod int32, explicit bool) (Datum, error) {
	return coerceVarchar(s, typmod, explicit)
}

// CoerceBpchar fits s to character(n), padding it.
func CoerceBpchar(s string, typmod int32, explicit bool) (Datum, error) {
	return coerceBpchar(s, typmod, explicit)
}
