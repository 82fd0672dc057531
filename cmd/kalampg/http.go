package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kalampg/kalampg/internal/kv"
)

// web serves /metrics and /healthz. The zero web serves nothing.
type web struct {
	store    kv.Prober // nil: never ill
	server   *http.Server
	address  net.Addr
	draining atomic.Bool
}

// defaultHTTP is where /metrics and /healthz are unless somebody chooses another address.
const defaultHTTP = "127.0.0.1:9187"

// serveHTTP starts the HTTP port. When nobody asked for a port and the usual one is taken (a second server on the machine), the server runs without.
func serveHTTP(c *config, m *metrics, store kv.Store, log *slog.Logger) (*web, error) {
	w := &web{}
	w.store, _ = store.(kv.Prober)
	if c.HTTP == "off" || c.HTTP == "" {
		return w, nil
	}
	l, err := net.Listen("tcp", c.HTTP)
	if err != nil && !c.HTTPGiven {
		log.Warn("no /metrics and /healthz: the usual address is taken, --http chooses another", "address", c.HTTP)
		return w, nil
	}
	if err != nil {
		return nil, fmt.Errorf("--http %s: %w", c.HTTP, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", w.health)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index) // for go tool pprof; the port is loopback unless the operator says otherwise
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	w.server, w.address = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}, l.Addr()
	go func() {
		if err := w.server.Serve(l); err != http.ErrServerClosed {
			log.Error("the HTTP port has failed", "error", err)
		}
	}()
	log.Info("metrics and health", "address", l.Addr().String())
	return w, nil
}

// health says ok as long as new connections and commits are accepted.
func (w *web) health(out http.ResponseWriter, _ *http.Request) {
	if w.draining.Load() {
		http.Error(out, "stopping", http.StatusServiceUnavailable)
		return
	}
	if w.store != nil {
		if err := w.store.Refusal(); err != nil {
			http.Error(out, err.Error(), http.StatusServiceUnavailable)
			return
		}
	}
	fmt.Fprintln(out, "ok")
}

// drain lets /healthz tell load balancers to look elsewhere.
func (w *web) drain() { w.draining.Store(true) }

// Close ends the HTTP port.
func (w *web) Close() {
	if w.server != nil {
		_ = w.server.Close()
	}
}

// health asks a running server, for machines (and container images) without an HTTP client.
func health(ctx context.Context, arguments []string) error {
	address := defaultHTTP
	if len(arguments) > 0 {
		address = arguments[0]
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, response.Status)
	}
	return nil
}
