// The program signs a user up, and its key is refused as soon as it is revoked.
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/auto"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/users"
)

func main() {
	ctx, r := context.Background(), gin.New()
	auth := must(auto.New(ctx))
	defer auth.Close()
	r.Group("/api", auth.Guard()).GET("/orders", func(c *gin.Context) { c.Status(http.StatusOK) })
	ada := must(auth.Users().Register(ctx, users.RegisterParams{Username: "ada", Email: "ada@example.com", Password: "Analytical-1_Engine"}))
	issued := must(auth.Keys().Issue(ctx, keys.IssueParams{Name: "notebook", UserID: ada.UserID}))
	for range 2 { // prints 200, and 401 after the revocation
		request, answer := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/orders", nil), httptest.NewRecorder()
		request.Header.Set("api-key", issued.Key)
		r.ServeHTTP(answer, request)
		fmt.Println(answer.Code)
		must(auth.Keys().Revoke(ctx, keys.ByID(issued.ID)))
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
