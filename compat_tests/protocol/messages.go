package protocol

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgproto3/v2"
)

// value is a parameter or a column: text, NULL, or {"hex":"…"}.
type value []byte

// UnmarshalJSON reads the three forms.
func (v *value) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err == nil {
		*v = value(text)
		if *v == nil {
			*v = value{}
		}
		if string(b) == "null" {
			*v = nil
		}
		return nil
	}
	var raw struct{ Hex string }
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	decoded, err := hex.DecodeString(raw.Hex)
	*v = decoded
	return err
}

// encode makes the bytes of one message of a script; ok is false when the word names none.
func encode(word, rest string) (out []byte, ok bool, err error) {
	var m pgproto3.FrontendMessage
	var text string
	switch word {
	case "Startup":
		return startup(rest)
	case "SSLRequest":
		m = &pgproto3.SSLRequest{}
	case "GSSENCRequest":
		m = &pgproto3.GSSEncRequest{}
	case "Query", "CopyData", "CopyFail":
		if err := json.Unmarshal([]byte(rest), &text); err != nil {
			return nil, true, err
		}
		switch word {
		case "Query":
			m = &pgproto3.Query{String: text}
		case "CopyData":
			m = &pgproto3.CopyData{Data: []byte(text)}
		default:
			m = &pgproto3.CopyFail{Message: text}
		}
	case "CopyDone":
		m = &pgproto3.CopyDone{}
	case "Sync":
		m = &pgproto3.Sync{}
	case "Flush":
		m = &pgproto3.Flush{}
	case "Terminate":
		m = &pgproto3.Terminate{}
	case "Parse", "Bind", "Describe", "Execute", "Close":
		if m, err = extended(word, rest); err != nil {
			return nil, true, err
		}
	default:
		return nil, false, nil
	}
	out, err = m.Encode(nil)
	return out, true, err
}

// extended reads a message of the extended protocol. Describe and Close name {"Statement":…} or {"Portal":…}.
func extended(word, rest string) (pgproto3.FrontendMessage, error) {
	var f struct {
		Name, Query      string
		Types            []uint32
		Statement        *string
		Portal           *string
		Parameters       []value
		ParameterFormats []int16
		ResultFormats    []int16
		Limit            uint32
	}
	d := json.NewDecoder(strings.NewReader(rest))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, err
	}
	name := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	kind, target := byte('P'), name(f.Portal)
	if f.Statement != nil {
		kind, target = 'S', *f.Statement
	}
	switch word {
	case "Parse":
		return &pgproto3.Parse{Name: f.Name, Query: f.Query, ParameterOIDs: f.Types}, nil
	case "Execute":
		return &pgproto3.Execute{Portal: name(f.Portal), MaxRows: f.Limit}, nil
	case "Describe":
		return &pgproto3.Describe{ObjectType: kind, Name: target}, nil
	case "Close":
		return &pgproto3.Close{ObjectType: kind, Name: target}, nil
	}
	b := &pgproto3.Bind{DestinationPortal: name(f.Portal), PreparedStatement: name(f.Statement),
		ParameterFormatCodes: f.ParameterFormats, ResultFormatCodes: f.ResultFormats}
	for _, p := range f.Parameters {
		b.Parameters = append(b.Parameters, p)
	}
	return b, nil
}

// startup makes a StartupMessage of {"Version":"3.0","Parameters":["user","postgres",…]}.
func startup(rest string) ([]byte, bool, error) {
	var f struct {
		Version    string
		Parameters []string
	}
	if err := json.Unmarshal([]byte(rest), &f); err != nil {
		return nil, true, err
	}
	major, minor, _ := strings.Cut(f.Version, ".")
	high, err1 := strconv.Atoi(major)
	low, err2 := strconv.Atoi(minor)
	if err1 != nil || err2 != nil {
		return nil, true, fmt.Errorf("version %q", f.Version)
	}
	b := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 0}, uint32(high)<<16|uint32(low))
	for _, p := range f.Parameters {
		b = append(append(b, p...), 0)
	}
	b = append(b, 0)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b, true, nil
}

