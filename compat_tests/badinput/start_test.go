package badinput

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kalampg/kalampg/compat_tests/server"
)

// failedStart launches a server that must not come up and returns what it said.
func failedStart(t *testing.T, o server.Options) string {
	t.Helper()
	s, err := server.New(o)
	noError(t, err)
	t.Cleanup(s.Stop)
	noError(t, s.Launch())
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Wait(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("the server runs: %v", err)
	}
	log := s.Log()
	if strings.Contains(log, "goroutine ") {
		t.Errorf("it panicked:\n%s", end(log))
	}
	t.Log(strings.TrimSpace(log))
	return log
}

// stopped is the folder of a server that has been stopped, with one row in the table kept.
func stopped(t *testing.T, signal syscall.Signal) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "data")
	s := kalampg(t, server.Options{Data: folder, Arguments: []string{"--http", "off"}})
	conn := connectTo(t, s.DSN("postgres"))
	execute(t, conn, "CREATE TABLE kept (a int PRIMARY KEY, b text)", "INSERT INTO kept SELECT g, md5(g::text) FROM generate_series(1, 20000) g")
	_ = conn.Close(context.Background())
	noError(t, s.Signal(signal))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_ = s.Wait(ctx)
	noError(t, ctx.Err())
	return folder
}

// TestCorruptedData damages files of a data folder in several ways. The server refuses to start, or starts and refuses what is damaged, or serves the rows right; it never serves wrong ones and never
// panics.
func TestCorruptedData(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, folder string){
		"no CURRENT": func(t *testing.T, f string) { noError(t, os.Remove(filepath.Join(f, "CURRENT"))) },
		"CURRENT of rubbish": func(t *testing.T, f string) {
			noError(t, os.WriteFile(filepath.Join(f, "CURRENT"), []byte("rubbish"), 0o600))
		},
		"empty CURRENT":       func(t *testing.T, f string) { noError(t, os.Truncate(filepath.Join(f, "CURRENT"), 0)) },
		"no manifest":         each("MANIFEST-*", func(t *testing.T, p string) { noError(t, os.Remove(p)) }),
		"manifest cut":        each("MANIFEST-*", func(t *testing.T, p string) { noError(t, os.Truncate(p, 50)) }),
		"tables of rubbish":   each("*.sst", rubbish),
		"tables gone":         each("*.sst", func(t *testing.T, p string) { noError(t, os.Remove(p)) }),
		"tables emptied":      each("*.sst", func(t *testing.T, p string) { noError(t, os.Truncate(p, 0)) }),
		"middle of the log":   each("commitlog/*.log", rubbish),
		"no log":              func(t *testing.T, f string) { noError(t, os.RemoveAll(filepath.Join(f, "commitlog"))) },
		"folder not writable": func(t *testing.T, f string) { noError(t, os.Chmod(f, 0o500)) },
	} {
		for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			t.Run(name+" after "+signal.String(), func(t *testing.T) {
				folder := stopped(t, signal)
				damage(t, folder)
				defer os.Chmod(folder, 0o700)
				s, err := server.New(server.Options{Data: folder, Arguments: []string{"--http", "off"}})
				noError(t, err)
				t.Cleanup(s.Stop)
				err = s.Run(limited(t))
				if strings.Contains(s.Log(), "goroutine ") {
					t.Errorf("it panicked:\n%s", end(s.Log()))
				}
				if err != nil {
					last := strings.Split(strings.TrimSpace(s.Log()), "\n")
					t.Logf("refused: %s", last[len(last)-1])
					return
				}
				conn := connectTo(t, s.DSN("postgres"))
				var count, sum int
				err = conn.QueryRow(limited(t), "SELECT count(*), coalesce(sum(a), 0) FROM kept WHERE b = md5(a::text)").Scan(&count, &sum)
				t.Logf("it starts: %d rows, %v", count, err)
				// The log ends where a record fails its checksum, as PostgreSQL's does; after an orderly stop nothing is left in it.
				if err == nil && count != 20000 && !(strings.Contains(name, "log") && signal == syscall.SIGKILL) {
					t.Errorf("rows are missing and nothing says so: %d", count)
				}
			})
		}
	}
}

// each damages all files of a pattern.
func each(pattern string, damage func(t *testing.T, path string)) func(*testing.T, string) {
	return func(t *testing.T, folder string) {
		paths, err := filepath.Glob(filepath.Join(folder, pattern))
		noError(t, err)
		for _, p := range paths {
			damage(t, p)
		}
		t.Logf("%d files %s", len(paths), pattern)
	}
}

// rubbish overwrites the middle of a file.
func rubbish(t *testing.T, path string) {
	content, err := os.ReadFile(path)
	noError(t, err)
	for i := len(content) / 3; i < 2*len(content)/3; i++ {
		content[i] ^= 0x5a
	}
	noError(t, os.WriteFile(path, content, 0o600))
}

func TestFolderIsAFile(t *testing.T) {
	kalampg(t, server.Options{Arguments: []string{"--http", "off"}})
	path := filepath.Join(t.TempDir(), "file")
	noError(t, os.WriteFile(path, nil, 0o600))
	if log := failedStart(t, server.Options{Data: path}); !strings.Contains(log, path) {
		t.Error("the message does not name the folder")
	}
}

// TestOpenWithoutPassword starts a server that anybody could reach without a password. It is refused with the reason, and leaves the next start with a password free:
// a folder that holds a superuser without one would be refused for good.
func TestOpenWithoutPassword(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	wide := []string{"--http", "off", "--listen", "0.0.0.0:0"} // the last --listen counts
	log := failedStart(t, server.Options{Data: folder, Arguments: wide})
	for _, want := range []string{"0.0.0.0:0 is refused", "the superuser has no password", "KALAMPG_PASSWORD"} {
		if !strings.Contains(log, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("it has made the data folder: %v", err)
	}
	s := kalampg(t, server.Options{Data: folder, Arguments: []string{"--http", "off"}})
	noError(t, s.Signal(syscall.SIGTERM))
	noError(t, s.Wait(limited(t)))
	log = failedStart(t, server.Options{Data: folder, Arguments: wide, Environment: []string{"KALAMPG_PASSWORD=too late"}})
	if !strings.Contains(log, "the superuser has no password") {
		t.Error("a folder whose superuser has no password is served to everybody")
	}
}
