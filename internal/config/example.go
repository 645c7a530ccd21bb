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
