// Package charset converts between UTF-8, which the databases have, and PostgreSQL's other encodings, which clients may ask for and functions convert to. The tables are those of
// golang.org/x/text.
package charset

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Charset is one of PostgreSQL's encodings.
type Charset struct {
	Name     string
	MaxBytes int // of a character
	table    encoding.Encoding
}

// The numbers of the charsets that need no table.
const (
	ASCII = 0 // SQL_ASCII: whatever the bytes are
	UTF8  = 6
)

// All are PostgreSQL's encodings; the place is the number that pg_database has.
var All = []Charset{
	{"SQL_ASCII", 1, nil}, {"EUC_JP", 3, japanese.EUCJP}, {"EUC_CN", 3, simplifiedchinese.GBK}, {"EUC_KR", 3, korean.EUCKR},
	{"EUC_TW", 4, nil}, {"EUC_JIS_2004", 3, nil}, {"UTF8", 4, encoding.Nop}, {"MULE_INTERNAL", 4, nil}, {"LATIN1", 1, charmap.ISO8859_1},
	{"LATIN2", 1, charmap.ISO8859_2}, {"LATIN3", 1, charmap.ISO8859_3}, {"LATIN4", 1, charmap.ISO8859_4}, {"LATIN5", 1, charmap.ISO8859_9},
	{"LATIN6", 1, charmap.ISO8859_10}, {"LATIN7", 1, charmap.ISO8859_13}, {"LATIN8", 1, charmap.ISO8859_14}, {"LATIN9", 1, charmap.ISO8859_15},
	{"LATIN10", 1, charmap.ISO8859_16}, {"WIN1256", 1, charmap.Windows1256}, {"WIN1258", 1, charmap.Windows1258}, {"WIN866", 1, charmap.CodePage866},
	{"WIN874", 1, charmap.Windows874}, {"KOI8R", 1, charmap.KOI8R}, {"WIN1251", 1, charmap.Windows1251}, {"WIN1252", 1, charmap.Windows1252},
	{"ISO_8859_5", 1, charmap.ISO8859_5}, {"ISO_8859_6", 1, charmap.ISO8859_6}, {"ISO_8859_7", 1, charmap.ISO8859_7},
	{"ISO_8859_8", 1, charmap.ISO8859_8}, {"WIN1250", 1, charmap.Windows1250}, {"WIN1253", 1, charmap.Windows1253},
	{"WIN1254", 1, charmap.Windows1254}, {"WIN1255", 1, charmap.Windows1255}, {"WIN1257", 1, charmap.Windows1257}, {"KOI8U", 1, charmap.KOI8U},
	{"SJIS", 2, japanese.ShiftJIS}, {"BIG5", 2, traditionalchinese.Big5}, {"GBK", 2, simplifiedchinese.GBK}, {"UHC", 2, korean.EUCKR},
	{"GB18030", 4, simplifiedchinese.GB18030}, {"JOHAB", 3, nil}, {"SHIFT_JIS_2004", 2, nil},
}

// aliases are the other names that encodings go by, folded.
var aliases = map[string]string{
	"abc": "WIN1258", "alt": "WIN866", "iso88591": "LATIN1", "iso885910": "LATIN6", "iso885913": "LATIN7", "iso885914": "LATIN8",
	"iso885915": "LATIN9", "iso885916": "LATIN10", "iso88592": "LATIN2", "iso88593": "LATIN3", "iso88594": "LATIN4", "iso88599": "LATIN5",
	"koi8": "KOI8R", "mskanji": "SJIS", "shiftjis": "SJIS", "tcvn": "WIN1258", "tcvn5712": "WIN1258", "unicode": "UTF8", "vscii": "WIN1258",
	"win": "WIN1251", "win932": "SJIS", "win936": "GBK", "win949": "UHC", "win950": "BIG5", "windows1250": "WIN1250", "windows1251": "WIN1251",
	"windows1252": "WIN1252", "windows1253": "WIN1253", "windows1254": "WIN1254", "windows1255": "WIN1255", "windows1256": "WIN1256",
	"windows1257": "WIN1257", "windows1258": "WIN1258", "windows866": "WIN866", "windows874": "WIN874", "windows932": "SJIS", "windows936": "GBK",
	"windows949": "UHC", "windows950": "BIG5",
}

// fold keeps letters and digits, in lower case: clients punctuate the names of encodings as they like.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}

