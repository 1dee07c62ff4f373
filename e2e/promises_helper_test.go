package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

type jsonObject = map[string]any

// documentPromises are what clients of a document rely on, sorted: its calls, their ids,
// parameters, answers and credentials, and the fields of schemas. That a field may be left
// out is a promise, too.
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
	schemas := object(document["definitions"])
	if components := object(document["components"]); len(components) > 0 {
		schemas = object(components["schemas"])
	}
	for name, schema := range schemas {
		describeSchema(name, object(schema), add)
	}
	slices.Sort(promises)
	return slices.Compact(promises)
}

func describeOperation(call string, operation jsonObject, add func(symbol, promise string, values ...any)) {
	add(call, "id %v", operation["operationId"])
	for _, way := range list(operation["security"]) {
		for scheme := range object(way) {
			add(call, "takes %s", scheme)
		}
	}
	for _, parameter := range list(operation["parameters"]) {
		parameter := object(parameter)
		add(call, "parameter %v in %v", parameter["name"], parameter["in"])
		for _, value := range append(list(parameter["enum"]), list(object(parameter["schema"])["enum"])...) {
			add(call, "parameter %v takes %v", parameter["name"], value)
		}
	}
	for status, answer := range object(operation["responses"]) {
		add(call, "answers %s %s", status, schemaName(object(answer)))
	}
	add(call, "body %s", schemaName(object(operation["requestBody"])))
}

// schemaName finds the schema of an answer or a body in either format.
func schemaName(holder jsonObject) string {
	schema := object(holder["schema"])
	for _, mediaType := range object(holder["content"]) {
		schema = object(object(mediaType)["schema"])
	}
	ref, _ := schema["$ref"].(string)
	return ref[strings.LastIndex(ref, "/")+1:]
}

func describeSchema(name string, schema jsonObject, add func(symbol, promise string, values ...any)) {
	required := list(schema["required"])
	for field, property := range object(schema["properties"]) {
		property := object(property)
		symbol := name + "." + field
		add(symbol, "%v %v %v", property["type"], property["format"], property["nullable"])
		for _, value := range list(property["enum"]) {
			add(symbol, "may be %v", value)
		}
		if slices.Contains(required, any(field)) {
			add(symbol, "is always there")
		} else {
			add(symbol, "may be left out")
		}
	}
}

func object(value any) jsonObject { object, _ := value.(jsonObject); return object }

func list(value any) []any { list, _ := value.([]any); return list }
