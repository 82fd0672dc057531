package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kalampg/kalampg/compat_tests/loopback"
)

// Options choose how kalampg runs. The zero value is meant for tests.
type Options struct {
	// Data is the data folder; empty for a temporary one that Stop removes.
	Data string
	// Arguments are added after `serve --data … --listen …`.
	Arguments []string
	// Environment is added to the process' environment as NAME=value.
	Environment []string
}

// Server is one kalampg on one data folder. Its process may come and go.
type Server struct {
	options Options
	binary  string
	folder  string // holds the log, and the data unless Options.Data is set
	port    int

	cmd    *exec.Cmd
	exited chan struct{}
	state  error // how the process ended, valid once exited is closed
}

// New prepares a server without starting its process.
func New(o Options) (*Server, error) {
	binary, err := Binary()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "kalampg-test-")
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, binary: binary, folder: folder}
	if s.options.Data == "" {
		s.options.Data = filepath.Join(folder, "data")
	}
	if s.port, err = loopback.FreePort(); err != nil {
		return nil, err
	}
	return s, nil
}

// Start prepares a server, runs it and waits until it accepts connections. The caller calls Stop.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := New(o)
	if err != nil {
		return nil, err
	}
	if err := s.Run(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// Run starts the process on the server's data and port and waits until it accepts connections.
func (s *Server) Run(ctx context.Context) error {
	if err := s.Launch(); err != nil {
		return err
	}
	ready, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := loopback.WaitReady(ready, s.port, s.exited); err != nil {
		return fmt.Errorf("start kalampg: %w\n%s", err, tail(s.Log(), 40))
	}
	return nil
}

// Launch starts the process and does not wait for it to be ready.
func (s *Server) Launch() error {
	log, err := os.OpenFile(s.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	arguments := append([]string{"serve", "--data", s.options.Data,
		"--listen", "127.0.0.1:" + strconv.Itoa(s.port)}, s.options.Arguments...)
	cmd := exec.Command(s.binary, arguments...)
	cmd.Env = append(append(os.Environ(), "TZ=UTC"), s.options.Environment...)
	cmd.Dir = s.folder
	cmd.Stdout, cmd.Stderr = log, log
	// No server outlives a test that was killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	s.cmd, s.exited = cmd, exited
	go func() {
		s.state = cmd.Wait()
		close(exited)
	}()
	return nil
}

// Signal sends a signal to the process.
func (s *Server) Signal(signal syscall.Signal) error {
	if s.cmd == nil {
		return errors.New("the server was not started")
	}
	return s.cmd.Process.Signal(signal)
}

// Wait returns when the process has ended, with the error that exec.Cmd.Wait gave, or when ctx ends.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-s.exited:
		return s.state
	case <-ctx.Done():
		return fmt.Errorf("the server still runs: %w", ctx.Err())
	}
}

// Restart sends the signal, waits for the end of the process and runs it again on the same data and port.
func (s *Server) Restart(ctx context.Context, signal syscall.Signal) error {
	if err := s.Signal(signal); err != nil {
		return err
	}
	ending, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := s.Wait(ending)
	if ending.Err() != nil {
		return err
	}
	if err != nil && signal != syscall.SIGKILL {
		return fmt.Errorf("after %v the server ended with %w\n%s", signal, err, tail(s.Log(), 40))
	}
	return s.Run(ctx)
}

// Check runs `kalampg check` on the data folder, whose server must not run. An error holds what the check printed.
func (s *Server) Check(ctx context.Context) (report string, err error) {
	out, err := exec.CommandContext(ctx, s.binary, "check", "--data", s.options.Data).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("kalampg check: %w\n%s", err, tail(string(out), 40))
	}
	return string(out), nil
}

// Stop ends the process and removes what New made.
func (s *Server) Stop() {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.exited:
		case <-time.After(10 * time.Second):
			_ = s.cmd.Process.Kill()
			<-s.exited
		}
	}
	_ = os.RemoveAll(s.folder)
}

// DSN returns the connection string of a database.
func (s *Server) DSN(database string) string { return loopback.DSN(s.port, database) }

// Port returns the loopback port.
func (s *Server) Port() int { return s.port }

// PID returns the process id of the running server.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Data returns the data folder.
func (s *Server) Data() string { return s.options.Data }

// Log returns what the server has written so far, over all its runs.
func (s *Server) Log() string {
	content, _ := os.ReadFile(s.logPath())
	return string(content)
}

func (s *Server) logPath() string { return filepath.Join(s.folder, "log") }

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return strings.Join(all, "\n")
}
