package docs

import (
	"context"
	"io/fs"
	"net/http"
	"os"

	"golang.org/x/net/webdav"
)

// assets shows a file system to gin-swagger, which serves over WebDAV's
// interface. Nothing in it can be changed.
type assets struct{ files fs.FS }

func (a assets) OpenFile(_ context.Context, name string, _ int, _ os.FileMode) (webdav.File, error) {
	opened, err := http.FS(a.files).Open(name)
	if err != nil {
		return nil, err
	}
	return readOnly{opened}, nil
}

func (a assets) Stat(_ context.Context, name string) (os.FileInfo, error) {
	opened, err := http.FS(a.files).Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }()
	return opened.Stat()
}

func (assets) Mkdir(context.Context, string, os.FileMode) error { return fs.ErrPermission }
func (assets) RemoveAll(context.Context, string) error          { return fs.ErrPermission }
func (assets) Rename(context.Context, string, string) error     { return fs.ErrPermission }

type readOnly struct{ http.File }

func (readOnly) Write([]byte) (int, error) { return 0, fs.ErrPermission }
