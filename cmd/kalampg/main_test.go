package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/wire"
)

func noVariables(string) (string, bool) { return "", false }

func TestCommands(t *testing.T) {
	tests := []struct {
		arguments      string
		status         int
		stdout, stderr string
	}{
		{"version", 0, "kalampg " + version, ""},
		{"help", 0, "kalampg serve [flags]", ""},
		{"serve --help", 0, "--max-connections", ""},
		{"", 2, "", "Usage:"},
		{"srve", 2, "", `unknown command "srve"`},
		{"serve --listn x", 2, "", "unknown flag: --listn"},
		{"serve --data /dev/null/x", 1, "", "open the data directory /dev/null/x"},
	}
	for _, test := range tests {
		var stdout, stderr bytes.Buffer
		status := run(context.Background(), strings.Fields(test.arguments), noVariables, &stdout, &stderr)
		if status != test.status || !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("kalampg %s: status %d, %q, %q", test.arguments, status, stdout.String(), stderr.String())
		}
	}
}

func TestServerSettings(t *testing.T) {
	got, err := serverSettings(&config{Listen: "0.0.0.0:5433", MaxConnections: 7, Data: "/data", TLSCert: "/c", TLSKey: "/k"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"listen_addresses": "*", "port": "5433", "max_connections": "7", "ssl": "on", "ssl_key_file": "/k", "data_directory": "/data"} {
		if got[name] != want {
			t.Errorf("%s is %q, not %q", name, got[name], want)
		}
	}
	if _, err := serverSettings(&config{Listen: "5432"}); err == nil {
		t.Error("a port alone is no address")
	}
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	server, err := wire.New(wire.Options{Backend: struct{ wire.Backend }{}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = listen(t.Context(), server, &config{Listen: l.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), "choose another port with --listen") {
		t.Errorf("got %v", err)
	}
}

func TestSocketBesideTCP(t *testing.T) {
	server, err := wire.New(wire.Options{Backend: struct{ wire.Backend }{}})
	if err != nil {
		t.Fatal(err)
	}
	listeners, err := listen(t.Context(), server, &config{Listen: "127.0.0.1:0", Socket: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(listeners)
	if len(listeners) != 2 || !strings.Contains(psqlLine(listeners[1].Addr()), "host="+t.TempDir()[:5]) || !strings.Contains(psqlLine(listeners[0].Addr()), "host=127.0.0.1 port=") {
		t.Errorf("%v", listeners)
	}
}

// observedStore is a store that reports one figure and may be ill.
type observedStore struct {
	kv.Store
	refusal *error
}

func (s observedStore) Refusal() error { return *s.refusal }

func (observedStore) Metrics() []kv.Metric { return []kv.Metric{{Name: "some.figure", Value: 7}} }

func TestHTTP(t *testing.T) {
	var ill error
	store := observedStore{refusal: &ill}
	m := newMetrics(store)
	o := m.observer()
	o.Connected()
	o.Error("22012")
	o.Statement(1000)
	var log bytes.Buffer
	w, err := serveHTTP(&config{HTTP: "127.0.0.1:0"}, m, store, newLogger(&config{}, &log))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	get := func(path string) (int, string) {
		response, err := http.Get("http://" + w.address.String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	status, body := get("/metrics")
	for _, want := range []string{"kalampg_connections 1", `kalampg_errors_total{sqlstate="22012"} 1`, "kalampg_some_figure 7",
		"kalampg_statement_duration_seconds_count 1", "go_goroutines "} {
		if status != 200 || !strings.Contains(body, want) {
			t.Errorf("status %d, no %s", status, want)
		}
	}
	if status, body := get("/healthz"); status != 200 || body != "ok\n" {
		t.Errorf("%d %q", status, body)
	}
	if err := health(t.Context(), []string{w.address.String()}); err != nil {
		t.Error(err)
	}
	ill = fmt.Errorf("%w: fsync", kv.ErrBroken)
	if status, body := get("/healthz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "fsync") {
		t.Errorf("%d %q of a store that takes no commits", status, body)
	}
	ill = nil
	w.drain()
	if err := health(t.Context(), []string{w.address.String()}); err == nil {
		t.Error("healthy while stopping")
	}
	if status, _ := get("/healthz"); status != http.StatusServiceUnavailable {
		t.Errorf("%d while stopping", status)
	}

	// The address is taken now: an error for who asked for it, a warning for who did not.
	if _, err := serveHTTP(&config{HTTP: w.address.String(), HTTPGiven: true}, m, store, newLogger(&config{}, &log)); err == nil {
		t.Error("a taken address is no error")
	}
	if other, err := serveHTTP(&config{HTTP: w.address.String()}, m, store, newLogger(&config{}, &log)); err != nil || other.server != nil {
		t.Error("a taken default address is an error")
	}
}
