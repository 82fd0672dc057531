package main

import (
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/wire"
)

// metrics is what /metrics shows.
type metrics struct {
	registry    *prometheus.Registry
	connections prometheus.Gauge
	accepted    prometheus.Counter
	statements  prometheus.Histogram
	errors      *prometheus.CounterVec
}

// newMetrics registers everything; sources are asked for their figures if they have some.
func newMetrics(sources ...any) *metrics {
	m := &metrics{
		registry:    prometheus.NewRegistry(),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{Name: "kalampg_connections", Help: "Open client connections."}),
		accepted:    prometheus.NewCounter(prometheus.CounterOpts{Name: "kalampg_connections_total", Help: "Client connections since the start."}),
		statements: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "kalampg_statement_duration_seconds",
			Help:    "Time of simple queries and Execute messages, errors included.",
			Buckets: []float64{.00001, .00003, .0001, .0003, .001, .003, .01, .03, .1, .3, 1, 3, 10, 30}}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kalampg_errors_total", Help: "Errors sent to clients."}, []string{"sqlstate"}),
	}
	m.registry.MustRegister(m.connections, m.accepted, m.statements, m.errors,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, source := range sources {
		if o, ok := source.(kv.Observer); ok {
			m.registry.MustRegister(figures{o})
		}
	}
	return m
}

// observer is the wire's side of the metrics.
func (m *metrics) observer() wire.Observer {
	return wire.Observer{
		Connected:    func() { m.accepted.Inc(); m.connections.Inc() },
		Disconnected: func() { m.connections.Dec() },
		Statement:    func(took time.Duration) { m.statements.Observe(took.Seconds()) },
		Error:        func(code pgerr.Code) { m.errors.WithLabelValues(string(code)).Inc() },
	}
}

// figures asks the storage or the SQL engine for its figures at every scrape.
type figures struct{ observer kv.Observer }

// Describe sends nothing: which figures there are is the engine's affair.
func (s figures) Describe(chan<- *prometheus.Desc) {}

var notInName = regexp.MustCompile(`[^a-zA-Z0-9_]+`)

// Collect sends each figure as kalampg_<name>.
func (s figures) Collect(out chan<- prometheus.Metric) {
	for _, m := range s.observer.Metrics() {
		d := prometheus.NewDesc("kalampg_"+notInName.ReplaceAllString(m.Name, "_"), "A figure of the engine.", nil, nil)
		out <- prometheus.MustNewConstMetric(d, prometheus.UntypedValue, m.Value)
	}
}
