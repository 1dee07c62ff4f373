package sqlite

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// With these variables set the test binary is another process on the file.
const (
	roleVariable = "GINAUTH_TEST_ROLE"
	pathVariable = "GINAUTH_TEST_PATH"
)

// The work of each worker.
const (
	keysPerWorker    = 5
	flushesPerWorker = 5
	sharedKey        = "shared"
)

// playRole waits for the word to begin, so that all processes begin at once,
// and returns the exit code.
func playRole(role, path string) int {
	fmt.Println("ready")
	if _, err := io.ReadAll(os.Stdin); err != nil {
		return 1
	}
	play := map[string]func(context.Context, repository.Repository) error{
		"worker": work, "writer": writeForever, "visitor": count,
	}[role]
	ctx := context.Background()
	repo, err := Open(ctx, path)
	if err == nil {
		err = errors.Join(play(ctx, repo), repo.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func work(ctx context.Context, repo repository.Repository) error {
	for i := range max(keysPerWorker, flushesPerWorker) {
		err := repo.CreateKey(ctx, attribution(), newKey(), repository.CreateKeyOptions{})
		flush := repository.Flush{Node: fmt.Sprint(os.Getpid()), Number: int64(i + 1)}
		flush.Usages = []models.Usage{{KeyID: sharedKey, TotalQueries: 1, LatestQueryDate: attribution().At}}
		if err := errors.Join(err, repo.AddUsage(ctx, flush)); err != nil {
			return err
		}
	}
	return nil
}

// writeForever tells the parent of each key once its creation is acknowledged.
func writeForever(ctx context.Context, repo repository.Repository) error {
	for {
		key := newKey()
		if err := repo.CreateKey(ctx, attribution(), key, repository.CreateKeyOptions{}); err != nil {
			return err
		}
		fmt.Println(key.ID)
	}
}

// count tells the parent how many keys this process sees.
func count(ctx context.Context, repo repository.Repository) error {
	page, err := repo.ListKeys(ctx, repository.KeyFilter{}, repository.Page{Limit: repository.MaxLimit})
	fmt.Println(len(page.Rows))
	return err
}

// process is a child that is ready to begin.
type process struct {
	*exec.Cmd
	begin  io.Closer
	output *bufio.Scanner
	stderr *bytes.Buffer
}

func startProcess(t *testing.T, role, path string) process {
	t.Helper()
	p := process{Cmd: exec.CommandContext(t.Context(), os.Args[0]), stderr: &bytes.Buffer{}}
	p.Env = append(os.Environ(), roleVariable+"="+role, pathVariable+"="+path, "GORACE=atexit_sleep_ms=0")
	p.Stderr = p.stderr
	stdin, inErr := p.StdinPipe()
	stdout, outErr := p.StdoutPipe()
	if err := errors.Join(inErr, outErr, p.Start()); err != nil {
		t.Fatal(err)
	}
	p.begin, p.output = stdin, bufio.NewScanner(stdout)
	if !p.output.Scan() || p.output.Text() != "ready" {
		t.Fatalf("the process is not ready: %v %s", p.Wait(), p.stderr)
	}
	return p
}

func (p process) finish(t *testing.T) {
	t.Helper()
	if err := p.Wait(); err != nil {
		t.Errorf("a process fails: %v: %s", err, p.stderr)
	}
}

// Instances of a service start together after a deployment, on a file that is
// not there yet. Any of them may create it, switch it to
// write-ahead logging and migrate it; all of them come up.
func TestProcessesStartAtOnce(t *testing.T) {
	const count = 6
	for round := range 5 {
		path := filepath.Join(t.TempDir(), "test.db")
		processes := make([]process, count)
		for i := range processes {
			processes[i] = startProcess(t, "worker", path)
		}
		for _, p := range processes {
			_ = p.begin.Close()
		}
		for _, p := range processes {
			p.finish(t)
		}
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
		expectAllWork(t, path, count)
	}
}

func expectAllWork(t *testing.T, path string, processes int) {
	t.Helper()
	repo := open(t, path)
	if got, want := len(readLog(t, repo)), processes*keysPerWorker; got != want {
		t.Errorf("the log has %d entries, want %d", got, want)
	}
	if got, want := countKeys(t, repo), processes*keysPerWorker+1; got != want {
		t.Errorf("there are %d rows, want %d", got, want)
	}
	page, err := repo.ListKeys(t.Context(), repository.KeyFilter{KeyID: sharedKey}, repository.Page{Limit: 1})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].TotalQueries != int64(processes*flushesPerWorker) {
		t.Errorf("the shared usage is %+v (%v), want a total of %d", page.Rows, err, processes*flushesPerWorker)
	}
	var migrations []int
	err = otherPool(t, path).Raw("SELECT number FROM ginauth_migrations ORDER BY number").Scan(&migrations).Error
	if err != nil || !slices.Equal(migrations, []int{1, 2, 3, 4, 5}) {
		t.Errorf("the migrations %v are recorded (%v), want each once", migrations, err)
	}
}

// A process that is killed, at whatever point, leaves a file that the next one
// opens, with all that was acknowledged and nothing by halves.
func TestKilledProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	acknowledged := []string{}
	for round := range 4 {
		p := startProcess(t, "writer", path)
		_ = p.begin.Close()
		for range 5 + 7*round {
			if !p.output.Scan() {
				t.Fatalf("the process ends by itself: %v %s", p.Wait(), p.stderr)
			}
			acknowledged = append(acknowledged, p.output.Text())
		}
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for p.output.Scan() { // what was said before the kill was heard
			acknowledged = append(acknowledged, p.output.Text())
		}
		_ = p.Wait()
		expectAcknowledged(t, path, acknowledged)
	}
}

func expectAcknowledged(t *testing.T, path string, acknowledged []string) {
	t.Helper()
	began := time.Now()
	repo := open(t, path)
	logged := map[string]bool{}
	for _, entry := range readLog(t, repo) {
		logged[entry.ObjectID] = true
	}
	createKey(t, repo)
	if waited := time.Since(began); waited > busyTimeout {
		t.Errorf("the killed process is waited for: %v", waited)
	}
	if count := countKeys(t, repo); count != len(logged)+1 {
		t.Errorf("there are %d keys, and %d are logged", count-1, len(logged))
	}
	for _, id := range acknowledged {
		if !logged[id] {
			t.Errorf("the acknowledged key %s is not there", id)
		}
	}
	expectIntegrity(t, path)
}

func expectIntegrity(t *testing.T, path string) {
	t.Helper()
	var verdict []string
	err := otherPool(t, path).Raw("PRAGMA integrity_check").Scan(&verdict).Error
	if err != nil || strings.Join(verdict, "\n") != "ok" {
		t.Errorf("the file is damaged: %q (%v)", verdict, err)
	}
}

// POSIX takes all of a process's locks on a file away as soon as it closes any
// descriptor of that file. If opening a database a second time did so, another
// process that leaves would think itself the last and remove the log, and what
// the first repository writes from then on would be lost.
func TestOpenedTwiceInOneProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	repo := open(t, path)
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	for keys := range 3 {
		visitor := startProcess(t, "visitor", path)
		_ = visitor.begin.Close()
		if !visitor.output.Scan() || visitor.output.Text() != strconv.Itoa(keys) {
			t.Errorf("another process sees %s keys, want %d", visitor.output.Text(), keys)
		}
		visitor.finish(t)
		createKey(t, repo)
	}
	expectIntegrity(t, path)
}

// The same race within one process, which meets the same locks and is cheap
// enough to be repeated until what is rare happens.
func TestGoroutinesStartAtOnce(t *testing.T) {
	for range 30 {
		path := filepath.Join(t.TempDir(), "test.db")
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				repo, err := Open(t.Context(), path)
				if err != nil {
					t.Error(err)
					return
				}
				if err := errors.Join(repo.CreateKey(t.Context(), attribution(), newKey(), repository.CreateKeyOptions{}), repo.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := countKeys(t, open(t, path)); got != 6 {
			t.Fatalf("there are %d keys, want 6", got)
		}
	}
}
