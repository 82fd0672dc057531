package auth

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// TLS is the server's certificate with what follows from it.
type TLS struct {
	Config *tls.Config
	// Binding is the tls-server-end-point channel binding (RFC 5929), nil when the certificate's signature has no hash that the
	// RFC could use (Ed25519).
	Binding []byte
}

// LoadTLS reads a certificate chain and its key.
func LoadTLS(certificate, key string) (*TLS, error) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("load the TLS certificate: %w", err)
	}
	return NewTLS(pair)
}

// NewTLS makes a TLS of a loaded certificate.
func NewTLS(pair tls.Certificate) (*TLS, error) {
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("read the TLS certificate: %w", err)
	}
	return &TLS{
		Config:  &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
		Binding: serverEndPoint(leaf),
	}, nil
}

// serverEndPoint hashes the certificate by its signature's hash, or SHA-256 where that is weaker.
func serverEndPoint(c *x509.Certificate) []byte {
	switch c.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.ECDSAWithSHA256:
		sum := sha256.Sum256(c.Raw)
		return sum[:]
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		sum := sha512.Sum384(c.Raw)
		return sum[:]
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		sum := sha512.Sum512(c.Raw)
		return sum[:]
	}
	return nil
}
