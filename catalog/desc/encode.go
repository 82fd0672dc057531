package desc

import (
	"maps"
	"slices"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// Encode gives the stored form.
func (d *Database) Encode() []byte {
	return encode(func(w *writer) {
		w.oid(1, d.OID)
		w.str(2, d.Name)
		w.oid(3, d.Owner)
		w.bool(4, d.Template)
		w.bool(5, d.AllowConn)
		w.int(6, int64(d.ConnLimit))
		w.int(7, int64(d.Encoding))
		w.str(8, d.Collate)
		w.str(9, d.Ctype)
		d.ACL.encode(w, 10)
		w.strs(11, d.Settings)
		w.time(12, d.CreatedAt)
		for _, s := range d.RoleSettings {
			w.sub(13, func(w *writer) { w.oid(1, s.Role); w.strs(2, s.Settings) })
		}
	})
}

// DecodeDatabase reads what Encode wrote.
func DecodeDatabase(b []byte) (*Database, error) {
	d := &Database{}
	err := decode(b, func(r *reader) {
		switch r.tag {
		case 1:
			d.OID = r.oid()
		case 2:
			d.Name = r.str()
		case 3:
			d.Owner = r.oid()
		case 4:
			d.Template = r.bool()
		case 5:
			d.AllowConn = r.bool()
		case 6:
			d.ConnLimit = int32(r.int())
		case 7:
			d.Encoding = int32(r.int())
		case 8:
			d.Collate = r.str()
		case 9:
			d.Ctype = r.str()
		case 10:
			d.ACL = decodeACL(r)
		case 11:
			d.Settings = append(d.Settings, r.str())
		case 12:
			d.CreatedAt = r.time()
		case 13:
			var s RoleSettings
			r.sub(func(r *reader) {
				switch r.tag {
				case 1:
					s.Role = r.oid()
				case 2:
					s.Settings = append(s.Settings, r.str())
				}
			})
			d.RoleSettings = append(d.RoleSettings, s)
		}
	})
	return d, err
}

// Encode gives the stored form.
func (o *Role) Encode() []byte {
	return encode(func(w *writer) {
		w.oid(1, o.OID)
		w.str(2, o.Name)
		w.bool(3, o.Super)
		w.bool(4, o.Inherit)
		w.bool(5, o.CreateRole)
		w.bool(6, o.CreateDB)
		w.bool(7, o.Login)
		w.bool(8, o.Replication)
		w.bool(9, o.BypassRLS)
		w.int(10, int64(o.ConnLimit))
		w.str(11, o.Verifier)
		w.time(12, o.ValidUntil)
		w.strs(13, o.Settings)
		for _, m := range o.Members {
			w.sub(14, m.encode)
		}
		w.str(15, o.Email)
		w.str(16, o.StorageID)
		w.time(17, o.CreatedAt)
		w.time(18, o.UpdatedAt)
		w.time(19, o.LastLogin)
	})
}

// DecodeRole reads what Encode wrote.
func DecodeRole(b []byte) (*Role, error) {
	o := &Role{}
	err := decode(b, func(r *reader) {
		switch r.tag {
		case 1:
			o.OID = r.oid()
		case 2:
			o.Name = r.str()
		case 3:
			o.Super = r.bool()
		case 4:
			o.Inherit = r.bool()
		case 5:
			o.CreateRole = r.bool()
		case 6:
			o.CreateDB = r.bool()
		case 7:
			o.Login = r.bool()
		case 8:
			o.Replication = r.bool()
		case 9:
			o.BypassRLS = r.bool()
		case 10:
			o.ConnLimit = int32(r.int())
		case 11:
			o.Verifier = r.str()
		case 12:
			o.ValidUntil = r.time()
		case 13:
			o.Settings = append(o.Settings, r.str())
		case 14:
			var m Membership
			r.sub(m.decode)
			o.Members = append(o.Members, m)
		case 15:
			o.Email = r.str()
		case 16:
			o.StorageID = r.str()
		case 17:
			o.CreatedAt = r.time()
		case 18:
			o.UpdatedAt = r.time()
		case 19:
			o.LastLogin = r.time()
		}
	})
	return o, err
}

func (m Membership) encode(w *writer) {
	w.oid(1, m.OID)
	w.oid(2, m.Role)
	w.oid(3, m.Grantor)
	w.bool(4, m.Admin)
	w.bool(5, m.Inherit)
	w.bool(6, m.Set)
}

func (m *Membership) decode(r *reader) {
	switch r.tag {
	case 1:
		m.OID = r.oid()
	case 2:
		m.Role = r.oid()
	case 3:
		m.Grantor = r.oid()
	case 4:
		m.Admin = r.bool()
	case 5:
		m.Inherit = r.bool()
	case 6:
		m.Set = r.bool()
	}
}

// Encode gives the stored form.
func (s *Schema) Encode() []byte {
	return encode(func(w *writer) {
		w.oid(1, s.OID)
		w.str(2, s.Name)
		w.oid(3, s.Owner)
		s.ACL.encode(w, 4)
		for _, k := range slices.Sorted(maps.Keys(s.Options)) {
			w.sub(5, func(w *writer) { w.elem(1, k); w.elem(2, s.Options[k]) })
		}
		w.time(6, s.CreatedAt)
		w.time(7, s.UpdatedAt)
	})
}

// DecodeSchema reads what Encode wrote.
func DecodeSchema(b []byte) (*Schema, error) {
	s := &Schema{}
	err := decode(b, func(r *reader) {
		switch r.tag {
		case 1:
			s.OID = r.oid()
		case 2:
			s.Name = r.str()
		case 3:
			s.Owner = r.oid()
		case 4:
			s.ACL = decodeACL(r)
		case 5:
			var name, value string
			r.sub(func(r *reader) {
				switch r.tag {
				case 1:
					name = r.str()
				case 2:
					value = r.str()
				}
			})
			if s.Options == nil {
				s.Options = make(map[string]string)
			}
			s.Options[name] = value
		case 6:
			s.CreatedAt = r.time()
		case 7:
			s.UpdatedAt = r.time()
		}
	})
	return s, err
}

// Encode gives the stored form.
func (t *UserType) Encode() []byte {
	return encode(func(w *writer) {
		w.oid(1, t.OID)
		w.oid(2, t.ArrayOID)
		w.str(3, t.Name)
		w.oid(4, t.Schema)
		w.oid(5, t.Owner)
		w.byte(6, byte(t.Kind))
		for _, l := range t.Labels {
			w.sub(7, func(w *writer) { w.oid(1, l.OID); w.uint(2, float32Bits(l.Sort)); w.str(3, l.Label) })
		}
		w.oid(8, t.Base)
		w.int(9, int64(t.BaseTypmod))
		w.bool(10, t.NotNull)
		w.str(11, t.Default)
		w.oid(12, t.Collation)
		for i := range t.Constraints {
			w.sub(13, t.Constraints[i].encode)
		}
		w.oid(14, t.Relation)
		t.ACL.encode(w, 15)
		w.str(16, t.ArrayName)
	})
}

// DecodeUserType reads what Encode wrote.
func DecodeUserType(b []byte) (*UserType, error) {
	t := &UserType{}
	err := decode(b, func(r *reader) {
		switch r.tag {
		case 1:
			t.OID = r.oid()
		case 2:
			t.ArrayOID = r.oid()
		case 3:
			t.Name = r.str()
		case 4:
			t.Schema = r.oid()
		case 5:
			t.Owner = r.oid()
		case 6:
			t.Kind = pgtype.Kind(r.byte())
		case 7:
			t.Labels = append(t.Labels, decodeLabel(r))
		case 8:
			t.Base = r.oid()
		case 9:
			t.BaseTypmod = int32(r.int())
		case 10:
			t.NotNull = r.bool()
		case 11:
			t.Default = r.str()
		case 12:
			t.Collation = r.oid()
		case 13:
			var c Constraint
			r.sub(c.decode)
			t.Constraints = append(t.Constraints, c)
		case 14:
			t.Relation = r.oid()
		case 15:
			t.ACL = decodeACL(r)
		case 16:
			t.ArrayName = r.str()
		}
	})
	return t, err
}

func decodeLabel(r *reader) (l pgtype.EnumLabel) {
	r.sub(func(r *reader) {
		switch r.tag {
		case 1:
			l.OID = r.oid()
		case 2:
			l.Sort = float32FromBits(r.n)
		case 3:
			l.Label = r.str()
		}
	})
	return l
}

// Encode gives the stored form.
func (c Comment) Encode() []byte {
	return encode(func(w *writer) {
		w.oid(1, c.Object.Class)
		w.oid(2, c.Object.OID)
		w.int(3, int64(c.Object.SubID))
		w.str(4, c.Text)
	})
}

// DecodeComment reads what Encode wrote.
func DecodeComment(b []byte) (c Comment, err error) {
	err = decode(b, func(r *reader) {
		switch r.tag {
		case 1:
			c.Object.Class = r.oid()
		case 2:
			c.Object.OID = r.oid()
		case 3:
			c.Object.SubID = int32(r.int())
		case 4:
			c.Text = r.str()
		}
	})
	return c, err
}

// Encode gives the stored form.
func (d *DefaultACL) Encode() []byte {
	return encode(func(w *writer) {
		w.oid(1, d.OID)
		w.oid(2, d.Role)
		w.oid(3, d.Schema)
		w.byte(4, d.Object)
		d.ACL.encode(w, 5)
	})
}

// DecodeDefaultACL reads what Encode wrote.
func DecodeDefaultACL(b []byte) (*DefaultACL, error) {
	d := &DefaultACL{}
	err := decode(b, func(r *reader) {
		switch r.tag {
		case 1:
			d.OID = r.oid()
		case 2:
			d.Role = r.oid()
		case 3:
			d.Schema = r.oid()
		case 4:
			d.Object = r.byte()
		case 5:
			d.ACL = decodeACL(r)
		}
	})
	return d, err
}

// encode writes a list of grants as one field, so that an empty list stays different from nil.
func (a ACL) encode(w *writer, tag int) {
	if a == nil {
		return
	}
	w.sub(tag, func(w *writer) {
		for _, i := range a {
			w.sub(1, func(w *writer) {
				w.oid(1, i.Grantee)
				w.oid(2, i.Grantor)
				w.uint(3, uint64(i.Privileges))
				w.uint(4, uint64(i.GrantOptions))
			})
		}
	})
}

func decodeACL(r *reader) ACL {
	acl := ACL{}
	r.sub(func(r *reader) {
		var i ACLItem
		r.sub(func(r *reader) {
			switch r.tag {
			case 1:
				i.Grantee = r.oid()
			case 2:
				i.Grantor = r.oid()
			case 3:
				i.Privileges = Privilege(r.n)
			case 4:
				i.GrantOptions = Privilege(r.n)
			}
		})
		acl = append(acl, i)
	})
	return acl
}
