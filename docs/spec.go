package docs

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/swaggo/swag"

	"github.com/ginauth/ginauth"
)

//go:embed ginauth_swagger.json
var ownSpec []byte

// object is a JSON object of a Swagger 2.0 document.
type object = map[string]any

// buildSpec merges the application's spec, ginauth's calls where they are
// mounted, and the ways to send a credential.
func buildSpec(auth *ginauth.Auth) (object, error) {
	var own object
	if err := json.Unmarshal(ownSpec, &own); err != nil {
		return nil, fmt.Errorf("reading ginauth's own spec: %w", err)
	}
	spec, err := applicationSpec()
	if err != nil {
		return nil, err
	}
	if spec == nil {
		spec = object{"swagger": "2.0", "info": ownInfo(), "paths": object{}}
	}
	addKeySchemes(member(spec, "securityDefinitions"), auth.KeySources())
	addOwn(spec, own, auth)
	return spec, nil
}

// ownInfo describes the page of an application without annotations.
func ownInfo() object {
	const description = "The routes of this application, and the calls of ginauth. " +
		"Press Authorize, paste the admin secret under AdminSecret, and issue a key with POST .../new."
	return object{"title": "ginauth", "version": "1.0", "description": description}
}

// addOwn adds ginauth's calls as far as they are mounted and to be shown.
func addOwn(spec, own object, auth *ginauth.Auth) {
	admin, account := split(member(own, "paths"), auth.SendsMail())
	schemes, ownSchemes := member(spec, "securityDefinitions"), member(own, "securityDefinitions")
	addExamples(member(own, "definitions"))
	if paths := auth.AdminPaths(); !auth.HidesDocs() {
		schemes["AdminSecret"] = ownSchemes["AdminSecret"]
		addAll(member(spec, "definitions"), member(own, "definitions"))
		addPaths(member(spec, "paths"), admin, paths)
	}
	if paths := auth.AccountPaths(); len(paths) > 0 {
		schemes["Account"] = ownSchemes["Account"]
		addAll(member(spec, "definitions"), member(own, "definitions"))
		addPaths(member(spec, "paths"), account, paths)
	}
}

// accountPrefix begins the paths of the account calls in ginauth's own spec.
const accountPrefix = "/account"

// split tells the admin calls from those of accounts, and leaves out those that
// need mail, if there is none.
func split(paths object, mail bool) (admin, account object) {
	admin, account = object{}, object{}
	for name, operations := range paths {
		if needsMail(name) && !mail {
			continue
		}
		if rest, ok := strings.CutPrefix(name, accountPrefix); ok {
			account[rest] = operations
		} else {
			admin[name] = operations
		}
	}
	return object{"paths": admin}, object{"paths": account}
}

func needsMail(path string) bool {
	switch path {
	case "/users/reset", "/account/confirm/send", "/account/confirm", "/account/forgot", "/account/reset":
		return true
	default:
		return false
	}
}

// applicationSpec reads what the application registered with swag; nil if it
// registered nothing. Its base path moves into its paths, beside which
// ginauth's must stand, and the page talks to the host that it came from.
func applicationSpec() (object, error) {
	if swag.GetSwagger(swag.Name) == nil {
		return nil, nil //nolint:nilnil // an application without annotations is no error
	}
	text, err := swag.ReadDoc()
	if err != nil {
		return nil, fmt.Errorf("reading the application's spec: %w", err)
	}
	var spec object
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		return nil, fmt.Errorf("reading the application's spec: %w", err)
	}
	basePath, _ := spec["basePath"].(string)
	paths := object{}
	addPaths(paths, spec, []string{path.Join("/", basePath)})
	spec["paths"] = paths
	delete(spec, "basePath")
	delete(spec, "host")
	delete(spec, "schemes")
	return spec, nil
}

// addPaths adds a document's paths below each of the given ones.
func addPaths(paths, document object, below []string) {
	for _, base := range below {
		for name, operations := range member(document, "paths") {
			if operations, ok := operations.(object); ok {
				addAll(member(paths, join(base, name)), operations)
			}
		}
	}
}

// join keeps a slash at the end, which path.Join would cut.
func join(base, name string) string {
	joined := path.Join(base, name)
	if strings.HasSuffix(name, "/") && joined != "/" {
		joined += "/"
	}
	return joined
}

// addExamples says what "Try it out" begins with: a body that can be sent as it
// is, or with an id put in. Made of the fields' own examples it would name a
// key twice.
func addExamples(definitions object) {
	for name, example := range map[string]object{
		"ginauth.NewKeyRequest":          {"username": "ada", "email": "ada@example.com", "password": "Analytical-1_Engine", "name": "notebook"},
		"ginauth.RenewKeyRequest":        {"id": "", "expiration_date": "2099-12-31", "reactivate": false},
		"ginauth.KeyRef":                 {"id": ""},
		"ginauth.KeyID":                  {"id": ""},
		"ginauth.AccountRenewKeyRequest": {"id": "", "expiration_date": "2099-12-31"},
		"ginauth.VerifyRequest":          {"username": "ada", "password": "Analytical-1_Engine"},
		"ginauth.UserRef":                {"username": "ada"},
		"ginauth.DeleteUserRequest":      {"username": "ada", "detach_keys": false},
		"ginauth.ResetUserRequest":       {"username": "ada", "revoke_keys": false},
	} {
		member(definitions, name)["example"] = example
	}
}

// addKeySchemes describes the header and the query parameter that take a key.
// Swagger 2.0 has no words for Bearer.
func addKeySchemes(schemes object, sources []ginauth.KeySource) {
	names := map[string]string{ginauth.InHeader: "ApiKeyHeader", ginauth.InQuery: "ApiKeyQuery"}
	for _, source := range sources {
		if name, ok := names[source.In]; ok {
			schemes[name] = object{
				"type": "apiKey", "in": source.In, "name": source.Name,
				"description": "An API key in the " + source.In + ".",
			}
		}
	}
}

// member returns the object that is a member of another, and makes it if it is
// missing.
func member(parent object, name string) object {
	child, ok := parent[name].(object)
	if !ok {
		child = object{}
		parent[name] = child
	}
	return child
}

func addAll(to, from object) {
	for name, value := range from {
		to[name] = value
	}
}
