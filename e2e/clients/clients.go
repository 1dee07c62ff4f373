// Package clients holds the versions of the generators, and of what their clients are made
// of, in a module of its own: nothing else needs them.
package clients

import (
	_ "github.com/go-openapi/runtime/client"
	_ "github.com/go-openapi/validate"
	_ "github.com/oapi-codegen/runtime"
)
