package proc

import (
	"os"
	"strconv"
	"strings"
	"time"
)

const canWeigh = true

// jiffy is the unit of the times in /proc: what the kernel tells user space, a
// hundredth of a second on every machine that Go runs on.
const jiffy = time.Second / 100

func weigh(id ID) (cpu time.Duration, memory int64, ok bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(id.PID) + "/stat")
	if err != nil {
		return 0, 0, false
	}
	f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const user, system, childUser, childSystem, start, resident = 11, 12, 13, 14, 19, 21
	if len(f) <= resident || id.Start != "" && f[start] != id.Start {
		return 0, 0, false
	}
	for _, i := range []int{user, system, childUser, childSystem} {
		n, _ := strconv.ParseInt(f[i], 10, 64)
		cpu += time.Duration(n) * jiffy
	}
	pages, _ := strconv.ParseInt(f[resident], 10, 64)
	return cpu, pages * int64(os.Getpagesize()), true
}
