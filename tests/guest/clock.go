// SPDX-License-Identifier: MIT

// Reads the clock in many goroutines through Go's runtime, which finds the vDSO by a reader of its own. Prints TAP.
package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	goroutines = 8
	rounds     = 100000
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
	ok(backwards == 0, fmt.Sprintf("in %d goroutines MONOTONIC never goes back", goroutines))
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

	stop := make(chan bool)
	go func() {
		time.Sleep(20 * time.Millisecond)
		close(stop)
	}()
	for spinning := true; spinning; {
		select {
		case <-stop:
			spinning = false
		default:
		}
	}
	garbage := 0
	for i := 0; i < 1000; i++ {
		garbage += len(make([]byte, 100000))
	}
	runtime.GC()
	ok(garbage == 100000000, "a busy goroutine is preempted, and garbage is collected")

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
