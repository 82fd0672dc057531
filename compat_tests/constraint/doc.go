// Package constraint puts foreign keys, deferrable keys and exclusion constraints under random statements and under concurrency, and looks afterwards whether what they promise is so.
package constraint
