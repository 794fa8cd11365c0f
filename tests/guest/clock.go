// SPDX-License-Identifier: MIT

// Reads the clock in many goroutines through Go's runtime, which finds the vDSO by a reader of its own. Prints TAP.
package main

import (
	"fmt"
	"math"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	goroutines = 8
	rounds     = 1000000 / goroutines
)

var (
	run, failed int
	start       = time.Now()
	latest      int64 // of what any goroutine has seen, in nanoseconds of MONOTONIC since start
)

func ok(passed bool, claim string) {
	run++
	if passed {
		fmt.Printf("ok %d - %s\n", run, claim)
	} else {
		failed++
		fmt.Printf("not ok %d - %s\n", run, claim)
	}
}

// read returns how often MONOTONIC was less than what any goroutine had seen before.
func read() (backwards int64) {
	for i := 0; i < rounds; i++ {
		seen := atomic.LoadInt64(&latest)
		now := int64(time.Since(start))
		if now < seen {
			backwards++
		}
		for seen < now && !atomic.CompareAndSwapInt64(&latest, seen, now) {
			seen = atomic.LoadInt64(&latest)
		}
	}
	return
}

// wall returns how often REALTIME was read outside of the range that two readings of MONOTONIC leave it.
func wall() (wrong int) {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	for i := 0; i < rounds; i++ {
		before := int64(time.Since(start))
		now := time.Now().UnixNano()
		after := int64(time.Since(start))
		if now-after > high || now-before < low {
			wrong++
			continue
		}
		if now-after > low {
			low = now - after
		}
		if now-before < high {
			high = now - before
		}
	}
	return
}

// calls returns how many clock_gettime system calls this process has made; counted is false where nobody counts.
func calls() (count int, counted bool) {
	text, err := os.ReadFile("/proc/self/syscalls")
	for _, line := range strings.Split(string(text), "\n") {
		fmt.Sscanf(line, "clock_gettime %d", &count)
	}
	return count, err == nil
}

// preempted returns when a goroutine beside a loop without calls has run on the only processor: that takes a signal.
func preempted() bool {
	var stop int32
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	go atomic.StoreInt32(&stop, 1)
	for atomic.LoadInt32(&stop) == 0 {
	}
	return true
}

// threads returns how many different threads as many goroutines have that are locked to theirs.
func threads() int {
	ids := make(chan int, goroutines)
	var ready, all sync.WaitGroup
	ready.Add(goroutines)
	for i := 0; i < goroutines; i++ {
		all.Add(1)
		go func() {
			runtime.LockOSThread()
			ready.Done()
			ready.Wait()
			ids <- syscall.Gettid()
			all.Done()
		}()
	}
	all.Wait()
	close(ids)
	different := map[int]bool{}
	for id := range ids {
		different[id] = true
	}
	return len(different)
}

func notified() bool {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	defer signal.Stop(signals)
	syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
	select {
	case <-signals:
		return true
	case <-time.After(20 * time.Second):
		return false
	}
}

func main() {
	var all sync.WaitGroup
	var backwards int64
	for i := 0; i < goroutines; i++ {
		all.Add(1)
		go func() {
			atomic.AddInt64(&backwards, read())
			all.Done()
		}()
	}
	all.Wait()
	ok(backwards == 0, fmt.Sprintf("in %d goroutines and %d rounds MONOTONIC never goes back",
		goroutines, goroutines*rounds))
	ok(wall() == 0, "REALTIME is MONOTONIC and a constant")

	before := time.Now()
	time.Sleep(50 * time.Millisecond)
	ok(time.Since(before) >= 50*time.Millisecond, "Sleep is not shorter than asked")
	timer := time.NewTicker(5 * time.Millisecond)
	for i := 0; i < 10; i++ {
		<-timer.C
	}
	timer.Stop()
	ok(true, "a ticker ticks")

	ok(preempted(), "a goroutine that calls nothing is preempted")
	ok(threads() == goroutines, "locked goroutines have threads of their own")
	ok(notified(), "a signal reaches a channel")
	garbage := 0
	for i := 0; i < 1000; i++ {
		garbage += len(make([]byte, 100000))
	}
	runtime.GC()
	ok(garbage == 100000000, "garbage is collected")

	if count, counted := calls(); !counted {
		run++
		fmt.Printf("ok %d - no reading was a system call # SKIP this kernel does not count\n", run)
	} else {
		ok(count == 0, "no reading was a system call")
		if count > 0 {
			fmt.Printf("# %d calls of clock_gettime\n", count)
		}
	}
	fmt.Printf("1..%d\n", run)
	if failed > 0 {
		os.Exit(1)
	}
}
