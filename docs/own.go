package docs

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ginauth/ginauth"
)

//go:embed ginauth_swagger.json
var ownSpec []byte

// own is ginauth's part of the documents.
type own struct {
	swagger object // its paths, definitions, securityDefinitions and tags
	// order names the paths in the order in which they are shown.
	order []string
	// ways are the schemes by which a key can be sent: all, and those that Swagger 2.0
	// has words for.
	ways, swaggerWays []string
}

// readOwn returns ginauth's calls as far as they are mounted and to be shown, and the
// ways to send a credential.
func readOwn(auth *ginauth.Auth) (*own, error) {
	var document object
	if err := json.Unmarshal(ownSpec, &document); err != nil {
		return nil, fmt.Errorf("reading ginauth's own document: %w", err)
	}
	o := &own{swagger: object{"swagger": "2.0", "info": ownInfo(), "paths": object{}}}
	o.addKeySchemes(auth.KeySources())
	if auth.HidesDocs() {
		return o, nil
	}
	describe(document)
	schemes := member(o.swagger, "securityDefinitions")
	schemes["AdminSecret"] = member(document, "securityDefinitions")["AdminSecret"]
	if len(auth.AccountPaths()) > 0 {
		schemes["Account"] = object{"type": "basic", "description": "A username or email address, and the password."}
	}
	for n, base := range auth.AdminPaths() {
		o.mount(document, base, adminCalls(), n, auth.SendsMail())
	}
	for n, base := range auth.AccountPaths() {
		o.mount(document, base, accountCalls(), n, auth.SendsMail())
	}
	o.swagger["definitions"] = reachable(o.swagger["paths"], member(document, "definitions"))
	return o, nil
}

// adminCalls and accountCalls are the paths of ginauth's own document in the order in
// which people use them.
func adminCalls() []string {
	return []string{
		"/new", "/new/bulk", "/renew", "/revoke", "/revoke/bulk", "/delete", "/lookup", "/logs", "/logs/export", "/usage", "/totals",
		"/users", "/users/export", "/users/update", "/users/disable", "/users/enable", "/users/reset", "/users/delete", "/verify",
	}
}

func accountCalls() []string {
	return []string{
		"/account", "/account/new", "/account/renew", "/account/revoke", "/account/logs", "/account/usage",
		"/account/password", "/account/email",
		"/account/confirm/send", "/account/confirm", "/account/forgot", "/account/reset", "/account/link",
	}
}

func needsMail(path string) bool {
	switch path {
	case "/users/reset", "/account/confirm/send", "/account/confirm", "/account/forgot", "/account/reset", "/account/link":
		return true
	default:
		return false
	}
}

// mount adds calls below a path. Those that are mounted the second time, or more
// often, have the number in their ids.
func (o *own) mount(document object, base string, calls []string, n int, mail bool) {
	for _, call := range calls {
		if needsMail(call) && !mail {
			continue
		}
		var item object
		_ = convert(member(document, "paths")[call], &item) // a copy for each mount
		for _, operation := range item {
			operation := operation.(object)
			if n > 0 {
				operation["operationId"] = fmt.Sprint(operation["operationId"], n+1)
			}
			o.declareTag(operation)
			o.expandKey(operation)
		}
		path := join(base, strings.TrimPrefix(call, "/account"))
		member(o.swagger, "paths")[path] = item
		o.order = append(o.order, path)
	}
}

// expandKey offers each way to send a key where one is enough.
func (o *own) expandKey(operation object) {
	security, _ := operation["security"].([]any)
	n := slices.IndexFunc(security, func(way any) bool { return way.(object)["ApiKeyHeader"] != nil })
	if n >= 0 {
		operation["security"] = append(slices.Delete(security, n, n+1), alternatives(o.swaggerWays)...)
	}
	if security == nil {
		operation["security"] = []any{}
	}
}

// alternatives are security requirements of which one is enough.
func alternatives(schemes []string) []any {
	ways := []any{}
	for _, name := range schemes {
		ways = append(ways, object{name: []string{}})
	}
	return ways
}

