package userdata

import (
	"strings"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// Option finds a relation option ("name=value" in desc.Relation.Options).
func Option(options []string, name string) (string, bool) {
	for _, o := range options {
		if k, v, ok := strings.Cut(o, "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// readOptions takes from the relation's options what storage needs: retention of deleted rows and the time that stream rows live.
func (t *Table) readOptions() error {
	if v, ok := Option(t.Rel.Options, "deleted_retention"); ok {
		us, err := intervalMicros(v)
		if err != nil {
			return err
		}
		t.keep = us > 0
	}
	if v, ok := Option(t.Rel.Options, "ttl"); ok {
		us, err := intervalMicros(v)
		if err != nil {
			return err
		}
		t.ttl = us
	}
	return nil
}

// intervalMicros reads an interval as a fixed duration: a month counts 30 days, a day 24 hours.
func intervalMicros(s string) (int64, error) {
	d, err := pgtype.ByOID(pgtype.OIDInterval).Codec.ParseText(pgtype.Default(), s, -1)
	if err != nil {
		return 0, err
	}
	us, md := d.Pair()
	days := int64(int32(uint32(md))) + 30*int64(int32(uint32(md>>32)))
	return int64(us) + days*86400*1e6, nil
}
