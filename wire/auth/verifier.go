package auth

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
	"github.com/xdg-go/stringprep"
)

// Iterations is the work that a new verifier asks for (PostgreSQL's scram_iterations).
const Iterations = 4096

const (
	verifierPrefix = "SCRAM-SHA-256$"
	saltLength     = 16
)

var errNoVerifier = errors.New("auth: not a SCRAM-SHA-256 verifier")

// NewVerifier makes what is stored for a password: "SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey".
func NewVerifier(password string) (string, error) {
	salt := make([]byte, saltLength)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	return verifierFor(password, salt, Iterations)
}

func verifierFor(password string, salt []byte, iterations int) (string, error) {
	salted, err := pbkdf2.Key(sha256.New, prepare(password), salt, iterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("derive the key: %w", err)
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("%s%d:%s$%s:%s", verifierPrefix, iterations, encode(salt), encode(stored[:]), encode(mac(salted, "Server Key"))), nil
}

// prepare normalises a password by SASLprep; one that has no such form is taken as it is, as PostgreSQL and libpq do.
func prepare(password string) string {
	if prepared, err := stringprep.SASLprep.Prepare(password); err == nil {
		return prepared
	}
	return password
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// IsVerifier tells whether s has the form of a verifier, which CREATE ROLE … PASSWORD stores as it is.
func IsVerifier(s string) bool {
	_, err := parseVerifier(s)
	return err == nil
}

// CheckPassword tells whether password is the one that verifier was made for.
func CheckPassword(verifier, password string) bool {
	c, err := parseVerifier(verifier)
	if err != nil {
		return false
	}
	again, err := verifierFor(password, []byte(c.Salt), c.Iters)
	return err == nil && hmac.Equal([]byte(again), []byte(verifier))
}

func parseVerifier(s string) (scram.StoredCredentials, error) {
	var c scram.StoredCredentials
	rest, ok := strings.CutPrefix(s, verifierPrefix)
	if !ok {
		return c, errNoVerifier
	}
	work, keys, ok := strings.Cut(rest, "$")
	iterations, salt, ok2 := strings.Cut(work, ":")
	stored, server, ok3 := strings.Cut(keys, ":")
	if !ok || !ok2 || !ok3 {
		return c, errNoVerifier
	}
	n, err := strconv.Atoi(iterations)
	rawSalt, err1 := base64.StdEncoding.DecodeString(salt)
	storedKey, err2 := base64.StdEncoding.DecodeString(stored)
	serverKey, err3 := base64.StdEncoding.DecodeString(server)
	if errors.Join(err, err1, err2, err3) != nil || n < 1 || len(storedKey) != sha256.Size || len(serverKey) != sha256.Size {
		return c, errNoVerifier
	}
	c.Salt, c.Iters, c.StoredKey, c.ServerKey = string(rawSalt), n, storedKey, serverKey
	return c, nil
}
