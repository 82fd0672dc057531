package desc

import "math"

func float32Bits(f float32) uint64     { return uint64(math.Float32bits(f)) }
func float32FromBits(n uint64) float32 { return math.Float32frombits(uint32(n)) }

// Encode gives the stored form.
func (t *Relation) Encode() []byte {
	return encode(func(w *writer) {
		w.oid(1, t.OID)
		w.str(2, t.Name)
		w.oid(3, t.Schema)
		w.oid(4, t.Owner)
		w.byte(5, byte(t.Kind))
		w.byte(6, t.Persistence)
		w.byte(7, byte(t.Class))
		w.bool(8, t.ScopeShared)
		w.oid(9, t.RowType)
		w.oid(10, t.RowArray)
		w.str(11, t.RowArrayName)
		for i := range t.Columns {
			w.sub(12, t.Columns[i].encode)
		}
		w.uint(13, t.StorageID)
		for i := range t.Indexes {
			w.sub(14, t.Indexes[i].encode)
		}
		for i := range t.Constraints {
			w.sub(15, t.Constraints[i].encode)
		}
		w.str(16, t.ViewQuery)
		w.str(17, t.ViewCheck)
		if t.SequenceDef != nil {
			w.sub(18, t.SequenceDef.encode)
		}
		w.int(19, t.SequenceState.Last)
		w.bool(20, t.SequenceState.Called)
		if t.OwnedBy != (ColumnRef{}) {
			w.refs(21, []ColumnRef{t.OwnedBy})
		}
		w.bool(22, t.OwnedInternal)
		w.strs(23, t.Options)
		t.ACL.encode(w, 24)
		w.bool(25, t.RowSecurity)
		w.bool(26, t.ForceRowSecurity)
		w.refs(27, t.DependsOn)
		for _, o := range t.TypesUsed {
			w.oid(28, o)
		}
		w.int(29, int64(t.Version))
		w.uint(30, t.Revision)
		w.time(31, t.CreatedAt)
		w.time(32, t.UpdatedAt)
		w.bool(33, t.TriggersOff)
		w.byte(34, t.ReplicaIdentity)
		w.oid(35, t.ReplicaIndex)
		w.oid(36, t.ClusterIndex)
		w.bool(37, t.Unpopulated)
	})
}

// DecodeRelation reads what Encode wrote.
func DecodeRelation(b []byte) (*Relation, error) {
	t := &Relation{}
	err := decode(b, func(r *reader) {
		if r.tag <= 15 {
			t.decodeParts(r)
		} else {
			t.decodeRest(r)
		}
	})
	return t, err
}

func (t *Relation) decodeParts(r *reader) {
	switch r.tag {
	case 1:
		t.OID = r.oid()
	case 2:
		t.Name = r.str()
	case 3:
		t.Schema = r.oid()
	case 4:
		t.Owner = r.oid()
	case 5:
		t.Kind = RelKind(r.byte())
	case 6:
		t.Persistence = r.byte()
	case 7:
		t.Class = Class(r.byte())
	case 8:
		t.ScopeShared = r.bool()
	case 9:
		t.RowType = r.oid()
	case 10:
		t.RowArray = r.oid()
	case 11:
		t.RowArrayName = r.str()
	case 12:
		t.Columns = append(t.Columns, Column{})
		r.sub(t.Columns[len(t.Columns)-1].decode)
	case 13:
		t.StorageID = r.n
	case 14:
		t.Indexes = append(t.Indexes, Index{})
		r.sub(t.Indexes[len(t.Indexes)-1].decode)
	case 15:
		t.Constraints = append(t.Constraints, Constraint{})
		r.sub(t.Constraints[len(t.Constraints)-1].decode)
	}
}

