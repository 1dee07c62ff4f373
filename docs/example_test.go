package docs_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/docs"
	"github.com/ginauth/ginauth/repository/sqlite"
)

// A page that only its readers may open.
func ExampleRegister() {
	gin.SetMode(gin.ReleaseMode)
	folder, err := os.MkdirTemp("", "ginauth")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	repo, err := sqlite.Open(context.Background(), filepath.Join(folder, "sqlite.db"))
	if err != nil {
		log.Fatal(err)
	}
	auth, err := ginauth.New(repo, ginauth.Config{Secrets: []string{"change me, I am only an example!"}})
	if err != nil {
		log.Fatal(err)
	}
	defer auth.Close()

	r := gin.New()
	docs.Register(r, auth, gin.BasicAuth(gin.Accounts{"reader": "password"}))
	auth.RegisterAdmin(r.Group("/auth"))
	fmt.Println(auth.AdminPaths())
	// Output: [/auth]
}
