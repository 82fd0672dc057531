package main

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/pflag"
)

// config is everything that can be set. Each setting is a flag, a variable and a key of the configuration file of the same name:
// --max-connections, KALAMPG_MAX_CONNECTIONS, max-connections. The flag wins over the variable, the variable over the file.
type config struct {
	Data           string
	Listen         string
	Socket         string
	HTTP           string
	HTTPGiven      bool // --http was set by somebody, so it must work
	File           string
	TLSCert        string
	TLSKey         string
	HBA            string
	MaxConnections int
	MaxPrepared    int
	LongTxn        time.Duration
	CacheSize      byteSize
	ColumnCache    byteSize
	FeedSize       byteSize
	LogFormat      string
	LogLevel       slog.Level
	AuthTimeout    time.Duration
	DrainTimeout   time.Duration

	// TimeZone is the machine's, by the variable TZ, and the sessions' default; empty when TZ names no zone.
	TimeZone string
	// Password is the superuser's at the first start. It comes from KALAMPG_PASSWORD only: a flag would show it in every process list.
	Password string
}

const variablePrefix = "KALAMPG_"

// parseConfig reads flags, variables and file. help receives the text of --help, which is the error pflag.ErrHelp.
func parseConfig(arguments []string, lookup func(string) (string, bool), help io.Writer) (*config, error) {
	c := &config{CacheSize: 256 << 20, ColumnCache: 1 << 30, FeedSize: 128 << 20}
	flags := c.flags()
	flags.SetOutput(help)
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("serve takes flags only, not %q", flags.Arg(0))
	}
	if err := fromVariables(flags, lookup); err != nil {
		return nil, err
	}
	if c.File != "" {
		if err := fromFile(flags, c.File); err != nil {
			return nil, err
		}
	}
	if zone, ok := lookup("TZ"); ok && zone != "" && !strings.ContainsAny(zone[:1], ":/.") {
		if _, err := time.LoadLocation(zone); err == nil {
			c.TimeZone = zone
		}
	}
	c.HTTPGiven = flags.Changed("http")
	c.Password, _ = lookup(variablePrefix + "PASSWORD")
	return c, c.check()
}

func (c *config) flags() *pflag.FlagSet {
	f := pflag.NewFlagSet("kalampg serve", pflag.ContinueOnError)
	f.SortFlags = false
	f.StringVar(&c.Data, "data", "kalampg-data", "data directory, created at the first start")
	f.StringVar(&c.Listen, "listen", "127.0.0.1:5432", "address for PostgreSQL clients, HOST:PORT")
	f.StringVar(&c.Socket, "socket", "", "directory for a Unix socket as well (none: no socket)")
	f.StringVar(&c.HTTP, "http", defaultHTTP, `address for /metrics and /healthz, or "off"`)
	f.StringVar(&c.File, "config", "", "configuration file in TOML, with the names of these flags as keys")
	f.StringVar(&c.TLSCert, "tls-cert", "", "certificate chain in PEM; with --tls-key it allows encrypted connections")
	f.StringVar(&c.TLSKey, "tls-key", "", "private key in PEM")
	f.StringVar(&c.HBA, "hba", "", "host rules in the form of pg_hba.conf (default: by password, or loopback only while there is none)")
	f.IntVar(&c.MaxConnections, "max-connections", 100, "clients at a time; the last three are kept for superusers")
	f.IntVar(&c.MaxPrepared, "max-prepared-transactions", 0, "transactions that may be prepared at a time (PREPARE TRANSACTION); 0 refuses them")
	f.Var(&c.CacheSize, "cache-size", "memory for cached data, such as 256MB or 2GB")
	f.Var(&c.ColumnCache, "column-cache", "memory for packed columns of large tables that queries have read, beside --cache-size; 0 keeps none")
	f.Var(&c.FeedSize, "feed-size", "commit log kept on disk for readers of the change feed, beyond what recovery needs")
	f.DurationVar(&c.LongTxn, "long-transaction-warning", 5*time.Minute, "age from which an open transaction is warned of in the log (0: never)")
	f.StringVar(&c.LogFormat, "log-format", "text", "text or json")
	f.TextVar(&c.LogLevel, "log-level", slog.LevelInfo, "debug, info, warn or error")
	f.DurationVar(&c.AuthTimeout, "auth-timeout", time.Minute, "time a client has to log in")
	f.DurationVar(&c.DrainTimeout, "drain-timeout", 5*time.Second, "time that open transactions have after SIGTERM")
	return f
}

