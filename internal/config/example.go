package config

import (
	"bytes"
	_ "embed"
)

//go:embed example.yaml
var example []byte

// Example is the andon.yaml a new home begins with: it says what [Default] says,
// and shows each setting.
func Example() []byte { return bytes.Clone(example) }

//go:embed andon.schema.json
var schema []byte

// Schema is the JSON Schema of andon.yaml, for editors and other tools. It knows
// the fields, their types and bounds; what a command may hold only [Parse] knows.
func Schema() []byte { return bytes.Clone(schema) }
