package mcp

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sync"

	"github.com/google/jsonschema-go/jsonschema"

	"andon/kanban"
)

// input is the schema of what a tool takes. It promises less than is taken, so
// that a model which keeps to it is always understood.
func (t tool) input() map[string]any {
	properties := map[string]any{}
	required := []string{}
	for _, p := range t.all() {
		if p.kind == ignored {
			continue
		}
		properties[p.name] = p.schema()
		if p.required {
			required = append(required, p.name)
		}
	}
	s := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func (p param) schema() map[string]any {
	s := map[string]any{"description": p.about}
	switch p.kind {
	case number:
		s["type"] = "integer"
		if p.min != p.max {
			s["minimum"], s["maximum"] = p.min, p.max
		}
	case yesno:
		s["type"] = "boolean"
	case texts:
		s["type"], s["items"] = "array", map[string]any{"type": "string"}
	case object:
		s["type"] = "object"
	default:
		s["type"] = "string"
		if p.among != nil {
			s["enum"] = p.among
		}
	}
	return s
}

// schemaOf is the schema of a result. It is found by reflection, which costs time:
// so not before there is a server, and once for all that a process has.
func schemaOf(v any) any {
	if known, ok := schemas.Load(reflect.TypeOf(v)); ok {
		return known
	}
	schema, err := jsonschema.ForType(reflect.TypeOf(v), &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[json.RawMessage](): {},
		reflect.TypeFor[kanban.Money]():    {Type: "number"}, // of dollars
		reflect.TypeFor[kanban.Payload]():  {Types: []string{"null", "object"}},
	}})
	if err != nil {
		panic(fmt.Sprintf("the schema of %T: %v", v, err)) // the types are ours
	}
	open(schema)
	known, _ := schemas.LoadOrStore(reflect.TypeOf(v), schema)
	return known
}

var schemas sync.Map // of results, by their types; nobody changes them

// open lets objects have more keys than are promised: a client that checks answers
// must not break on those of a later andon.
func open(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Not != nil {
		s.AdditionalProperties = nil
	}
	open(s.Items)
	open(s.AdditionalProperties)
	for _, p := range s.Properties {
		open(p)
	}
}
