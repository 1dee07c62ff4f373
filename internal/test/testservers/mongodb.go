package testservers

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"runtime"
)

// prepareMongoDB builds FerretDB, which speaks MongoDB's protocol.
func prepareMongoDB(ctx context.Context, folder, port string) (uri string, c command, err error) {
	if err := makeFolder(folder); err != nil {
		return "", command{}, err
	}
	_, here, _, _ := runtime.Caller(0)
	binary := filepath.Join(folder, "ferretdb")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, ".")
	build.Dir = filepath.Join(filepath.Dir(here), "ferretdb")
	if text, err := build.CombinedOutput(); err != nil {
		return "", command{}, fmt.Errorf("building FerretDB: %w\n%s", err, text)
	}
	address := net.JoinHostPort("127.0.0.1", port)
	return "mongodb://" + address + "/ginauth", command{folder, binary, []string{"-listen", address, "-dir", folder}}, nil
}
