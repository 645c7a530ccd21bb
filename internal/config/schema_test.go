package config

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestSchemaIsPublished(t *testing.T) {
	t.Parallel()
	published, err := os.ReadFile(filepath.Join("..", "..", "docs", "andon.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(Schema()), string(published)); diff != "" {
		t.Errorf("docs/andon.schema.json is not internal/config/andon.schema.json; copy it there (-embedded +published):\n%s", diff)
	}
}

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("andon.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("andon.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate holds a text of YAML against the schema, as an editor does.
func validate(t testing.TB, s *jsonschema.Schema, text string) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func TestExampleFitsTheSchema(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	if err := validate(t, s, string(Example())); err != nil {
		t.Error(err)
	}
	before, after, _ := strings.Cut(string(Example()), "profiles: {}")
	after = strings.Replace(strings.ReplaceAll(after, "\n#   ", "\n  "), "targets: {}", "targets:", 1)
	if err := validate(t, s, before+"profiles:"+after); err != nil {
		t.Errorf("with its profiles and targets: %v", err)
	}
}

// Each field of the settings is in the schema and no other, with the default that
// it has, whoever adds one.
func TestSchemaHasEveryField(t *testing.T) {
	t.Parallel()
	var root map[string]any
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	defs := root["$defs"].(map[string]any)
	var compare func(at string, v reflect.Value, schema map[string]any)
	compare = func(at string, v reflect.Value, schema map[string]any) {
		properties, _ := schema["properties"].(map[string]any)
		known := map[string]bool{}
		for i := range v.NumField() {
			name := key(v.Type().Field(i).Name)
			known[name] = true
			property, ok := properties[name].(map[string]any)
			if !ok {
				t.Errorf("%s%s is not in the schema", at, name)
				continue
			}
			if property["description"] == nil {
				t.Errorf("%s%s has no description in the schema", at, name)
			}
			field := v.Field(i)
			if _, isDuration := field.Interface().(Duration); field.Kind() == reflect.Struct && !isDuration {
				compare(at+name+".", field, property)
				continue
			}
			want := property["default"]
			if want == nil {
				continue // it must be given
			}
			if got := defaultOf(field); !sameDefault(got, want) {
				t.Errorf("%s%s is %v by default, and %v in the schema", at, name, got, want)
			}
		}
		for name := range properties {
			if !known[name] {
				t.Errorf("%s%s is in the schema and no field", at, name)
			}
		}
	}
	compare("", reflect.ValueOf(Default()), root)
	compare("profiles.*.", reflect.ValueOf(defaultProfile()), defs["profile"].(map[string]any))
	// Of a target each kind has its own fields; one secret may be given alone.
	target := defs["target"].(map[string]any)
	delete(target["properties"].(map[string]any), "secret")
	compare("notify.targets.*.", reflect.ValueOf(Target{}), target)
}

// key is how andon.yaml spells a field.
func key(field string) string {
	var b strings.Builder
	for i, r := range field {
		if unicode.IsUpper(r) && i > 0 && strings.ToUpper(field) != field {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func defaultOf(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case Duration:
		return x.String()
	}
	switch v.Kind() {
	case reflect.Int:
		return float64(v.Int())
	case reflect.String:
		return v.String()
	case reflect.Map, reflect.Slice:
		return v.Len()
	}
	return v.Interface()
}

func sameDefault(got, want any) bool {
	if m, ok := want.(map[string]any); ok {
		return got == len(m)
	}
	if l, ok := want.([]any); ok {
		return got == len(l)
	}
	if n, ok := want.(float64); ok && n == 0 && got == "0s" {
		return true
	}
	return got == want
}

// What the one refuses for a field, a type or a bound, the other does too; and
// what is right is right to both.
func TestSchemaAgreesWithTheParser(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	for _, text := range []string{
		"", "# nothing\n", "dispatch:\nprofiles:\n",
		"dispatch:\n  max_in_progress: 0\n  failure_limit: 5\n  interval: 90\n  stale_timeout: 0\n",
		"dispatch: {interval: 1H30m, stale_timeout: \"1.5h\"}\n",
		"profiles:\n  \" Writer \":\n    command: [agent, 5, 1.10, true]\n    env: {PORT: 8080, A: \"\"}\n    on_exit: complete\n    max_runtime: 1h30m\n    stdin: prompt\n",
		"profiles: {a: {command: [x], env: }}\n", "profiles: {a: {preset: hermes}, b: {preset: hermes, command: [/opt/hermes]}}\n",
		"profiles: {a: {command: [x], env: }}\n",
		"budgets: []\n", "profiles: {a: {command: [x]}}\nbudgets: [{profile: a, usd: 0.5, per: day}, {tenant: t, board: ops, tokens: 2000000, per: week}, {usd: 5, tokens: 0, per: month}]\n",
		"boards:\nresources:\n", "boards: {ops: {max_in_progress: 2}, x_1: }\n", "resources: {gpu: 1, phone.a: 2}\nprofiles: {a: {command: [x], resources: [gpu], account: me}}\n",
		"planner:\n", "planner: {command: [x, 5], timeout: 90, auto: true}\n", "planner: {endpoint: \"https://h/v1\", model: m, key_env: K}\n",
		"notify:\n", "notify: {targets: }\n", "notify: {targets: {me: {kind: desktop, follow: [blocked]}}}\n",
		"notify: {targets: {a: {kind: webhook, url: \"https://x/y\", secret: \"${S}\"}, b: {kind: webhook, url: \"${U}\", secrets: [\"${S}\", \"${T}\"]}}}\n",
		"notify: {targets: {a: {kind: command, argv: [tell, 5]}, b: {kind: shoutrrr, url: \"slack://token@channel\"}}}\n",
	} {
		if _, err := Parse("f", []byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if err := validate(t, s, text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{
		"colour: red\n", "- a\n", "dispatch: 3\n", "dispatch: {intreval: 3}\n", "dispatch: {failure_limit: 0}\n", "dispatch: {failure_limit: two}\n",
		"dispatch: {failure_limit: 1.5}\n", "dispatch: {failure_limit: 99999999999}\n", "dispatch: {failure_limit: }\n", "dispatch: {interval: -5s}\n",
		"dispatch: {interval: 1.5}\n", "dispatch: {interval: soon}\n", "dispatch: {max_in_progress: -1}\n", "profiles: {a b: {command: [x]}}\n",
		"profiles: {a: {comand: [x]}}\n", "profiles: {a: }\n", "profiles: {a: {command: []}}\n", "profiles: {a: {command: x}}\n", "profiles: {a: {command: [x, [y]]}}\n",
		"profiles: {a: {command: [x], on_exit: finish}}\n", "profiles: {a: {command: [x], stdin: title}}\n", "profiles: {a: {command: [x], env: {\"A=B\": c}}}\n",
		"profiles: {a: {command: [x], max_retries: -1}}\n", "profiles: {a: {description: x}}\n", "profiles: {a: {preset: apollo}}\n",
		"profiles: {a: {command: [x], max_retries: -1}}\n", "profiles: {a: {description: x}}\n",
		"budgets:\n", "budgets: 5\n", "budgets: [5]\n", "budgets: [{usd: 5}]\n", "budgets: [{per: day}]\n", "budgets: [{usd: -1, per: day}]\n", "budgets: [{usd: 5, per: year}]\n",
		"budgets: [{tokens: 1.5, per: day}]\n", "budgets: [{eur: 5, per: day}]\n", "budgets: [{usd: 0, per: day}]\n", "budgets: [{usd: many, per: day}]\n",
		"boards: {ops: 3}\n", "boards: {ops: {cap: 3}}\n", "boards: {ops: {max_in_progress: -1}}\n", "boards: {Ops: {}}\n", "resources: [gpu]\n",
		"resources: {gpu: 0}\n", "resources: {gpu: }\n", "resources: {GPU: 1}\n", "profiles: {a: {command: [x], resources: gpu}}\n", "profiles: {a: {command: [x], account: [b]}}\n",
		"planner: [x]\n", "planner: {comand: [x]}\n", "planner: {command: x}\n", "planner: {auto: maybe}\n", "planner: {endpoint: \"h:80\", model: m}\n",
		"planner: {command: [x], endpoint: \"https://h\", model: m}\n", "planner: {endpoint: \"https://h\"}\n", "planner: {model: m}\n",
		"notify: {target: {}}\n", "notify: {targets: {A: {kind: desktop}}}\n", "notify: {targets: {a: {}}}\n", "notify: {targets: {a: {kind: pigeon}}}\n",
		"notify: {targets: {a: {kind: desktop, url: x}}}\n", "notify: {targets: {a: {kind: webhook, url: \"https://x\"}}}\n", "notify: {targets: {a: {kind: command}}}\n",
		"notify: {targets: {a: {kind: desktop, follow: [born]}}}\n", "notify: {targets: {a: {kind: webhook, url: \"https://x\", secret: plain}}}\n",
		"notify: {targets: {a: {kind: webhook, url: \"https://x\", secret: \"${S}\", secrets: [\"${S}\"]}}}\n",
	} {
		if _, err := Parse("f", []byte(text)); err == nil {
			t.Errorf("the parser takes %q", text)
		}
		if err := validate(t, s, text); err == nil {
			t.Errorf("the schema takes %q", text)
		}
	}
}
