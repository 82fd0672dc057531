package ddl

import (
	"slices"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// optionKind says what values an option takes.
type optionKind uint8

const (
	optBool optionKind = iota
	optInt
	optReal
	optWord // one of words
	optText
	optInterval
	optSize // as in postgresql.conf: 64MB
	optDuration
)

// option describes a storage parameter.
type option struct {
	kind     optionKind
	low      float64
	high     float64
	words    []string
	anywhere bool // has a meaning for stream tables too
}

// storageOptions are PostgreSQL's parameters of tables, which are kept and shown but have nothing to act on here.
var storageOptions = map[string]option{
	"fillfactor":                            {kind: optInt, low: 10, high: 100},
	"toast_tuple_target":                    {kind: optInt, low: 128, high: 8160},
	"parallel_workers":                      {kind: optInt, low: 0, high: 1024},
	"user_catalog_table":                    {kind: optBool},
	"vacuum_truncate":                       {kind: optBool},
	"vacuum_index_cleanup":                  {kind: optWord, words: []string{"auto", "on", "off", "true", "false", "yes", "no", "1", "0"}},
	"autovacuum_enabled":                    {kind: optBool},
	"autovacuum_vacuum_threshold":           {kind: optInt, low: 0, high: 2147483647},
	"autovacuum_vacuum_insert_threshold":    {kind: optInt, low: -1, high: 2147483647},
	"autovacuum_analyze_threshold":          {kind: optInt, low: 0, high: 2147483647},
	"autovacuum_vacuum_cost_limit":          {kind: optInt, low: 1, high: 10000},
	"autovacuum_vacuum_cost_delay":          {kind: optReal, low: 0, high: 100},
	"autovacuum_freeze_min_age":             {kind: optInt, low: 0, high: 1000000000},
	"autovacuum_freeze_max_age":             {kind: optInt, low: 100000, high: 2000000000},
	"autovacuum_freeze_table_age":           {kind: optInt, low: 0, high: 2000000000},
	"autovacuum_multixact_freeze_min_age":   {kind: optInt, low: 0, high: 1000000000},
	"autovacuum_multixact_freeze_max_age":   {kind: optInt, low: 10000, high: 2000000000},
	"autovacuum_multixact_freeze_table_age": {kind: optInt, low: 0, high: 2000000000},
	"autovacuum_vacuum_scale_factor":        {kind: optReal, low: 0, high: 100},
	"autovacuum_vacuum_insert_scale_factor": {kind: optReal, low: 0, high: 100},
	"autovacuum_analyze_scale_factor":       {kind: optReal, low: 0, high: 100},
	"log_autovacuum_min_duration":           {kind: optInt, low: -1, high: 2147483647},
}

// kalamOptions are those of kalampg's tables.
var kalamOptions = map[string]option{
	"type":              {kind: optWord, words: []string{"user", "stream", "shared"}, anywhere: true},
	"ttl":               {kind: optInterval, anywhere: true},
	"max_size":          {kind: optSize, anywhere: true},
	"scope":             {kind: optWord, words: []string{"user", "shared"}, anywhere: true},
	"flush_rows":        {kind: optInt, low: 0, high: 2147483647},
	"flush_interval":    {kind: optInterval},
	"compression":       {kind: optWord, words: []string{"none", "snappy", "lz4", "zstd"}},
	"storage":           {kind: optText},
	"deleted_retention": {kind: optInterval},
	"use_user_storage":  {kind: optBool},
}

// tableOptions reads WITH (…) of a table into its options and class.
func (w *work) tableOptions(rel *desc.Relation, list []*pg_query.Node) error {
	for _, n := range list {
		d := n.GetDefElem()
		name, value, err := tableOption(d)
		if err != nil {
			return err
		}
		if name == "" {
			continue
		}
		if slices.ContainsFunc(rel.Options, func(o string) bool { return strings.HasPrefix(o, name+"=") }) {
			return pgerr.Newf(pgerr.InvalidParameterValue, "parameter \"%s\" specified more than once", name)
		}
		rel.Options = append(rel.Options, name+"="+value)
	}
	return w.setClass(rel, w.stmt.Class)
}

// setClass makes the options' type and the words of CREATE USER TABLE the class of a table.
func (w *work) setClass(rel *desc.Relation, said parse.TableClass) error {
	word := ""
	for _, o := range rel.Options {
		if name, value, _ := strings.Cut(o, "="); name == "type" {
			word = value
		}
	}
	if said != 0 {
		spoken := map[parse.TableClass]string{parse.UserTable: "user", parse.StreamTable: "stream", parse.SharedTable: "shared"}[said]
		if word != "" && word != spoken {
			return pgerr.Newf(pgerr.InvalidParameterValue, "CREATE %s TABLE does not go with type = '%s'", strings.ToUpper(spoken), word)
		}
		if word == "" {
			rel.Options = append([]string{"type=" + spoken}, rel.Options...)
		}
		word = spoken
	}
	switch word {
	case "user":
		rel.Class = desc.User
	case "stream":
		rel.Class = desc.Stream
	default:
		rel.Class = desc.Shared
	}
	return nil
}

// checkClass checks that the options go with the class.
func checkClass(rel *desc.Relation) error {
	given := map[string]string{}
	for _, o := range rel.Options {
		name, value, _ := strings.Cut(o, "=")
		given[name] = value
	}
	if rel.Class != desc.Stream {
		for _, name := range []string{"ttl", "max_size", "scope"} {
			if _, ok := given[name]; ok {
				return pgerr.Newf(pgerr.InvalidParameterValue, "parameter \"%s\" is for stream tables only", name)
			}
		}
		if _, ok := given["use_user_storage"]; ok && rel.Class != desc.User {
			return pgerr.New(pgerr.InvalidParameterValue, "parameter \"use_user_storage\" is for user tables only")
		}
		return nil
	}
	if _, ok := given["ttl"]; !ok {
		return pgerr.New(pgerr.InvalidParameterValue, "a stream table needs the parameter \"ttl\"").WithHint("For example WITH (ttl = '10 s').")
	}
	for name := range given {
		if k, ok := kalamOptions[name]; ok && !k.anywhere {
			return pgerr.Newf(pgerr.InvalidParameterValue, "parameter \"%s\" is not for stream tables", name)
		}
	}
	rel.ScopeShared = given["scope"] == "shared"
	return nil
}

// tableOption checks one option of a table and gives its name and its value as text. The name is "" for an option that says nothing.
func tableOption(d *pg_query.DefElem) (name, value string, err error) {
	if d.Defnamespace != "" && d.Defnamespace != "toast" {
		return "", "", pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized parameter namespace \"%s\"", d.Defnamespace)
	}
	name = d.Defname
	if d.Defnamespace == "" {
		if name == "oids" {
			if v := optionText(d.Arg); v != "false" {
				return "", "", pgerr.New(pgerr.FeatureNotSupported, "tables declared WITH OIDS are not supported")
			}
			return "", "", nil
		}
		if o, ok := kalamOptions[name]; ok {
			value, err = o.check(name, d.Arg)
			return name, value, err
		}
	}
	o, ok := storageOptions[name]
	if !ok {
		return "", "", pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized parameter \"%s\"", name)
	}
	value, err = o.check(name, d.Arg)
	if d.Defnamespace == "toast" { // accepted, and without meaning: nothing is toasted
		return "", "", err
	}
	return name, value, err
}

