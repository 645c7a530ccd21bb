package store

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// AppendRow writes a row as a line: a JSON object of every column. What is no
// integer and no proper text, and yet in a SQLite column, is an object of one key.
func (t Table) AppendRow(b []byte, row []any) ([]byte, error) {
	b = append(b, '{')
	for i, c := range t.Columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, c.Name...)
		b = append(b, '"', ':')
		var err error
		if b, err = appendValue(b, row[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return append(b, '}', '\n'), nil
}

func appendValue(b []byte, v any) ([]byte, error) {
	odd := func(kind, text string) []byte { return append(b, `{"`+kind+`":"`+text+`"}`...) }
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case bool: // the driver's word for a number, by the column's declared type
		if v {
			return append(b, '1'), nil
		}
		return append(b, '0'), nil
	case float64:
		return odd("real", strconv.FormatFloat(v, 'x', -1, 64)), nil
	case []byte:
		return odd("blob", base64.StdEncoding.EncodeToString(v)), nil
	case string:
		if !utf8.ValidString(v) {
			return odd("bytes", base64.StdEncoding.EncodeToString([]byte(v))), nil
		}
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			return nil, err
		}
		return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...), nil
	}
	return nil, fmt.Errorf("a value of the unknown type %T", v)
}

// ParseRow reads a line that AppendRow wrote; any other way to say the same is
// refused, so that there is nothing in an archive that a board would not hold.
func (t Table) ParseRow(line []byte) ([]any, error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(line, &values); err != nil {
		return nil, err
	}
	row := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		raw, there := values[c.Name]
		if !there {
			return nil, fmt.Errorf("it has no %s", c.Name)
		}
		delete(values, c.Name)
		v, err := parseValue(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		row[i] = v
	}
	for name := range values {
		return nil, fmt.Errorf("%q is no column of it", name)
	}
	again, err := t.AppendRow(nil, row)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(bytes.TrimSuffix(again, []byte("\n")), line) {
		return nil, fmt.Errorf("it is not written as andon writes it")
	}
	return row, nil
}

func parseValue(raw json.RawMessage) (any, error) {
	switch raw[0] {
	case 'n':
		return nil, nil
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case '{':
		var odd map[string]string
		if err := json.Unmarshal(raw, &odd); err != nil || len(odd) != 1 {
			return nil, fmt.Errorf("an object of one key and a text is expected")
		}
		for kind, text := range odd {
			switch kind {
			case "real":
				return strconv.ParseFloat(text, 64)
			case "blob", "bytes":
				data, err := base64.StdEncoding.DecodeString(text)
				if kind == "blob" {
					return data, err
				}
				return string(data), err
			}
		}
	default:
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("%.60s is no value of a board", raw)
}
