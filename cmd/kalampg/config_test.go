package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func parse(t *testing.T, file string, variables map[string]string, arguments ...string) (*config, error) {
	t.Helper()
	if file != "" {
		path := filepath.Join(t.TempDir(), "kalampg.toml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, "--config", path)
	}
	lookup := func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
	return parseConfig(arguments, lookup, &bytes.Buffer{})
}

func TestPrecedence(t *testing.T) {
	file := "listen = \"127.0.0.1:1\"\nmax-connections = 1\ncache_size = \"1GB\"\nlog-level = \"warn\"\ndrain-timeout = \"9s\"\n"
	c, err := parse(t, file, map[string]string{"KALAMPG_LISTEN": "127.0.0.1:2", "KALAMPG_MAX_CONNECTIONS": "2", "KALAMPG_PASSWORD": "p"}, "--listen", "127.0.0.1:3")
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:3" || c.MaxConnections != 2 || c.CacheSize != 1<<30 || c.LogLevel.String() != "WARN" ||
		c.DrainTimeout.String() != "9s" || c.Data != "kalampg-data" || c.Password != "p" || c.HTTPGiven {
		t.Errorf("%+v", c)
	}
}

func TestConfigurationErrors(t *testing.T) {
	tests := []struct {
		file      string
		variables map[string]string
		arguments string
		want      string
	}{
		{"", nil, "--no-such", "unknown flag: --no-such"},
		{"", nil, "extra", `serve takes flags only, not "extra"`},
		{"", nil, "--cache-size 1X", `"1X" is not a size such as 256MB`},
		{"", nil, "--tls-cert x", "--tls-cert and --tls-key go together"},
		{"", nil, "--log-format xml", `--log-format is "xml": text or json`},
		{"", nil, "--max-connections 0", "--max-connections is 0: at least 1"},
		{"", map[string]string{"KALAMPG_MAX_CONNECTIONS": "many"}, "", `KALAMPG_MAX_CONNECTIONS="many"`},
		{"no_such = 1", nil, "", `there is no setting "no_such"`},
		{"listen = [1]", nil, "", "listen is not a plain value"},
		{"listen = ", nil, "", "configuration file"},
		{"", nil, "--config /no/such/file", "configuration file /no/such/file"},
	}
	for _, test := range tests {
		if _, err := parse(t, test.file, test.variables, strings.Fields(test.arguments)...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %s: %v, not %s", test.file, test.arguments, err, test.want)
		}
	}
}

func TestByteSize(t *testing.T) {
	for text, want := range map[string]string{"0": "0", "100": "100", "1024": "1kB", "512kB": "512kB", "256MB": "256MB", "1024 MB": "1GB", "3b": "3", "2tb": "2TB"} {
		var b byteSize
		if err := b.Set(text); err != nil || b.String() != want {
			t.Errorf("%s: %s, %v", text, b.String(), err)
		}
	}
	for _, text := range []string{"", "MB", "-1", "1.5GB", "99999999999TB"} {
		var b byteSize
		if err := b.Set(text); err == nil {
			t.Errorf("%q is taken as %s", text, b.String())
		}
	}
}