// indexOptions reads WITH (…) of an index.
func indexOptions(list []*pg_query.Node) ([]string, error) {
	var out []string
	for _, n := range list {
		d := n.GetDefElem()
		var o option
		switch d.Defname {
		case "fillfactor":
			o = option{kind: optInt, low: 10, high: 100}
		case "deduplicate_items":
			o = option{kind: optBool}
		default:
			return nil, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized parameter \"%s\"", d.Defname)
		}
		v, err := o.check(d.Defname, d.Arg)
		if err != nil {
			return nil, err
		}
		out = append(out, d.Defname+"="+v)
	}
	return out, nil
}

// optionText is an option's value as text; without a value it is true.
func optionText(n *pg_query.Node) string {
	if n == nil {
		return "true"
	}
	switch v := n.Node.(type) {
	case *pg_query.Node_Integer:
		return strconv.Itoa(int(v.Integer.Ival))
	case *pg_query.Node_Float:
		return v.Float.Fval
	case *pg_query.Node_Boolean:
		return strconv.FormatBool(v.Boolean.Boolval)
	case *pg_query.Node_String_:
		return v.String_.Sval
	case *pg_query.Node_TypeName:
		names := stringsOf(v.TypeName.Names)
		return names[len(names)-1]
	case *pg_query.Node_AConst:
		return constText(v.AConst)
	}
	return ""
}

func constText(c *pg_query.A_Const) string {
	switch v := c.GetVal().(type) { // nil: a parameter, which the parser lets through
	case *pg_query.A_Const_Ival:
		return strconv.Itoa(int(v.Ival.Ival))
	case *pg_query.A_Const_Fval:
		return v.Fval.Fval
	case *pg_query.A_Const_Boolval:
		return strconv.FormatBool(v.Boolval.Boolval)
	case *pg_query.A_Const_Sval:
		return v.Sval.Sval
	}
	return ""
}

func (o option) check(name string, arg *pg_query.Node) (string, error) {
	v := optionText(arg)
	bad := func(what string) (string, error) {
		return "", pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for %s option \"%s\": %s", what, name, v)
	}
	bounds := func(f float64) error {
		if f < o.low || f > o.high {
			return pgerr.Newf(pgerr.InvalidParameterValue, "value %s out of bounds for option \"%s\"", v, name).
				WithDetail("Valid values are between \"%s\" and \"%s\".", o.bound(o.low), o.bound(o.high))
		}
		return nil
	}
	switch o.kind {
	case optBool:
		if _, ok := pgtype.ParseBool(v); !ok {
			return bad("boolean")
		}
	case optInt:
		i, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return bad("integer")
		}
		return v, bounds(float64(i))
	case optReal:
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return bad("floating point")
		}
		return v, bounds(f)
	case optWord:
		v = strings.ToLower(v)
		if !slices.Contains(o.words, v) {
			e := pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for enum option \"%s\": %s", name, v)
			return "", e.WithDetail("Valid values are \"%s\".", strings.Join(o.words, "\", \""))
		}
	case optInterval:
		d, err := pgtype.ByOID(pgtype.OIDInterval).Codec.ParseText(pgtype.Default(), v, -1)
		if err != nil {
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", name, v).WithHint("Give an interval, such as '5 min'.")
		}
		if us, md := d.Pair(); int64(us) < 0 || int64(us) == 0 && md == 0 && name == "ttl" {
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "parameter \"%s\" must be positive", name)
		}
	case optSize:
		if !validSize(v) {
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", name, v).
				WithHint("Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\".")
		}
	}
	return v, nil
}

func (o option) bound(f float64) string {
	if o.kind == optReal {
		return strconv.FormatFloat(f, 'f', 6, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func validSize(v string) bool {
	digits := strings.TrimRight(v, "kKMGTB ")
	if _, err := strconv.ParseUint(digits, 10, 63); err != nil {
		return false
	}
	return slices.Contains([]string{"", "B", "kB", "MB", "GB", "TB"}, strings.TrimSpace(v[len(digits):]))
}
