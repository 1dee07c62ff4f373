package auto_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/auto"
)

// Variables say the rest; what has none is set in code.
func ExampleNew() {
	folder, err := os.MkdirTemp("", "ginauth")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	_ = os.Setenv("GINAUTH_DB_LOCATION", folder+"/sqlite.db")
	_ = os.Setenv("GINAUTH_SECRET", "change me, I am only an example!")
	defer os.Unsetenv("GINAUTH_DB_LOCATION")
	defer os.Unsetenv("GINAUTH_SECRET")

	auth, err := auto.New(context.Background(), func(c *ginauth.Config) {
		c.ClientIP = (*gin.Context).ClientIP // behind a proxy that gin trusts
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(auth.Close())
	// Output: <nil>
}