func (t *Relation) decodeRest(r *reader) {
	switch r.tag {
	case 16:
		t.ViewQuery = r.str()
	case 17:
		t.ViewCheck = r.str()
	case 18:
		t.SequenceDef = &SequenceDef{}
		r.sub(t.SequenceDef.decode)
	case 19:
		t.SequenceState.Last = r.int()
	case 20:
		t.SequenceState.Called = r.bool()
	case 21:
		t.OwnedBy = r.ref()
	case 22:
		t.OwnedInternal = r.bool()
	case 23:
		t.Options = append(t.Options, r.str())
	case 24:
		t.ACL = decodeACL(r)
	case 25:
		t.RowSecurity = r.bool()
	case 26:
		t.ForceRowSecurity = r.bool()
	case 27:
		t.DependsOn = append(t.DependsOn, r.ref())
	case 28:
		t.TypesUsed = append(t.TypesUsed, r.oid())
	case 29:
		t.Version = int(r.int())
	case 30:
		t.Revision = r.n
	case 31:
		t.CreatedAt = r.time()
	case 32:
		t.UpdatedAt = r.time()
	case 33:
		t.TriggersOff = r.bool()
	case 34:
		t.ReplicaIdentity = r.byte()
	case 35:
		t.ReplicaIndex = r.oid()
	case 36:
		t.ClusterIndex = r.oid()
	case 37:
		t.Unpopulated = r.bool()
	}
}

func (w *writer) refs(tag int, refs []ColumnRef) {
	for _, c := range refs {
		w.sub(tag, func(w *writer) { w.oid(1, c.Relation); w.int(2, int64(c.Num)) })
	}
}

func (r *reader) ref() (c ColumnRef) {
	r.sub(func(r *reader) {
		switch r.tag {
		case 1:
			c.Relation = r.oid()
		case 2:
			c.Num = int16(r.int())
		}
	})
	return c
}

func (c *Column) encode(w *writer) {
	w.int(1, int64(c.Num))
	w.str(2, c.Name)
	w.oid(3, c.Type)
	w.int(4, int64(c.Typmod))
	w.bool(5, c.NotNull)
	w.str(6, c.Default)
	w.oid(7, c.DefaultOID)
	w.refs(8, c.DefaultRefs)
	w.byte(9, c.Identity)
	w.byte(10, c.Generated)
	w.bool(11, c.Dropped)
	w.oid(12, c.Collation)
	w.byte(13, c.Storage)
	w.bytes(14, c.Missing)
	c.ACL.encode(w, 15)
	w.strs(16, c.Options)
	w.int(17, int64(c.StatTarget))
	w.int(18, int64(c.Dims))
}

func (c *Column) decode(r *reader) {
	switch r.tag {
	case 1:
		c.Num = int16(r.int())
	case 2:
		c.Name = r.str()
	case 3:
		c.Type = r.oid()
	case 4:
		c.Typmod = int32(r.int())
	case 5:
		c.NotNull = r.bool()
	case 6:
		c.Default = r.str()
	case 7:
		c.DefaultOID = r.oid()
	case 8:
		c.DefaultRefs = append(c.DefaultRefs, r.ref())
	case 9:
		c.Identity = r.byte()
	case 10:
		c.Generated = r.byte()
	case 11:
		c.Dropped = r.bool()
	case 12:
		c.Collation = r.oid()
	case 13:
		c.Storage = r.byte()
	case 14:
		c.Missing = r.bytes()
	case 15:
		c.ACL = decodeACL(r)
	case 16:
		c.Options = append(c.Options, r.str())
	case 17:
		c.StatTarget = int32(r.int())
	case 18:
		c.Dims = int16(r.int())
	}
}

func (x *Index) encode(w *writer) {
	w.oid(1, x.OID)
	w.str(2, x.Name)
	w.uint(3, x.StorageID)
	w.bool(4, x.Unique)
	w.bool(5, x.Primary)
	w.bool(6, x.NullsNotDistinct)
	w.bool(7, x.Immediate)
	w.bool(8, x.Valid)
	for i := range x.Keys {
		w.sub(9, x.Keys[i].encode)
	}
	w.nums(10, x.Include)
	w.str(11, x.Predicate)
	w.nums(12, x.ExprColumns)
	w.str(13, x.Method)
	w.strs(14, x.Options)
	w.oid(15, x.Constraint)
	w.bool(16, x.Exclusion)
}