// kinds names the backend's messages.
var kinds = map[byte]string{'1': "ParseComplete", '2': "BindComplete", '3': "CloseComplete", 'A': "NotificationResponse", 'c': "CopyDone", 'C': "CommandComplete",
	'd': "CopyData", 'D': "DataRow", 'E': "ErrorResponse", 'G': "CopyInResponse", 'H': "CopyOutResponse", 'I': "EmptyQueryResponse", 'K': "BackendKeyData",
	'n': "NoData", 'N': "NoticeResponse", 'R': "Authentication", 's': "PortalSuspended", 'S': "ParameterStatus", 't': "ParameterDescription",
	'T': "RowDescription", 'v': "NegotiateProtocolVersion", 'V': "FunctionCallResponse", 'Z': "ReadyForQuery"}

// render prints a message of the backend on one line; ok is false for messages that scripts leave out.
func render(kind byte, body []byte) (line string, ok bool, err error) {
	name := kinds[kind]
	if name == "" {
		return "", false, fmt.Errorf("message of unknown type %q", kind)
	}
	var detail any
	switch kind {
	case 'C', 'Z', 'S':
		fields := strings.Split(strings.TrimRight(string(body), "\x00"), "\x00")
		if kind == 'S' {
			if fields[0] == "server_version" || fields[0] == "kalampg_version" {
				return "", false, nil
			}
			fields = append(fields, "")
			detail = fields[0] + "=" + fields[1]
		} else {
			detail = fields[0]
		}
	case 'E', 'N':
		detail, err = errorFields(body)
	case 'D':
		var row pgproto3.DataRow
		err = row.Decode(body)
		values := make([]any, len(row.Values))
		for i, v := range row.Values {
			values[i] = printable(v)
		}
		detail = values
	case 'd':
		detail = printable(body)
	case 'T':
		detail, err = rowFields(body)
	case 't':
		var p pgproto3.ParameterDescription
		if err = p.Decode(body); len(p.ParameterOIDs) > 100 {
			detail = map[string]any{"count": len(p.ParameterOIDs), "last": p.ParameterOIDs[len(p.ParameterOIDs)-1]}
		} else {
			detail = p.ParameterOIDs
		}
	case 'G', 'H':
		detail = map[string]any{"Format": body[0], "Columns": len(body[3:]) / 2}
	case 'R':
		detail = binary.BigEndian.Uint32(body)
	case 'v', 'V', 'A':
		detail = printable(body)
	}
	if err != nil || detail == nil {
		return name, true, err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err = e.Encode(detail)
	return name + " " + strings.TrimSpace(out.String()), true, err
}

// printable is a value as JSON: text where it is text, hexadecimal else, and a digest where it is long.
func printable(v []byte) any {
	switch {
	case v == nil:
		return nil
	case len(v) > 400:
		return map[string]any{"length": len(v), "md5": fmt.Sprintf("%x", md5.Sum(v))}
	case utf8.Valid(v) && bytes.IndexFunc(v, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) < 0:
		return string(v)
	}
	return map[string]any{"hex": hex.EncodeToString(v)}
}

// errorFields are the fields that clients branch on, by their one-letter keys. File, line and routine are the implementation's own.
func errorFields(body []byte) (any, error) {
	names := map[byte]string{'S': "Severity", 'C': "Code", 'M': "Message", 'D': "Detail", 'H': "Hint", 'P': "Position", 'p': "InternalPosition",
		'q': "InternalQuery", 'W': "Where", 's': "Schema", 't': "Table", 'c': "Column", 'd': "DataType", 'n': "Constraint"}
	fields := map[string]string{}
	for len(body) > 1 {
		text, rest, found := bytes.Cut(body[1:], []byte{0})
		if !found {
			return nil, fmt.Errorf("an error field does not end")
		}
		if name, ok := names[body[0]]; ok {
			fields[name] = string(text)
		}
		body = rest
	}
	return fields, nil
}

// firstUserOID is the first OID that objects of users get: from there on they differ between servers.
const firstUserOID = 16384

func rowFields(body []byte) (any, error) {
	var row pgproto3.RowDescription
	if err := row.Decode(body); err != nil {
		return nil, err
	}
	fields := make([]string, 0, len(row.Fields))
	for _, f := range row.Fields {
		table := strconv.Itoa(int(f.TableOID))
		if f.TableOID >= firstUserOID {
			table = "user"
		}
		fields = append(fields, fmt.Sprintf("%s type=%d size=%d mod=%d format=%d table=%s.%d", f.Name, f.DataTypeOID, f.DataTypeSize, f.TypeModifier,
			f.Format, table, f.TableAttributeNumber))
	}
	return fields, nil
}