// Number finds an encoding by name, -1 when there is none.
func Number(name string) int {
	folded := fold(name)
	if alias, ok := aliases[folded]; ok {
		folded = fold(alias)
	}
	for i := range All {
		if fold(All[i].Name) == folded {
			return i
		}
	}
	return -1
}

// Converts tells whether there is a conversion between the encoding and UTF-8.
func (c *Charset) Converts() bool { return c.table != nil }

// ForClient finds the encoding that a client with a setting of client_encoding needs conversion to; nil when it takes bytes as they are.
func ForClient(name string) *Charset {
	if i := Number(name); i >= 0 && i != UTF8 && All[i].Converts() {
		return &All[i]
	}
	return nil
}

// Encode turns UTF-8 into the encoding. A character that it does not have is 22P05.
func (c *Charset) Encode(b []byte) ([]byte, error) {
	if c.MaxBytes == 1 && plain(b) {
		return b, nil
	}
	out, err := c.table.NewEncoder().Bytes(b)
	if err == nil {
		return out, nil
	}
	// Character by character, to name the one that has no equivalent.
	for len(b) > 0 {
		_, n := utf8.DecodeRune(b)
		if _, err := c.table.NewEncoder().Bytes(b[:n]); err != nil {
			return nil, errNoEquivalent(b[:n], "UTF8", c.Name)
		}
		b = b[n:]
	}
	return out, nil
}

// EncodeLossy is Encode for texts that have to arrive: characters that the encoding does not have become question marks.
func (c *Charset) EncodeLossy(b []byte) []byte {
	if out, err := c.Encode(b); err == nil {
		return out
	}
	var out []byte
	for len(b) > 0 {
		_, n := utf8.DecodeRune(b)
		if v, err := c.table.NewEncoder().Bytes(b[:n]); err == nil {
			out = append(out, v...)
		} else {
			out = append(out, '?')
		}
		b = b[n:]
	}
	return out
}

// Decode turns text in the encoding into UTF-8. Bytes that are none of its characters are 22021, or 22P05 in an encoding of single bytes.
func (c *Charset) Decode(b []byte) ([]byte, error) {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return nil, errBytes(c, b[i:i+1])
	}
	if c.MaxBytes == 1 && plain(b) {
		return b, nil
	}
	out, err := c.table.NewDecoder().Bytes(b)
	if err == nil && !bytes.ContainsRune(out, utf8.RuneError) {
		return out, nil
	}
	// The tables give U+FFFD for what they do not have.
	for len(b) > 0 {
		n := 1
		if b[0] >= 0x80 {
			n = min(c.MaxBytes, len(b), 2)
		}
		if v, err := c.table.NewDecoder().Bytes(b[:n]); err != nil || bytes.ContainsRune(v, utf8.RuneError) {
			if c.MaxBytes == 1 {
				return nil, errNoEquivalent(b[:n], c.Name, "UTF8")
			}
			return nil, errBytes(c, b[:n])
		}
		b = b[n:]
	}
	return out, nil
}

// Whole is the length of b without the beginning of a character at its end.
func (c *Charset) Whole(b []byte) int {
	if c.MaxBytes == 1 {
		return len(b)
	}
	at := 0
	for at < len(b) {
		n := 1
		switch {
		case b[at] < 0x80:
		case c.Name == "GB18030" && at+1 < len(b) && b[at+1] >= '0' && b[at+1] <= '9':
			n = 4
		case c.Name == "EUC_JP" && b[at] == 0x8f:
			n = 3
		case c.Name == "SJIS" && b[at] >= 0xa1 && b[at] <= 0xdf: // half-width katakana
		default:
			n = 2
		}
		if at+n > len(b) {
			break
		}
		at += n
	}
	return at
}

// plain tells whether there is nothing but ASCII, which every encoding of single bytes has in its place.
func plain(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

func errNoEquivalent(b []byte, from, to string) error {
	return pgerr.Newf(pgerr.UntranslatableCharacter, "character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"%s\"", byteList(b), from, to)
}

func errBytes(from *Charset, b []byte) error {
	return pgerr.Newf(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"%s\": %s", from.Name, byteList(b))
}

func byteList(b []byte) string {
	parts := make([]string, len(b))
	for i, c := range b {
		parts[i] = fmt.Sprintf("0x%02x", c)
	}
	return strings.Join(parts, " ")
}
