package session

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
)

// Definition is one configuration parameter: PostgreSQL 16's as recorded in pgfacts, with what kalampg sets otherwise, and kalampg's own.
type Definition struct {
	pgfacts.Setting
	Default string // in the form that SHOW's value is kept in (without unit)
	Report  bool   // told to the client when it changes (ParameterStatus)
	// Check turns an input value into the kept form; nil: by Type.
	Check func(value string) (string, error)
}

// Version is the PostgreSQL version that kalampg answers as.
const Version, VersionNum = "16.14", "160014"

// overrides are values of PostgreSQL's parameters that differ here, or come from the machine that they were recorded on.
var overrides = map[string]string{
	"server_version": Version, "server_version_num": VersionNum, "client_encoding": "UTF8", "server_encoding": "UTF8", "TimeZone": "Etc/UTC", "log_timezone": "Etc/UTC",
	"max_connections": "100", "port": "5432", "listen_addresses": "localhost", "fsync": "on", "unix_socket_directories": "", "config_file": "", "data_directory": "",
	"hba_file": "", "ident_file": "", "external_pid_file": "", "lc_messages": "C.UTF-8", "lc_monetary": "C.UTF-8", "lc_numeric": "C.UTF-8", "lc_time": "C.UTF-8",
	"default_text_search_config": "pg_catalog.english", "wal_level": "replica", "max_prepared_transactions": "0", "jit": "off", "application_name": "",
	"transaction_isolation": "read committed",
}

// reported are the parameters whose changes the client is told, in the order in which a session starts with them.
var reported = []string{"in_hot_standby", "integer_datetimes", "TimeZone", "IntervalStyle", "is_superuser", "application_name",
	"default_transaction_read_only", "scram_iterations", "DateStyle", "standard_conforming_strings", "session_authorization", "client_encoding", "server_version", "server_encoding"}

// own are kalampg's parameters.
var own = []Definition{
	{Setting: pgfacts.Setting{Name: "kalam.user_id", Category: "kalampg", Short: "Sets the application user whose rows of user tables the session sees.", Context: "user", Type: "string"}},
	{Setting: pgfacts.Setting{Name: "kalam.all_users", Category: "kalampg", Short: "Reads the rows of every user in user tables.", Context: "superuser", Type: "bool"}, Default: "off"},
	{Setting: pgfacts.Setting{Name: "kalam.hard_delete", Category: "kalampg", Short: "Removes deleted rows at once, whatever their table's retention.", Context: "user", Type: "bool"}, Default: "off"},
	{Setting: pgfacts.Setting{Name: "kalam.optimizer", Category: "kalampg", Short: "Runs queries optimised; off is for comparison.", Context: "user", Type: "bool"}, Default: "on"},
	{Setting: pgfacts.Setting{Name: "kalam.vectorize", Category: "kalampg", Short: "Runs queries over large tables by columns; force does so wherever it is possible.", Context: "user", Type: "enum", Enum: []string{"on", "off", "force"}}, Default: "on"},
	{Setting: pgfacts.Setting{Name: "kalam.query_memory", Category: "kalampg", Short: "Ends a query whose operators keep more than this; 0 is a quarter of the machine's memory.", Context: "user", Type: "integer", Unit: "kB", Min: "0", Max: "2147483647"}, Default: "0"},
	{Setting: pgfacts.Setting{Name: "kalampg_version", Category: "Preset Options", Short: "Shows the version of kalampg.", Context: "internal", Type: "string"}, Default: "0.1.0"},
	{Setting: pgfacts.Setting{Name: "session_authorization", Category: "Connection", Short: "Sets the session user name.", Context: "user", Type: "string"}},
	{Setting: pgfacts.Setting{Name: "is_superuser", Category: "Preset Options", Short: "Shows whether the current user is a superuser.", Context: "internal", Type: "bool"}, Default: "off"},
	{Setting: pgfacts.Setting{Name: "role", Category: "Connection", Short: "Sets the current role.", Context: "user", Type: "string"}, Default: "none"},
	{Setting: pgfacts.Setting{Name: "seed", Category: "Statement Behavior", Short: "Sets the seed for random-number generation.", Context: "user", Type: "real", Min: "-1", Max: "1"}, Default: "unavailable"},
}

// Definitions are all parameters, by lower-case name; Names lists them as pg_settings does.
var Definitions = sync.OnceValue(func() map[string]*Definition {
	m := make(map[string]*Definition)
	for _, s := range pgfacts.Settings() {
		d := &Definition{Setting: s, Default: s.Value}
		if v, ok := overrides[s.Name]; ok {
			d.Default = v
		}
		m[strings.ToLower(s.Name)] = d
	}
	for i := range own {
		d := own[i]
		if _, twice := m[strings.ToLower(d.Name)]; !twice {
			m[strings.ToLower(d.Name)] = &d
		}
	}
	for _, n := range reported {
		m[strings.ToLower(n)].Report = true
	}
	m["client_encoding"].Check = checkEncoding
	m["datestyle"].Check = checkDateStyle
	m["timezone"].Check = checkTimeZone
	m["log_timezone"].Check = checkTimeZone
	return m
})

// Names are the parameters' names in the order of pg_settings.
var Names = sync.OnceValue(func() []string {
	var out []string
	for _, d := range Definitions() {
		out = append(out, d.Name)
	}
	sort.Slice(out, func(i, j int) bool { return strings.ToLower(out[i]) < strings.ToLower(out[j]) })
	return out
})

// Find finds a parameter by name, upper or lower case; nil when there is none.
func Find(name string) *Definition {
	if d := Definitions()[name]; d != nil {
		return d
	}
	return Definitions()[strings.ToLower(name)]
}

