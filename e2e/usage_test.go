package e2e

import (
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// readSeries returns how often a key was used on each route, by GET /usage.
func (p *process) readSeries(id string) map[string]int {
	p.t.Helper()
	a := p.get("/auth/usage?by=key,route&interval=hour&id="+id, "secret-key: "+secret)
	expectStatus(p.t, a, http.StatusOK)
	var series struct {
		Usage []struct {
			Route string `json:"route"`
			Total int    `json:"total_queries"`
		} `json:"usage"`
	}
	if err := json.Unmarshal([]byte(a.body), &series); err != nil {
		p.t.Fatal(err)
	}
	routes := map[string]int{}
	for _, row := range series.Usage {
		routes[row.Route] += row.Total
	}
	return routes
}

// A hundred clients of two processes on one file: after a graceful stop the
// totals and the series have each request once.
func TestSeriesAreExactAfterAStop(t *testing.T) {
	t.Parallel()
	first := startExample(t, "GINAUTH_SECRET="+secret)
	second := start(t, examplePath, first.dir, "GINAUTH_SECRET="+secret)
	key, id := first.issue("shared")
	const clients, requests = 100, 10
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() { ask([]*process{first, second}[client%2], key, requests) })
	}
	group.Wait()
	first.stop(syscall.SIGTERM)
	second.stop(syscall.SIGINT)
	third := start(t, examplePath, first.dir, "GINAUTH_SECRET="+secret)
	total, routes := third.usageFrom(id), third.readSeries(id)
	if total != clients*requests || len(routes) != 1 || routes["/secure"] != total {
		t.Errorf("of %d requests %d are counted, by route %v", clients*requests, total, routes)
	}
}

// A process that is killed loses what it counted in its last second and what
// was on its way then, and no more.
func TestKillLosesOneInterval(t *testing.T) {
	t.Parallel()
	p := startExample(t, "GINAUTH_SECRET="+secret)
	key, id := p.issue("counted")
	var answered atomic.Int64
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if a, err := trySend(p, http.MethodGet, "/secure", "", "api-key: "+key); err == nil && a.status == http.StatusOK {
				answered.Add(1)
			}
		}
	})
	waitUntil(t, "requests are answered", func() bool { return answered.Load() > 100 })
	const intervals = 2 // one to wait for the flush, one to write
	before := answered.Load()
	time.Sleep(intervals * time.Second) // what is promised is a time
	if err := p.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.done
	close(stop)
	group.Wait()
	again := start(t, examplePath, p.dir, "GINAUTH_SECRET="+secret)
	total := again.usageFrom(id)
	if routes := again.readSeries(id); int64(total) < before || int64(total) > answered.Load()+1 || routes["/secure"] != total {
		t.Errorf("%d requests were answered two seconds before the kill, %d in all; %d are counted, by route %v", before, answered.Load(), total, routes)
	}
}
