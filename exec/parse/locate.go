package parse

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// RelationLocation finds where a tree names a relation first. It goes over the whole tree by reflection, which only an error is worth.
func RelationLocation(n *pg_query.Node, relation string) (location int32, ok bool) {
	first := int32(-1)
	walk(n.ProtoReflect(), func(m protoreflect.Message) {
		if v, is := m.Interface().(*pg_query.RangeVar); is && v.Relname == relation && (first < 0 || v.Location < first) {
			first = v.Location
		}
	})
	return first, first >= 0
}

func walk(m protoreflect.Message, visit func(protoreflect.Message)) {
	visit(m)
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Message() == nil || f.IsMap():
		case f.IsList():
			for i := range v.List().Len() {
				walk(v.List().Get(i).Message(), visit)
			}
		default:
			walk(v.Message(), visit)
		}
		return true
	})
}
