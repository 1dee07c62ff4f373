package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

type jsonObject = map[string]any

// documentPromises are what clients of a document rely on, sorted: its calls, their ids,
// parameters, bodies, answers and credentials, and the fields of schemas with all that is
// said of their types. That something need not be sent is a promise, too.
func documentPromises(t *testing.T, text string) (promises []string) {
	t.Helper()
	var document jsonObject
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	add := func(symbol, promise string, values ...any) {
		promises = append(promises, symbol+": "+strings.TrimSpace(fmt.Sprintf(promise, values...)))
	}
	for path, item := range object(document["paths"]) {
		for method, operation := range object(item) {
			describeOperation(strings.ToUpper(method)+" "+path, object(operation), add)
		}
	}
	schemas, schemes := object(document["definitions"]), object(document["securityDefinitions"])
	if components := object(document["components"]); len(components) > 0 {
		schemas, schemes = object(components["schemas"]), object(components["securitySchemes"])
	}
	for name, schema := range schemas {
		describeSchema(name, object(schema), add)
	}
	for name, scheme := range schemes {
		add(name, "%s", bare(scheme))
	}
	slices.Sort(promises)
	return slices.Compact(promises)
}

func describeOperation(call string, operation jsonObject, add func(symbol, promise string, values ...any)) {
	add(call, "id %v", operation["operationId"])
	if len(list(operation["security"])) == 0 {
		add(call, "needs no credential")
	}
	for _, way := range list(operation["security"]) {
		add(call, "takes %s", bare(way))
	}
	var required []string
	for _, parameter := range list(operation["parameters"]) {
		parameter := object(parameter)
		add(call, "parameter %v in %v: %s", parameter["name"], parameter["in"], bare(withoutEnum(parameter)))
		for _, value := range append(list(parameter["enum"]), list(object(parameter["schema"])["enum"])...) {
			add(call, "parameter %v takes %v", parameter["name"], value)
		}
		if parameter["required"] == true {
			required = append(required, fmt.Sprint(parameter["name"]))
		}
	}
	slices.Sort(required)
	add(call, "needs the parameters %v and no other", required)
	add(call, "body %s", bare(operation["requestBody"]))
	for status, answer := range object(operation["responses"]) {
		answer := object(answer)
		add(call, "answers %s %s %s", status, bare(answer["schema"]), bare(answer["content"]))
		for header := range object(answer["headers"]) {
			add(call, "answers %s with %s", status, header)
		}
	}
	add(call, "answers in %v", operation["produces"])
}

func describeSchema(name string, schema jsonObject, add func(symbol, promise string, values ...any)) {
	var required []string
	for _, field := range list(schema["required"]) {
		required = append(required, fmt.Sprint(field))
	}
	slices.Sort(required)
	if strings.HasSuffix(name, "Request") || strings.HasSuffix(name, "Ref") || name == "KeyID" {
		add(name, "needs the fields %v and no other", required)
	}
	for field, property := range object(schema["properties"]) {
		symbol := name + "." + field
		add(symbol, "%s", bare(withoutEnum(object(property))))
		for _, value := range list(object(property)["enum"]) {
			add(symbol, "may be %v", value)
		}
		if slices.Contains(required, field) {
			add(symbol, "is always there")
		}
	}
}

// withoutEnum leaves out values, each of which is a promise of its own.
func withoutEnum(holder jsonObject) jsonObject {
	holder = maps.Clone(holder)
	delete(holder, "enum")
	if schema := maps.Clone(object(holder["schema"])); schema != nil {
		delete(schema, "enum")
		holder["schema"] = schema
	}
	return holder
}

// bare writes a part of a document as JSON, without what is said to people.
func bare(value any) string {
	if value == nil {
		return ""
	}
	text, _ := json.Marshal(withoutWords(value))
	return string(text)
}

func withoutWords(value any) any {
	switch value := value.(type) {
	case jsonObject:
		kept := jsonObject{}
		for name, member := range value {
			if !slices.Contains([]string{"description", "example", "examples", "summary"}, name) {
				kept[name] = withoutWords(member)
			}
		}
		return kept
	case []any:
		kept := make([]any, len(value))
		for i, member := range value {
			kept[i] = withoutWords(member)
		}
		return kept
	default:
		return value
	}
}

func object(value any) jsonObject { object, _ := value.(jsonObject); return object }

func list(value any) []any { list, _ := value.([]any); return list }