// addKeySchemes describes the first header and query parameter that take a key, and
// Bearer, for which Swagger 2.0 has no words.
func (o *own) addKeySchemes(sources []ginauth.KeySource) {
	schemes := member(o.swagger, "securityDefinitions")
	var places []string
	for _, source := range sources {
		if source.Name != "" {
			places = append(places, "the "+source.In+" "+source.Name)
		}
	}
	for _, source := range sources {
		name := map[string]string{
			ginauth.InHeader: "ApiKeyHeader", ginauth.InBearer: "ApiKeyBearer", ginauth.InQuery: "ApiKeyQuery",
		}[source.In]
		if name == "" || slices.Contains(o.ways, name) {
			continue
		}
		o.ways = append(o.ways, name)
		if source.In != ginauth.InBearer {
			o.swaggerWays = append(o.swaggerWays, name)
			schemes[name] = object{
				"type": "apiKey", "in": source.In, "name": source.Name,
				"description": "An API key. It is read from " + strings.Join(places, ", ") + ".",
			}
		}
	}
}

// declareTag declares the tag of an operation, in the order in which they appear, but
// for the application's own routes, which come first.
func (o *own) declareTag(operation object) {
	name := operation["tags"].([]any)[0].(string)
	tags, _ := o.swagger["tags"].([]any)
	if !o.hasTag(name) {
		description := map[string]string{
			"keys":        "Issue, renew, revoke, delete and list keys, with the admin secret.",
			"users":       "Look after users, with the admin secret.",
			"account":     "For users themselves, with their password or one of their keys.",
			"application": "Routes of this application that no annotation describes.",
		}[name]
		declared := object{"name": name, "description": description}
		if name == "application" {
			o.swagger["tags"] = append([]any{declared}, tags...)
			return
		}
		o.swagger["tags"] = append(tags, declared)
	}
}

// reachable returns the definitions that paths refer to, by way of others, too.
func reachable(paths any, definitions object) object {
	found := object{}
	var follow func(any)
	follow = func(value any) {
		walk(value, func(o object) {
			ref, _ := o["$ref"].(string)
			name, isDefinition := strings.CutPrefix(ref, "#/definitions/")
			if _, known := found[name]; isDefinition && !known {
				found[name] = definitions[name]
				follow(definitions[name])
			}
		})
	}
	follow(paths)
	return found
}

// describe completes what annotations cannot say: bodies to begin with, and what
// refusals look like.
func describe(document object) {
	definitions := member(document, "definitions")
	addExamples(definitions)
	for _, definition := range definitions {
		nameFields(definition.(object))
	}
	for _, item := range member(document, "paths") {
		for method, operation := range item.(object) {
			describeRefusals(operation.(object), method)
		}
	}
}

// nameFields has descriptions, which are those of fields in Go, begin with the name in
// JSON.
func nameFields(definition object) {
	for name, property := range member(definition, "properties") {
		property := property.(object)
		description, _ := property["description"].(string)
		word, rest, _ := strings.Cut(description, " ")
		if strings.EqualFold(word, strings.ReplaceAll(name, "_", "")) {
			property["description"] = name + " " + rest
		}
	}
}

// addExamples says what "Try it out" begins with: a body that can be sent as it
// is, or with an id put in. Made of the fields' own examples it would name a
// key twice.
func addExamples(definitions object) {
	const id = "019a2f6e-7c1d-7f3a-9a51-0c2b6d1f4e8a"
	for name, example := range map[string]object{
		"NewKeyRequest":          {"username": "ada", "email": "ada@example.com", "password": "Analytical-1_Engine", "name": "notebook"},
		"RenewKeyRequest":        {"id": id, "expiration_date": "2099-12-31", "reactivate": false},
		"KeyRef":                 {"id": id},
		"KeyID":                  {"id": id},
		"AccountRenewKeyRequest": {"id": id, "expiration_date": "2099-12-31"},
		"VerifyRequest":          {"username": "ada", "password": "Analytical-1_Engine"},
		"UserRef":                {"username": "ada"},
		"UpdateUserRequest":      {"username": "ada", "access_until": "2099-12-31"},
		"DeleteUserRequest":      {"username": "ada", "detach_keys": false},
		"ResetUserRequest":       {"username": "ada", "revoke_keys": false},
	} {
		member(definitions, name)["example"] = example
	}
}

// refusedStatus reads the status of a refusal; 0 of other answers.
func refusedStatus(text string) int {
	status, err := strconv.Atoi(text)
	if err != nil || status < 400 {
		return 0
	}
	return status
}
