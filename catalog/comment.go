package catalog

import (
	"context"
	"strconv"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
)

// SetComment sets an object's comment; an empty text removes it.
func (t *Txn) SetComment(ctx context.Context, o desc.ObjectRef, text string) error {
	database := t.database
	if isShared(o.Class) {
		database = 0
	}
	c := change{database: database, kind: kindComment, object: o}
	if text != "" {
		c.value = text
	}
	if err := t.lockKey(ctx, c.key(), kv.LockOptions{Mode: kv.ForUpdate}); err != nil {
		return err
	}
	if _, ok := t.Comment(o); !ok && text == "" {
		return nil
	}
	return t.write(c)
}

// removeComments removes the comments on an object and, unless it is a column, on its columns.
func (t *Txn) removeComments(o desc.ObjectRef) error {
	m, database := t.contents.comments, t.database
	if isShared(o.Class) {
		m, database = t.shared.comments, 0
	}
	for k := range m.from(o) {
		if k.Class != o.Class || k.OID != o.OID || o.SubID != 0 && k.SubID != o.SubID {
			break
		}
		if err := t.write(change{database: database, kind: kindComment, object: k}); err != nil {
			return err
		}
	}
	return nil
}

// plural counts things: "1 object", "2 objects".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