func (x *Index) decode(r *reader) {
	switch r.tag {
	case 1:
		x.OID = r.oid()
	case 2:
		x.Name = r.str()
	case 3:
		x.StorageID = r.n
	case 4:
		x.Unique = r.bool()
	case 5:
		x.Primary = r.bool()
	case 6:
		x.NullsNotDistinct = r.bool()
	case 7:
		x.Immediate = r.bool()
	case 8:
		x.Valid = r.bool()
	case 9:
		x.Keys = append(x.Keys, IndexKey{})
		r.sub(x.Keys[len(x.Keys)-1].decode)
	case 10:
		x.Include = r.nums()
	case 11:
		x.Predicate = r.str()
	case 12:
		x.ExprColumns = r.nums()
	case 13:
		x.Method = r.str()
	case 14:
		x.Options = append(x.Options, r.str())
	case 15:
		x.Constraint = r.oid()
	case 16:
		x.Exclusion = r.bool()
	}
}

func (k *IndexKey) encode(w *writer) {
	w.int(1, int64(k.Num))
	w.str(2, k.Expr)
	w.oid(3, k.ExprType)
	w.bool(4, k.Desc)
	w.bool(5, k.NullsFirst)
	w.oid(6, k.Opclass)
	w.oid(7, k.Collation)
}

func (k *IndexKey) decode(r *reader) {
	switch r.tag {
	case 1:
		k.Num = int16(r.int())
	case 2:
		k.Expr = r.str()
	case 3:
		k.ExprType = r.oid()
	case 4:
		k.Desc = r.bool()
	case 5:
		k.NullsFirst = r.bool()
	case 6:
		k.Opclass = r.oid()
	case 7:
		k.Collation = r.oid()
	}
}

func (c *Constraint) encode(w *writer) {
	w.oid(1, c.OID)
	w.str(2, c.Name)
	w.byte(3, c.Type)
	w.nums(4, c.Columns)
	w.str(5, c.Expr)
	w.oid(6, c.Index)
	w.bool(7, c.Validated)
	w.bool(8, c.NoInherit)
	w.bool(9, c.Deferrable)
	w.bool(10, c.Deferred)
	w.oid(11, c.RefTable)
	w.nums(12, c.RefColumns)
	w.byte(13, c.OnUpdate)
	w.byte(14, c.OnDelete)
	w.byte(15, c.Match)
	w.nums(16, c.OnDeleteColumns)
	for _, o := range c.Triggers {
		w.oid(17, o)
	}
}

func (c *Constraint) decode(r *reader) {
	switch r.tag {
	case 1:
		c.OID = r.oid()
	case 2:
		c.Name = r.str()
	case 3:
		c.Type = r.byte()
	case 4:
		c.Columns = r.nums()
	case 5:
		c.Expr = r.str()
	case 6:
		c.Index = r.oid()
	case 7:
		c.Validated = r.bool()
	case 8:
		c.NoInherit = r.bool()
	case 9:
		c.Deferrable = r.bool()
	case 10:
		c.Deferred = r.bool()
	case 11:
		c.RefTable = r.oid()
	case 12:
		c.RefColumns = r.nums()
	case 13:
		c.OnUpdate = r.byte()
	case 14:
		c.OnDelete = r.byte()
	case 15:
		c.Match = r.byte()
	case 16:
		c.OnDeleteColumns = r.nums()
	case 17:
		c.Triggers = append(c.Triggers, r.oid())
	}
}

func (s *SequenceDef) encode(w *writer) {
	w.oid(1, s.Type)
	w.int(2, s.Start)
	w.int(3, s.Increment)
	w.int(4, s.Min)
	w.int(5, s.Max)
	w.int(6, s.Cache)
	w.bool(7, s.Cycle)
}

func (s *SequenceDef) decode(r *reader) {
	switch r.tag {
	case 1:
		s.Type = r.oid()
	case 2:
		s.Start = r.int()
	case 3:
		s.Increment = r.int()
	case 4:
		s.Min = r.int()
	case 5:
		s.Max = r.int()
	case 6:
		s.Cache = r.int()
	case 7:
		s.Cycle = r.bool()
	}
}