// called is the definition under the name that the user wrote, which PostgreSQL's messages repeat, except for those of the parameters with a check of their own.
func (d *Definition) called(name string) *Definition {
	if d.Check != nil || d.Name == name {
		return d
	}
	c := *d
	c.Name = name
	return &c
}

// Checked turns an input value into the kept form, or says why it cannot be; name is how the user wrote the parameter.
func (d *Definition) Checked(name, value string) (string, error) { return d.called(name).check(value) }

// check turns an input value into the kept form, or says why it cannot be.
func (d *Definition) check(value string) (string, error) {
	if d.Check != nil {
		v, err := d.Check(value)
		if e, ok := pgerr.As(err); ok && e.Message == "" {
			e.Message = d.invalid(value).Message
		}
		return v, err
	}
	switch d.Type {
	case "bool":
		b, ok := parseBool(value)
		if !ok {
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "parameter %q requires a Boolean value", d.Name)
		}
		return onOff(b), nil
	case "enum":
		return d.checkEnum(value)
	case "integer", "real":
		return d.checkNumber(value)
	}
	return value, nil
}

func (d *Definition) invalid(value string) *pgerr.Error {
	return pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter %q: %q", d.Name, value)
}

// checkEnum accepts one of the values, and Boolean words where on and off are among them.
func (d *Definition) checkEnum(value string) (string, error) {
	for _, v := range d.Enum {
		if strings.EqualFold(v, value) {
			return v, nil
		}
	}
	if b, ok := parseBool(value); ok {
		for _, v := range d.Enum {
			if v == onOff(b) {
				return v, nil
			}
		}
	}
	return "", d.invalid(value).WithHint("Available values: %s.", strings.Join(d.Enum, ", "))
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// parseBool reads a Boolean setting: on, off, true, false, yes, no, 1, 0 and unambiguous prefixes.
func parseBool(s string) (value, ok bool) {
	s = strings.ToLower(s)
	switch {
	case s == "":
		return false, false
	case s == "1" || s == "on" || strings.HasPrefix("true", s) || strings.HasPrefix("yes", s):
		return true, true
	case s == "0" || len(s) >= 2 && strings.HasPrefix("off", s) || strings.HasPrefix("false", s) || strings.HasPrefix("no", s):
		return false, true
	}
	return false, false
}

// unit is a unit of memory (in bytes) or time (in microseconds).
type unit struct {
	name   string
	factor float64
}

var (
	memoryUnits = []unit{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}, {"B", 1}}
	timeUnits   = []unit{{"d", 86400e6}, {"h", 3600e6}, {"min", 60e6}, {"s", 1e6}, {"ms", 1e3}, {"us", 1}}
)

// base finds the family of the parameter's unit and the unit's size; nil when it has none. "8kB" is a multiple.
func (d *Definition) base() (family []unit, size float64) {
	name, times := d.Unit, 1.0
	if i := strings.IndexFunc(name, func(r rune) bool { return r < '0' || r > '9' }); i > 0 {
		times, _ = strconv.ParseFloat(name[:i], 64)
		name = name[i:]
	}
	for _, f := range [][]unit{memoryUnits, timeUnits} {
		for _, u := range f {
			if u.name == name {
				return f, u.factor * times
			}
		}
	}
	return nil, 1
}

func (d *Definition) checkNumber(value string) (string, error) {
	text := strings.TrimSpace(value)
	end := len(text)
	for end > 0 && (text[end-1] < '0' || text[end-1] > '9') && text[end-1] != '.' {
		end--
	}
	n, err := strconv.ParseFloat(text[:end], 64)
	if err != nil {
		if h, herr := strconv.ParseInt(text[:end], 0, 64); herr == nil {
			n, err = float64(h), nil
		}
	}
	if err != nil {
		return "", d.invalid(value)
	}
	if suffix := strings.TrimSpace(text[end:]); suffix != "" {
		if n, err = d.scale(n, suffix, value); err != nil {
			return "", err
		}
	}
	if d.Type == "integer" {
		n = math.RoundToEven(n)
	}
	return d.inRange(n)
}

// scale converts a number with a unit into the parameter's own.
func (d *Definition) scale(n float64, suffix, value string) (float64, error) {
	family, size := d.base()
	if family == nil {
		return 0, d.invalid(value)
	}
	for _, u := range family {
		if u.name == suffix {
			return n * u.factor / size, nil
		}
	}
	if family[0].name == "TB" {
		return 0, d.invalid(value).WithHint(`Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`)
	}
	return 0, d.invalid(value).WithHint(`Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`)
}

func (d *Definition) inRange(n float64) (string, error) {
	text := strconv.FormatFloat(n, 'g', -1, 64)
	if d.Type == "integer" {
		text = strconv.FormatFloat(n, 'f', 0, 64)
	}
	low, err1 := strconv.ParseFloat(d.Min, 64)
	high, err2 := strconv.ParseFloat(d.Max, 64)
	if err1 == nil && n < low || err2 == nil && n > high {
		shown := text
		if d.Unit != "" {
			shown += " " + d.Unit
		}
		return "", pgerr.Newf(pgerr.InvalidParameterValue, "%s is outside the valid range for parameter %q (%s .. %s)", shown, d.Name, d.Min, d.Max)
	}
	return text, nil
}

// Show prints a kept value as SHOW does: numbers with the largest unit that divides them.
func (d *Definition) Show(kept string) string {
	if d.Unit == "" || d.Type != "integer" && d.Type != "real" {
		return kept
	}
	n, err := strconv.ParseFloat(kept, 64)
	if err != nil || n <= 0 {
		return kept
	}
	family, size := d.base()
	for _, u := range family {
		if q := n * size / u.factor; q == math.Trunc(q) {
			return fmt.Sprintf("%.0f%s", q, u.name)
		}
	}
	return kept + d.Unit
}
