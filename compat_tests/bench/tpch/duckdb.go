package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/kalampg/kalampg/compat_tests/tpch"
)

// duckdbServer is a Python process that runs DuckDB and takes queries line by line.
type duckdbServer struct {
	scale   tpch.Scale
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
	peak    int
}

//go:embed duckdb_server.py
var duckdbProgram string

type duckdbAnswer struct {
	Error   string
	Seconds float64
	Rows    []string
	PeakMB  int
}

func startDuckDB(ctx context.Context, o options) (contestant, func(), error) {
	if _, err := os.Stat(o.duckdb); err != nil {
		return nil, nil, errors.New("DuckDB is not installed: run scripts/setup.sh tpch, or leave it out of -servers")
	}
	folder, err := os.MkdirTemp("", "kalampg-duckdb-")
	if err != nil {
		return nil, nil, err
	}
	data := o.duckdbData
	if data == "" {
		data = filepath.Join(folder, "tpch.duckdb")
	}
	_, missing := os.Stat(data)
	d := &duckdbServer{scale: o.scale, process: exec.CommandContext(ctx, o.duckdb, "-u", "-c", duckdbProgram, data)}
	d.process.Stderr = os.Stderr
	stop := func() {
		if d.in != nil {
			d.in.Close()
			d.process.Wait()
		}
		os.RemoveAll(folder)
	}
	in, err := d.process.StdinPipe()
	if err != nil {
		return nil, stop, err
	}
	out, err := d.process.StdoutPipe()
	if err != nil {
		return nil, stop, err
	}
	if err := d.process.Start(); err != nil {
		return nil, stop, err
	}
	d.in, d.out = in, bufio.NewScanner(out)
	d.out.Buffer(nil, 64<<20)
	if missing == nil {
		return d, stop, nil
	}
	return d, stop, d.load(folder)
}

// load writes each table to a file and has DuckDB read it.
func (d *duckdbServer) load(folder string) error {
	begin := time.Now()
	if _, err := d.ask(tpch.Schema); err != nil {
		return err
	}
	for _, table := range tpch.Tables {
		path := filepath.Join(folder, table)
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		err = errors.Join(d.scale.Write(table, f), f.Close())
		if err == nil {
			_, err = d.ask(fmt.Sprintf("COPY %s FROM '%s' (DELIMITER '|', HEADER false, QUOTE '', ESCAPE '')", table, path))
		}
		if err = errors.Join(err, os.Remove(path)); err != nil {
			return err
		}
	}
	_, err := d.ask("CHECKPOINT")
	fmt.Printf("%-9s loaded                   in %6.1f s\n", duckdbName, time.Since(begin).Seconds())
	return err
}

func (d *duckdbServer) ask(sql string) (duckdbAnswer, error) {
	var a duckdbAnswer
	request, err := json.Marshal(sql)
	if err != nil {
		return a, err
	}
	if _, err := d.in.Write(append(request, '\n')); err != nil {
		return a, err
	}
	if !d.out.Scan() {
		return a, errors.Join(errors.New("duckdb ended"), d.out.Err())
	}
	if err := json.Unmarshal(d.out.Bytes(), &a); err != nil {
		return a, err
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

func (d *duckdbServer) Name() string { return duckdbName }

func (d *duckdbServer) Run(_ context.Context, n int) ([]string, time.Duration, error) {
	a, err := d.ask(d.scale.Query(n))
	d.peak = max(d.peak, a.PeakMB)
	return a.Rows, time.Duration(a.Seconds * float64(time.Second)), err
}

func (d *duckdbServer) Peak() int {
	p := d.peak
	d.peak = 0
	return p
}
