package copyio

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Format is the shape of the stream.
type Format byte

// The formats.
const (
	Text Format = iota
	CSV
	Binary
)

// Options are the options of one COPY.
type Options struct {
	Format     Format
	Delimiter  byte
	Null       string
	Default    string // the marker of a column's default, "" for none
	HasDefault bool
	Header     bool
	Match      bool // HEADER MATCH: the header must name the columns
	Quote      byte
	Escape     byte

	ForceQuote   []string // columns; "*" for all
	ForceNotNull []string
	ForceNull    []string
	Freeze       bool
}

// ParseOptions reads the option list of a COPY; from tells the direction, position turns the tree's locations into those of errors.
func ParseOptions(list []*pg_query.Node, from bool, position func(location int32) int) (*Options, error) {
	o := &Options{}
	p := &optionParser{o: o, seen: make(map[string]bool)}
	for _, n := range list {
		d := n.GetDefElem()
		if err := p.one(d); err != nil {
			if e, ok := pgerr.As(err); ok && (e.Code == pgerr.SyntaxError || e.Code == pgerr.InvalidParameterValue) {
				e.At(position(d.Location))
			}
			return nil, err
		}
	}
	return o, p.finish(from)
}

type optionParser struct {
	o                              *Options
	seen                           map[string]bool
	delimiter, null, quote, escape *string
	header                         string
}

func (p *optionParser) one(d *pg_query.DefElem) error {
	if p.seen[d.Defname] {
		return pgerr.New(pgerr.SyntaxError, "conflicting or redundant options")
	}
	p.seen[d.Defname] = true
	text := optionText(d.Arg)
	switch d.Defname {
	case "format":
		switch text {
		case "text":
			p.o.Format = Text
		case "csv":
			p.o.Format = CSV
		case "binary":
			p.o.Format = Binary
		default:
			return pgerr.Newf(pgerr.InvalidParameterValue, "COPY format %q not recognized", text)
		}
	case "delimiter":
		p.delimiter = &text
	case "null":
		p.null = &text
	case "default":
		p.o.Default, p.o.HasDefault = text, true
	case "header":
		p.header = text
		switch strings.ToLower(text) {
		case "", "true", "on", "1":
			p.o.Header = true
		case "false", "off", "0":
		case "match":
			p.o.Header, p.o.Match = true, true
		default:
			return pgerr.New(pgerr.SyntaxError, "header requires a Boolean value or \"match\"")
		}
	case "quote":
		p.quote = &text
	case "escape":
		p.escape = &text
	case "force_quote":
		p.o.ForceQuote = optionNames(d.Arg)
	case "force_not_null":
		p.o.ForceNotNull = optionNames(d.Arg)
	case "force_null":
		p.o.ForceNull = optionNames(d.Arg)
	case "freeze":
		p.o.Freeze = true
	case "encoding":
		switch strings.ToLower(strings.ReplaceAll(text, "-", "")) {
		case "utf8", "unicode", "sql_ascii":
		default:
			return pgerr.Unsupported("COPY encoding " + text)
		}
	default:
		return pgerr.Newf(pgerr.SyntaxError, "option %q not recognized", d.Defname)
	}
	return nil
}

func optionText(n *pg_query.Node) string {
	switch {
	case n == nil:
		return ""
	case n.GetString_() != nil:
		return n.GetString_().Sval
	case n.GetBoolean() != nil:
		if n.GetBoolean().Boolval {
			return "true"
		}
		return "false"
	case n.GetInteger() != nil:
		if n.GetInteger().Ival == 0 {
			return "0"
		}
		return "1"
	}
	return ""
}

func optionNames(n *pg_query.Node) []string {
	if n.GetAStar() != nil {
		return []string{"*"}
	}
	var out []string
	for _, x := range n.GetList().GetItems() {
		out = append(out, x.GetString_().GetSval())
	}
	return out
}

// finish fills in the defaults of the format and checks that the options go together.
func (p *optionParser) finish(from bool) error {
	o := p.o
	if o.Format == Binary {
		for _, x := range []struct {
			set  *string
			name string
		}{{p.delimiter, "DELIMITER"}, {p.null, "NULL"}} {
			if x.set != nil {
				return pgerr.Newf(pgerr.SyntaxError, "cannot specify %s in BINARY mode", x.name)
			}
		}
		return nil
	}
	o.Delimiter, o.Null, o.Quote = '\t', `\N`, '"'
	if o.Format == CSV {
		o.Delimiter, o.Null = ',', ""
	}
	if p.delimiter != nil {
		if len(*p.delimiter) != 1 {
			return pgerr.New(pgerr.FeatureNotSupported, "COPY delimiter must be a single one-byte character")
		}
		o.Delimiter = (*p.delimiter)[0]
	}
	if p.null != nil {
		o.Null = *p.null
	}
	if o.Delimiter == '\r' || o.Delimiter == '\n' {
		return pgerr.New(pgerr.InvalidParameterValue, "COPY delimiter cannot be newline or carriage return")
	}
	if strings.ContainsAny(o.Null, "\r\n") {
		return pgerr.New(pgerr.InvalidParameterValue, "COPY null representation cannot use newline or carriage return")
	}
	if o.Format == Text && strings.IndexByte("\\.abcdefghijklmnopqrstuvwxyz0123456789", o.Delimiter) >= 0 {
		return pgerr.Newf(pgerr.InvalidParameterValue, "COPY delimiter cannot be %q", string(o.Delimiter))
	}
	if err := p.finishCSV(from); err != nil {
		return err
	}
	if strings.IndexByte(o.Null, o.Delimiter) >= 0 {
		return pgerr.New(pgerr.InvalidParameterValue, "COPY delimiter character must not appear in the NULL specification")
	}
	return nil
}

func (p *optionParser) finishCSV(from bool) error {
	o := p.o
	csvOnly := []struct {
		set  bool
		name string
	}{{p.quote != nil, "quote"}, {p.escape != nil, "escape"}, {o.ForceQuote != nil, "force quote"}, {o.ForceNotNull != nil, "force not null"}, {o.ForceNull != nil, "force null"}}
	for _, x := range csvOnly {
		if x.set && o.Format != CSV {
			return pgerr.Newf(pgerr.FeatureNotSupported, "COPY %s available only in CSV mode", x.name)
		}
	}
	if p.quote != nil {
		if len(*p.quote) != 1 {
			return pgerr.New(pgerr.FeatureNotSupported, "COPY quote must be a single one-byte character")
		}
		o.Quote = (*p.quote)[0]
	}
	o.Escape = o.Quote
	if p.escape != nil {
		if len(*p.escape) != 1 {
			return pgerr.New(pgerr.FeatureNotSupported, "COPY escape must be a single one-byte character")
		}
		o.Escape = (*p.escape)[0]
	}
	if o.Format == CSV && o.Delimiter == o.Quote {
		return pgerr.New(pgerr.InvalidParameterValue, "COPY delimiter and quote must be different")
	}
	switch {
	case o.ForceQuote != nil && from:
		return pgerr.New(pgerr.FeatureNotSupported, "COPY force quote only available using COPY TO")
	case o.ForceNotNull != nil && !from:
		return pgerr.New(pgerr.FeatureNotSupported, "COPY force not null only available using COPY FROM")
	case o.ForceNull != nil && !from:
		return pgerr.New(pgerr.FeatureNotSupported, "COPY force null only available using COPY FROM")
	case o.Match && !from:
		return pgerr.New(pgerr.FeatureNotSupported, "cannot use \"match\" with HEADER in COPY TO")
	}
	return nil
}
