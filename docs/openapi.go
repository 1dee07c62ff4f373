package docs

import (
	"slices"
	"strings"
)

// completeOpenAPI says in OpenAPI 3 what Swagger 2.0 has no words for: the media type
// of each answer, several examples, and null.
func completeOpenAPI(document object) {
	eachOperation(document, func(operation object) {
		for _, response := range member(operation, "responses") {
			completeResponse(response.(object))
		}
	})
	walk(document, func(schema object) {
		if schema["nullable"] == true && schema["type"] == nil {
			schema["type"] = "object" // nullable says nothing without a type
		}
	})
}

// nullAsType says null as OpenAPI 3.1 does, which has no nullable.
func nullAsType(document object) {
	walk(document, func(schema object) {
		if schema["nullable"] == true {
			delete(schema, "nullable")
			schema["type"] = []any{schema["type"], "null"}
		}
	})
}

func completeResponse(response object) {
	content, _ := response["content"].(object)
	codes, isRefusal := response[codesMember].([]any)
	if !isRefusal {
		delete(content, problemJSON)
		return
	}
	delete(response, codesMember)
	body := content[problemJSON].(object)
	example := body["example"].(object)
	examples := object{}
	for _, code := range codes {
		examples[code.(string)] = object{"value": refusalExample(int(example["status"].(float64)), code.(string))}
	}
	delete(body, "example")
	body["examples"] = ordered{members: examples, first: []string{codes[0].(string)}}
	response["content"] = object{problemJSON: body}
}

// addBearer describes Authorization: Bearer, where keys are read from there, and offers
// it wherever a key can be sent otherwise, in the application's calls, too.
func (o *own) addBearer(ours, app object) {
	if !slices.ContainsFunc(o.ways, isBearer) {
		return
	}
	bearer := o.ways[slices.IndexFunc(o.ways, isBearer)]
	member(member(ours, "components"), "securitySchemes")[bearer] = object{
		"type": "http", "scheme": "bearer", "description": "An API key in the header Authorization.",
	}
	for _, document := range []object{ours, app} {
		eachOperation(document, func(operation object) {
			security, _ := operation["security"].([]any)
			if n := slices.IndexFunc(security, o.isKeyAlone); n >= 0 {
				operation["security"] = slices.Insert(security, n+1, any(object{bearer: []string{}}))
			}
		})
	}
}

// isKeyAlone reports whether a requirement is met by a key and nothing else.
func (o *own) isKeyAlone(requirement any) bool {
	ways, _ := requirement.(object)
	return len(ways) == 1 && slices.ContainsFunc(o.swaggerWays, func(name string) bool { return ways[name] != nil })
}

func isBearer(name string) bool { return strings.HasSuffix(name, "ApiKeyBearer") }
