package reference

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/kalampg/kalampg/compat_tests/loopback"
)

// Options choose how the reference runs. The zero value is meant for tests.
type Options struct {
	// Durable keeps PostgreSQL's default fsync, which a benchmark needs and a test only waits for.
	Durable bool
	// Settings are added to the command line as -c name=value.
	Settings []string
}

// Server is one running PostgreSQL with a cluster of its own.
type Server struct {
	port   int
	folder string
	cmd    *exec.Cmd
	log    *os.File
	exited chan struct{}
}

// Start makes a cluster in a temporary folder and runs PostgreSQL on it. The caller calls Stop.
func Start(ctx context.Context, o Options) (*Server, error) {
	dir, err := Find()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "kalampg-reference-")
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder, exited: make(chan struct{})}
	if err := s.start(ctx, dir, o); err != nil {
		s.Stop()
		return nil, fmt.Errorf("start the reference PostgreSQL: %w", err)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, dir string, o Options) error {
	who, err := serverUser()
	if err != nil {
		return err
	}
	native := filepath.Join(dir, "native")
	if who != nil {
		if native, err = reachable(native, s.folder); err != nil {
			return err
		}
		if err := os.Chmod(s.folder, 0o755); err != nil {
			return err
		}
	}
	data := filepath.Join(s.folder, "data")
	if err := makeDataDir(data, who); err != nil {
		return err
	}
	initdb := command(native, who, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--locale=C.UTF-8", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return s.run(ctx, native, data, who, o)
}

func (s *Server) run(ctx context.Context, native, data string, who *syscall.Credential, o Options) error {
	var err error
	if s.port, err = loopback.FreePort(); err != nil {
		return err
	}
	arguments := []string{"-D", data, "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "timezone=UTC", "-c", "log_timezone=UTC", "-c", "max_connections=200"}
	if !o.Durable {
		arguments = append(arguments, "-c", "fsync=off")
	}
	for _, setting := range o.Settings {
		arguments = append(arguments, "-c", setting)
	}
	if s.log, err = os.Create(filepath.Join(s.folder, "log")); err != nil {
		return err
	}
	s.cmd = command(native, who, "postgres", arguments...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.exited)
	}()
	ready, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := loopback.WaitReady(ready, s.port, s.exited); err != nil {
		return fmt.Errorf("%w\n%s", err, s.Log())
	}
	return nil
}

// DSN returns the connection string of a database.
func (s *Server) DSN(database string) string { return loopback.DSN(s.port, database) }

// Port returns the loopback port.
func (s *Server) Port() int { return s.port }

// PID returns the postmaster's process id.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Log returns what the server has written so far.
func (s *Server) Log() string {
	content, _ := os.ReadFile(filepath.Join(s.folder, "log"))
	return string(content)
}

// Stop ends the server and removes its cluster.
func (s *Server) Stop() {
	if s.cmd != nil {
		// A fast shutdown: sessions are ended, and the shared memory is released, as SIGKILL would not.
		_ = s.cmd.Process.Signal(syscall.SIGINT)
		select {
		case <-s.exited:
		case <-time.After(20 * time.Second):
			_ = s.cmd.Process.Kill()
			<-s.exited
		}
	}
	if s.log != nil {
		_ = s.log.Close()
	}
	_ = os.RemoveAll(s.folder)
}

// serverUser returns whom to run PostgreSQL as: nil for the current user, nobody for root.
func serverUser() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// reachable returns native, or a copy of it in folder when somebody who is neither owner nor group cannot get there.
func reachable(native, folder string) (string, error) {
	for dir := native; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return "", err
		}
		if info.Mode().Perm()&0o001 == 0 {
			target := filepath.Join(folder, "native")
			out, err := exec.Command("cp", "-R", native, target).CombinedOutput()
			if err != nil {
				return "", fmt.Errorf("copy the binaries: %w\n%s", err, out)
			}
			return target, nil
		}
		if dir == filepath.Dir(dir) {
			return native, nil
		}
	}
}

func makeDataDir(data string, who *syscall.Credential) error {
	if err := os.Mkdir(data, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if who == nil {
		return nil
	}
	return os.Chown(data, int(who.Uid), int(who.Gid))
}

func command(native string, who *syscall.Credential, name string, arguments ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(native, "bin", name), arguments...)
	// A locale that every machine has, and no PG* variable of the person who runs the tests.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC",
		"LD_LIBRARY_PATH=" + filepath.Join(native, "lib")}
	cmd.Dir = "/"
	cmd.Stdin = bytes.NewReader(nil)
	// SIGQUIT is PostgreSQL's immediate shutdown: no server outlives a test that was killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Pdeathsig: syscall.SIGQUIT}
	return cmd
}
