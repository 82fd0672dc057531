package builtin

import (
	"strings"

	"github.com/kalampg/kalampg/exec/builtin/regex"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
	"github.com/kalampg/kalampg/internal/pgtype/jsonpath"
)

// jsonPathFamily is the functions and operators that evaluate a jsonpath. The forms with time zones differ for datetime() only, which is not supported.
var jsonPathFamily = []Def{
	{Name: "jsonb_path_exists", Scalar: pathExists},
	{Name: "jsonb_path_exists_tz", Scalar: pathExists},
	{Name: "jsonb_path_exists_opr", Scalar: silently(pathExists)},
	{Name: "jsonb_path_match", Scalar: pathMatch},
	{Name: "jsonb_path_match_tz", Scalar: pathMatch},
	{Name: "jsonb_path_match_opr", Scalar: silently(pathMatch)},
	{Name: "jsonb_path_query", Set: pathQuery},
	{Name: "jsonb_path_query_tz", Set: pathQuery},
	{Name: "jsonb_path_query_array", Scalar: pathQueryArray},
	{Name: "jsonb_path_query_array_tz", Scalar: pathQueryArray},
	{Name: "jsonb_path_query_first", Scalar: pathQueryFirst},
	{Name: "jsonb_path_query_first_tz", Scalar: pathQueryFirst},
}

// silently makes an operator of a function: without variables, and errors about the data give NULL.
func silently(f Scalar) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return f(c, []pgtype.Datum{a[0], a[1], pgtype.Text("{}"), pgtype.Bool(true)})
	}
}

// compiledPath is a call site's last path, with the regular expressions in it.
type compiledPath struct {
	text    string
	path    *jsonpath.Path
	regexes map[string]*regex.Regex
}

func pathOf(c *Call, d pgtype.Datum) (*compiledPath, error) {
	if p, ok := c.Cache.(*compiledPath); ok && p.text == d.Text() {
		return p, nil
	}
	p := &compiledPath{text: strings.Clone(d.Text()), regexes: map[string]*regex.Regex{}}
	var err error
	if p.path, err = jsonpath.Parse(p.text); err != nil {
		return nil, err
	}
	c.Cache = p
	return p, nil
}

// match compiles a pattern of like_regex. A point does not match a line feed unless the flag s says so.
func (p *compiledPath) match(pattern, flags string) (func(string) (bool, error), error) {
	key := flags + "/" + pattern
	re := p.regexes[key]
	if re == nil {
		o := regex.Options{IgnoreCase: strings.Contains(flags, "i")}
		if strings.Contains(flags, "q") {
			o.Literal = true
		} else {
			o.StopAtLine, o.LineAnchor = !strings.Contains(flags, "s"), strings.Contains(flags, "m")
		}
		var err error
		if re, err = regex.Compile(pattern, o); err != nil {
			return nil, err
		}
		p.regexes[key] = re
	}
	return re.Match, nil
}

// eachFound evaluates the path of a call: its arguments are the value, the path, the variables and whether errors about the data are silent, which ok is false for.
func eachFound(c *Call, a []pgtype.Datum, f func(*jsonb.Value) bool) (ok bool, err error) {
	p, err := pathOf(c, a[1])
	if err != nil {
		return false, err
	}
	err = p.path.Each(a[0].JSONB(), jsonpath.Options{Vars: a[2].JSONB(), Match: p.match}, f)
	if err != nil && a[3].Bool() && jsonpath.Suppressible(err) {
		return false, nil
	}
	return err == nil, jsonpath.Cause(err)
}

func pathExists(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	p, err := pathOf(c, a[1])
	if err != nil {
		return pgtype.Null, err
	}
	found := false
	ok, err := eachFound(c, a, func(*jsonb.Value) bool {
		found = true
		return p.path.Strict()
	})
	if err != nil || !ok {
		return pgtype.Null, err
	}
	return pgtype.Bool(found), nil
}

func found(c *Call, a []pgtype.Datum) (list []jsonb.Value, ok bool, err error) {
	ok, err = eachFound(c, a, func(v *jsonb.Value) bool {
		list = append(list, *v)
		return true
	})
	return list, ok, err
}

func pathMatch(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	list, ok, err := found(c, a)
	if err != nil {
		return pgtype.Null, err
	}
	if ok && len(list) == 1 {
		switch list[0].Kind {
		case jsonb.Bool:
			return pgtype.Bool(list[0].Bool), nil
		case jsonb.Null:
			return pgtype.Null, nil
		}
	}
	if !a[3].Bool() {
		return pgtype.Null, pgerr.New(pgerr.SingletonSQLJSONItemRequired, "single boolean result is expected")
	}
	return pgtype.Null, nil
}

func pathQuery(c *Call, a []pgtype.Datum) (Rows, error) {
	list, ok, err := found(c, a)
	if err != nil || !ok {
		return listed(nil), err
	}
	rows := make([]pgtype.Datum, len(list))
	for i := range list {
		rows[i] = pgtype.JSONB(&list[i])
	}
	return listed(rows), nil
}

func pathQueryArray(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	list, ok, err := found(c, a)
	if err != nil {
		return pgtype.Null, err
	}
	if !ok {
		list = nil
	}
	return pgtype.JSONB(&jsonb.Value{Kind: jsonb.Array, Items: list}), nil
}

func pathQueryFirst(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	list, ok, err := found(c, a)
	if err != nil || !ok || len(list) == 0 {
		return pgtype.Null, err
	}
	return pgtype.JSONB(&list[0]), nil
}
