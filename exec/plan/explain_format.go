package plan

import (
	"encoding/json"
	"encoding/xml"
	"strings"
)

// The tree of a structured EXPLAIN: objects keep the order of their fields, numbers the digits that they are given.
type (
	object []field
	field  struct {
		key   string
		value any // string, number, bool, list or object
	}
	list   []any
	number string
)

// encode writes the document of a statement: an array with one query, as PostgreSQL does.
func encode(query object, format string) string {
	e := &encoder{}
	switch format {
	case "json":
		e.json(list{query}, 0)
	case "yaml":
		e.WriteString("- ")
		e.yaml(query, 1, true)
	default:
		e.WriteString("<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Query>\n")
		e.xml(query, 2)
		e.WriteString("  </Query>\n</explain>")
	}
	return e.String()
}

type encoder struct{ strings.Builder }

func (e *encoder) indent(depth int) { e.WriteString(strings.Repeat("  ", depth)) }

// quoted is a string in JSON's form, which YAML understands too.
func quoted(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (e *encoder) scalar(v any) {
	switch v := v.(type) {
	case string:
		e.WriteString(quoted(v))
	case number:
		e.WriteString(string(v))
	case bool:
		if v {
			e.WriteString("true")
		} else {
			e.WriteString("false")
		}
	}
}

func (e *encoder) json(v any, depth int) {
	switch v := v.(type) {
	case object:
		e.WriteString("{")
		for i, f := range v {
			if i > 0 {
				e.WriteString(",")
			}
			e.WriteString("\n")
			e.indent(depth + 1)
			e.WriteString(quoted(f.key) + ": ")
			e.json(f.value, depth+1)
		}
		e.WriteString("\n")
		e.indent(depth)
		e.WriteString("}")
	case list:
		e.jsonList(v, depth)
	default:
		e.scalar(v)
	}
}

// jsonList writes a list of plans with a line each, a list of texts in one line.
func (e *encoder) jsonList(v list, depth int) {
	e.WriteString("[")
	nested := len(v) == 0
	for i, x := range v {
		_, nested = x.(object)
		switch {
		case nested:
			if i > 0 {
				e.WriteString(",")
			}
			e.WriteString("\n")
			e.indent(depth + 1)
		case i > 0:
			e.WriteString(", ")
		}
		e.json(x, depth+1)
	}
	if nested {
		e.WriteString("\n")
		e.indent(depth)
	}
	e.WriteString("]")
}

// yaml writes the fields of an object; the first follows what is on the line already.
func (e *encoder) yaml(o object, depth int, first bool) {
	for _, f := range o {
		if !first {
			e.WriteString("\n")
			e.indent(depth)
		}
		first = false
		e.WriteString(f.key + ": ")
		switch v := f.value.(type) {
		case object:
			e.yaml(v, depth+1, false)
		case list:
			for _, x := range v {
				e.WriteString("\n")
				e.indent(depth + 1)
				e.WriteString("- ")
				if o, ok := x.(object); ok {
					e.yaml(o, depth+2, true)
				} else {
					e.scalar(x)
				}
			}
		default:
			e.scalar(v)
		}
	}
}

func (e *encoder) xml(o object, depth int) {
	for _, f := range o {
		tag := strings.Map(func(r rune) rune {
			if r == ' ' || r == '/' {
				return '-'
			}
			return r
		}, f.key)
		e.indent(depth)
		switch v := f.value.(type) {
		case object:
			e.WriteString("<" + tag + ">\n")
			e.xml(v, depth+1)
			e.indent(depth)
		case list:
			e.WriteString("<" + tag + ">\n")
			for _, x := range v {
				if o, ok := x.(object); ok {
					e.xml(object{{"Plan", o}}, depth+1)
				} else {
					e.xml(object{{"Item", x}}, depth+1)
				}
			}
			e.indent(depth)
		case string:
			e.WriteString("<" + tag + ">")
			_ = xml.EscapeText(e, []byte(v)) // a Builder never fails
		default:
			e.WriteString("<" + tag + ">")
			e.scalar(v)
		}
		e.WriteString("</" + tag + ">\n")
	}
}