// fromVariables sets what no flag has set.
func fromVariables(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	return unset(flags, func(f *pflag.Flag) error {
		name := variablePrefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := lookup(name)
		if !ok || value == "" {
			return nil
		}
		if err := flags.Set(f.Name, value); err != nil {
			return fmt.Errorf("%s=%q: %w", name, value, err)
		}
		return nil
	})
}

// fromFile sets what neither flag nor variable has set.
func fromFile(flags *pflag.FlagSet, path string) error {
	values := map[string]any{}
	if _, err := toml.DecodeFile(path, &values); err != nil {
		return fmt.Errorf("configuration file %s: %w", path, err)
	}
	known := func(key string) string { return strings.ReplaceAll(key, "_", "-") }
	given := map[string]string{}
	for key, value := range values {
		if flags.Lookup(known(key)) == nil || known(key) == "config" {
			return fmt.Errorf("configuration file %s: there is no setting %q", path, key)
		}
		switch value.(type) {
		case string, int64, bool, float64:
			given[known(key)] = fmt.Sprint(value)
		default:
			return fmt.Errorf("configuration file %s: %s is not a plain value", path, key)
		}
	}
	return unset(flags, func(f *pflag.Flag) error {
		value, ok := given[f.Name]
		if !ok {
			return nil
		}
		if err := flags.Set(f.Name, value); err != nil {
			return fmt.Errorf("configuration file %s: %s = %q: %w", path, f.Name, value, err)
		}
		return nil
	})
}

// unset calls set for every flag that has no value yet.
func unset(flags *pflag.FlagSet, set func(*pflag.Flag) error) error {
	var first error
	flags.VisitAll(func(f *pflag.Flag) {
		if first == nil && !f.Changed {
			first = set(f)
		}
	})
	return first
}

func (c *config) check() error {
	if !slices.Contains([]string{"text", "json"}, c.LogFormat) {
		return fmt.Errorf("--log-format is %q: text or json", c.LogFormat)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fmt.Errorf("--tls-cert and --tls-key go together")
	}
	if c.MaxConnections < 1 {
		return fmt.Errorf("--max-connections is %d: at least 1", c.MaxConnections)
	}
	if c.MaxPrepared < 0 {
		return fmt.Errorf("--max-prepared-transactions is %d: at least 0", c.MaxPrepared)
	}
	if c.Data == "" {
		return fmt.Errorf("--data is empty: name a directory")
	}
	return nil
}

// byteSize is a number of bytes, written as in postgresql.conf: 512kB, 256MB, 2GB.
type byteSize uint64

var sizeUnits = []struct {
	suffix string
	bytes  uint64
}{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}, {"", 1}}

// Set reads a size; it makes *byteSize a pflag.Value.
func (b *byteSize) Set(s string) error {
	text := strings.ToUpper(strings.TrimSpace(s))
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 64)
		if err != nil || n > 1<<60/u.bytes {
			break
		}
		*b = byteSize(n * u.bytes)
		return nil
	}
	return fmt.Errorf("%q is not a size such as 256MB", s)
}

// String prints the size in its largest whole unit.
func (b *byteSize) String() string {
	for _, u := range sizeUnits[:4] {
		if n := uint64(*b); n > 0 && n%u.bytes == 0 {
			return strconv.FormatUint(n/u.bytes, 10) + strings.Replace(u.suffix, "KB", "kB", 1)
		}
	}
	return strconv.FormatUint(uint64(*b), 10)
}

// Type names the kind of value in --help.
func (b *byteSize) Type() string { return "size" }
